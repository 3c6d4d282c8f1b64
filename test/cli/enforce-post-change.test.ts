import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { parseCheck } from '../../lambda/triggers/post-change-check.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { addNonCompliant, changed, enterAws, imdsv2, leaveAws } from '../support/cli.ts';
import { documentOf } from '../support/enforce.ts';
import { ACCOUNT, NOW } from '../support/builders.ts';

const HOME = 'us-east-1';
const QUEUE = `https://sqs.${HOME}.amazonaws.com/${ACCOUNT}/work`;

let sandbox: Sandbox;
const cloudFormation = mockClient(CloudFormationClient);
const sqs = mockClient(SQSClient);

beforeEach(async () => {
  sandbox = await sandboxOf({ regions: [HOME, 'eu-west-1'], startAt: NOW });
  enterAws(sandbox);
  cloudFormation.reset();
  sqs.reset();
  sqs.on(SendMessageBatchCommand).resolves({});
});
afterEach(stopAll);
afterAll(() => {
  leaveAws();
  cloudFormation.restore();
  sqs.restore();
});

const deployed = () =>
  cloudFormation.on(DescribeStacksCommand).resolves({
    Stacks: [
      {
        StackName: 'Imdsv2Enforcer',
        StackId: `arn:aws:cloudformation:${HOME}:${ACCOUNT}:stack/Imdsv2Enforcer/x`,
        StackStatus: 'CREATE_COMPLETE',
        CreationTime: NOW,
        Outputs: [
          { OutputKey: 'WorkQueueUrl', OutputValue: `${QUEUE}-work` },
          { OutputKey: 'CheckQueueUrl', OutputValue: QUEUE },
        ],
      },
    ],
  });
const absent = () =>
  cloudFormation.on(DescribeStacksCommand).rejects(new Error('Stack with id Imdsv2Enforcer does not exist'));
/** The checks on the queue of the deployment. */
const queued = () =>
  sqs
    .commandCalls(SendMessageBatchCommand, { QueueUrl: QUEUE })
    .flatMap(({ args: [{ input }] }) => input.Entries ?? [])
    .map(({ MessageBody = '', DelaySeconds }) => ({ ...parseCheck(JSON.parse(MessageBody)), DelaySeconds }));

/** With the clock of the local AWS, so that metrics arrive. */
const enforce = (...args: readonly string[]) =>
  imdsv2(['enforce', '--yes', ...args], {
    now: () => new Date(sandbox.clock.now()),
    sleep: (milliseconds) => sandbox.clock.sleep(milliseconds),
  });

describe('the post-change check', () => {
  it('is left to the deployment, for the instances of every region', async () => {
    deployed();
    const ids = [...addNonCompliant(sandbox, 2), ...addNonCompliant(sandbox, 1, 'eu-west-1')];

    const { exitCode, out } = await enforce('--regions', 'all');

    expect(exitCode).toBe(0);
    expect(
      queued()
        .map(({ instanceId }) => instanceId)
        .toSorted(),
    ).toEqual(ids.toSorted());
    expect(queued()).toContainEqual(
      expect.objectContaining({ account: ACCOUNT, region: 'eu-west-1', checksDone: 0, DelaySeconds: 900 }),
    );
    expect(out.at(-1)).toBe(
      'Post-change check: scheduled in Imdsv2Enforcer in us-east-1, which notifies about rejected IMDSv1 calls',
    );
  });

  it('is named, with a command, where nothing is deployed', async () => {
    absent();
    const [id = ''] = addNonCompliant(sandbox, 1);

    const { exitCode, out } = await enforce();

    expect(exitCode).toBe(0);
    expect(out.slice(-2)).toEqual([
      'No post-change check is scheduled: stack "Imdsv2Enforcer" not found in us-east-1: use --stack, --region',
      `  In 15 minutes, look for rejected calls: imdsv2 explain ${id} --region us-east-1; or use --wait`,
    ]);
  });

  it('is named if the queue does not accept it, and in the JSON document', async () => {
    deployed();
    sqs.on(SendMessageBatchCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDenied' }));
    addNonCompliant(sandbox, 1);

    const { postChangeCheck } = documentOf(await enforce('--json'));

    expect(postChangeCheck).toEqual({ problem: expect.stringContaining('no') });
  });

  it('reports rejected calls with --wait, and the command that undoes the change', async () => {
    absent();
    const [caller = '', other = ''] = addNonCompliant(sandbox, 2);
    sandbox.usage.set(caller, { callsPerDay: 1440 });

    const { exitCode, out, pauses, progress } = await enforce('--include-in-use', '--wait');

    expect(exitCode).toBe(2);
    expect(changed(sandbox).toSorted()).toEqual([caller, other].toSorted());
    expect(pauses).toContain(900_000);
    expect(progress).toContain('Waiting 15 minutes for rejected calls; Ctrl-C ends the wait');
    const text = out.join('\n');
    expect(text).toMatch(new RegExp(`${caller}: WORKLOAD IMPACT\\nWhat happened: \\d+ IMDSv1 calls? rejected since`));
    expect(text).toContain(`imdsv2 rollback ${caller} --region us-east-1`);
    expect(text).not.toContain(`imdsv2 rollback ${other}`);
  });

  it('says so with --wait if no call was rejected', async () => {
    absent();
    addNonCompliant(sandbox, 2);

    const run = await enforce('--wait', '--json');

    expect(run.exitCode).toBe(0);
    expect(run.notes.at(-1)).toBe('No IMDSv1 call was rejected on 2 instances so far');
    expect(documentOf(run).postChangeCheck).toMatchObject({ affected: [] });
  });

  it('is not needed if nothing was changed', async () => {
    deployed();
    await enforce();
    expect(cloudFormation.calls()).toEqual([]);
  });
});
