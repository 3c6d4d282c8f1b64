import type { Template } from '../../../sandbox/aws/cloudformation/template.ts';
import { getArn, templateOf } from '../stack.ts';
import { FIXTURE, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const OURS = 'arn:aws:events:us-east-1:111122223333:event-bus/ours';
const bus = { Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'ours' } } };

/** A queue of what is not sent, and a role that may do one thing. */
const spoke = (Action = 'events:PutEvents', Resource = OURS): Template['Resources'] => ({
  Role: { Type: 'AWS::IAM::Role', Properties: {} },
  Policy: {
    Type: 'AWS::IAM::Policy',
    Properties: { Roles: [{ Ref: 'Role' }], PolicyDocument: { Statement: [{ Effect: 'Allow', Action, Resource }] } },
  },
  UndeliveredAlert: { Type: 'AWS::SQS::Queue', Properties: {} },
  UndeliveredPolicy: {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: getArn('UndeliveredAlert'),
          },
        ],
      },
    },
  },
  Forward: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: { source: ['aws.ec2'] },
      Targets: [{ Arn: OURS, Id: 'T', RoleArn: getArn('Role'), DeadLetterConfig: { Arn: getArn('UndeliveredAlert') } }],
    },
  },
});

/** The fixture with its rule for running instances on another bus, or off. */
function home(rule: object, more: Template['Resources'] = {}): Template {
  const { Resources = {} } = templateOf({ without: ['Mapping'] });
  const { RunningRule44444444: running, ...others } = Resources;
  if (running === undefined) throw new Error('the template changed');
  const changed = { ...running, Properties: { ...running.Properties, ...rule } };
  return { Resources: { ...others, ...more, RunningRule44444444: changed } };
}

/** An instance starts in both regions. Gives the regions whose events arrived, and why others did not. */
async function startBoth(template: Template, elsewhere = spoke()) {
  const sandbox = await sandboxOf({
    regions: ['us-east-1', 'eu-west-1'],
    stacks: [{ template }, { template: { Resources: elsewhere }, region: 'eu-west-1', name: 'Spoke' }],
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
  const [arrived, undelivered] = [sandbox.queue('WorkQueue'), sandbox.queue('UndeliveredAlert')].map((queue) =>
    queue.messages(),
  );
  return {
    arrived: arrived?.map(({ body }) => (JSON.parse(body) as { region: string }).region),
    undelivered: undelivered?.map(({ attributes }) => attributes['ERROR_CODE']?.StringValue),
  };
}

test('a bus of the home region: events of another one reach its rules, those of its own region do not', async () => {
  expect(await startBoth(home({ EventBusName: 'ours' }, bus))).toEqual({ arrived: ['eu-west-1'], undelivered: [] });
});

test.each([
  ['may do something else', spoke('events:PutRule')],
  ['may put elsewhere', spoke(undefined, OURS.replace('us-east-1', 'us-west-2'))],
])('a role that %s → a dead letter in the region of the event', async (_, elsewhere) => {
  const template = home({ EventBusName: 'ours' }, bus);
  expect(await startBoth(template, elsewhere)).toEqual({ arrived: [], undelivered: ['NO_PERMISSIONS'] });
});

test('a bus that is not there takes nothing, and no rule', async () => {
  expect(await startBoth(home({ State: 'DISABLED' }))).toEqual({ arrived: [], undelivered: ['TARGET_NOT_FOUND'] });
  await expect(startBoth(home({ EventBusName: 'ours' }))).rejects.toThrow(`there is no event bus ${OURS}`);
});
