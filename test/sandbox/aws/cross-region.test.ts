import type { Template } from '../../../sandbox/aws/cloudformation/template.ts';
import { getArn, templateOf } from '../stack.ts';
import { FIXTURE, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const OURS = 'arn:aws:events:us-east-1:111122223333:event-bus/ours';
const bus = { Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'ours' } } };

/** A rule that forwards events to the home region by a role with one permission. */
const forwarder = (Action = 'events:PutEvents', Resource = OURS): Template['Resources'] => ({
  Role: { Type: 'AWS::IAM::Role', Properties: {} },
  Policy: {
    Type: 'AWS::IAM::Policy',
    Properties: { Roles: [{ Ref: 'Role' }], PolicyDocument: { Statement: [{ Effect: 'Allow', Action, Resource }] } },
  },
  Undelivered: { Type: 'AWS::SQS::Queue', Properties: {} },
  UndeliveredPolicy: {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [{ Ref: 'Undelivered' }],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: getArn('Undelivered'),
          },
        ],
      },
    },
  },
  Forward: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: { source: ['aws.ec2'] },
      Targets: [{ Arn: OURS, Id: 'T', RoleArn: getArn('Role'), DeadLetterConfig: { Arn: getArn('Undelivered') } }],
    },
  },
});

/** The template with changes of its rule for running instances. */
function home(rule: object, more: Template['Resources'] = {}): Template {
  const { Resources = {} } = templateOf({ without: ['Mapping'] });
  const { RunningRule44444444: running, ...others } = Resources;
  if (running === undefined) throw new Error('the template changed');
  const changed = { ...running, Properties: { ...running.Properties, ...rule } };
  return { Resources: { ...others, ...more, RunningRule44444444: changed } };
}

/** Sends an event in both regions. @returns the regions of delivered events, and the errors of undelivered ones. */
async function startBoth(template: Template, otherRegion = forwarder()) {
  const sandbox = await sandboxOf({
    regions: ['us-east-1', 'eu-west-1'],
    stacks: [{ template }, { template: { Resources: otherRegion }, region: 'eu-west-1', name: 'Forwarder' }],
    bundles: FIXTURE,
  });
  for (const region of sandbox.regions) {
    sandbox.bus.put({
      version: '0',
      id: region,
      'detail-type': 'EC2 Instance State-change Notification',
      source: 'aws.ec2',
      account: sandbox.account,
      time: '2026-01-01T00:00:00Z',
      region,
      resources: [],
      detail: { state: 'running' },
    });
  }
  await sandbox.idle();
  const [delivered, undelivered] = [sandbox.queue('WorkQueue'), sandbox.queue('Undelivered')].map((queue) =>
    queue.messages(),
  );
  return {
    delivered: delivered?.map(({ body }) => (JSON.parse(body) as { region: string }).region),
    undelivered: undelivered?.map(({ attributes }) => attributes['ERROR_CODE']?.StringValue),
  };
}

test('rules of a custom bus match events that another region forwards, and no others', async () => {
  expect(await startBoth(home({ EventBusName: 'ours' }, bus))).toEqual({ delivered: ['eu-west-1'], undelivered: [] });
});

test.each([
  ['another action', forwarder('events:PutRule')],
  ['another bus', forwarder(undefined, OURS.replace('us-east-1', 'us-west-2'))],
])('with a role for %s, the event is sent to the dead-letter queue of its region', async (_, otherRegion) => {
  const template = home({ EventBusName: 'ours' }, bus);
  expect(await startBoth(template, otherRegion)).toEqual({ delivered: [], undelivered: ['NO_PERMISSIONS'] });
});

test('a bus that does not exist accepts neither events nor rules', async () => {
  expect(await startBoth(home({ State: 'DISABLED' }))).toEqual({ delivered: [], undelivered: ['TARGET_NOT_FOUND'] });
  await expect(startBoth(home({ EventBusName: 'ours' }))).rejects.toThrow(`there is no event bus ${OURS}`);
});
