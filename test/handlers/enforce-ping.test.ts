import { EVENT_ID, INSTANCE, REGION } from '../support/builders.ts';
import { launchEvent, NONCE, pingEvent } from '../support/events.ts';
import { type LambdaFunction, loadFunction } from '../support/function.ts';
import { type Loopback, startLoopback } from '../support/loopback.ts';

let aws: Loopback;
let fn: LambdaFunction;

beforeAll(async () => {
  aws = await startLoopback();
  fn = await loadFunction(aws);
});
beforeEach(() => aws.reset());
afterAll(async () => {
  fn.restoreEnvironment();
  await aws.close();
});

const modifications = () => aws.take('ModifyInstanceMetadataOptions').map(({ parameters }) => parameters);

it('a ping → two dry runs and one line of the log, which doctor finds by the nonce', async () => {
  aws.instances.set(INSTANCE, {});

  const { result, error, log, metrics } = await fn.invoke(pingEvent());

  expect([result, error, metrics]).toEqual([undefined, undefined, {}]);
  expect(log).toMatchObject([
    {
      level: 'INFO',
      message: 'ping answered',
      accountId: '111122223333',
      region: REGION,
      eventId: EVENT_ID,
      nonce: NONCE,
      mode: 'enforce',
      instanceId: INSTANCE,
      required: { verdict: 'allowed', said: 'DryRunOperation' },
      optional: { verdict: 'denied', said: expect.stringContaining('explicit deny') },
    },
  ]);
  expect(log).toHaveLength(1);
  const calls = aws.take();
  expect(calls.map(({ action, parameters }) => [action, parameters.DryRun])).toEqual([
    ['ModifyInstanceMetadataOptions', 'true'],
    ['ModifyInstanceMetadataOptions', 'true'],
  ]);
  expect(calls.map(({ parameters }) => parameters.HttpTokens).sort()).toEqual(['optional', 'required']);
  expect(aws.instances.get(INSTANCE)).toEqual({});
});

it('a ping about no instance → a line, and no call', async () => {
  const { log } = await fn.invoke(pingEvent({ detail: { nonce: NONCE } }));

  expect(log).toMatchObject([{ message: 'ping answered', nonce: NONCE }]);
  expect(log[0]).not.toHaveProperty('required');
  expect(aws.take()).toEqual([]);
});

it('EC2 that does not answer → said in the line; the invocation succeeds, for a retry would come too late', async () => {
  aws.prepare('ModifyInstanceMetadataOptions', 'reset', 'reset');

  const { error, log } = await fn.invoke(pingEvent());

  expect(error).toBeUndefined();
  expect(log).toMatchObject([{ required: { verdict: 'unclear' }, optional: { verdict: 'unclear' } }]);
});

it.each([
  ['a hostile nonce', { nonce: `x\u001b[2J\n\u202e${'y'.repeat(5_000)}`, instanceId: INSTANCE }],
  ['a hostile instance', { nonce: NONCE, instanceId: 'i-0; reboot' }],
  ['nothing in it', {}],
])('%s → not understood, like any event; no call', async (_, detail) => {
  const { error, log, metrics } = await fn.invoke(pingEvent({ detail }));

  expect(error).toBeUndefined();
  expect(log).toMatchObject([{ level: 'WARN', message: 'not understood', eventId: EVENT_ID }]);
  expect(JSON.stringify(log).length).toBeLessThan(1000);
  expect(metrics).toEqual({ NotUnderstood: 1 });
  expect(aws.take()).toEqual([]);
});

it('pings among launches → the launches are handled as ever', async () => {
  aws.instances.set(INSTANCE, {});
  await fn.invoke(pingEvent());
  aws.take();

  const { log } = await fn.invoke(launchEvent());
  await fn.invoke(pingEvent());

  expect(log).toMatchObject([{ status: 'remediated' }]);
  expect(modifications().filter(({ DryRun }) => DryRun === undefined)).toEqual([
    { InstanceId: INSTANCE, HttpTokens: 'required', HttpEndpoint: 'enabled' },
  ]);
});

it('a ping that was redriven to the work queue → taken off it without a word', async () => {
  const record = { messageId: 'm1', body: JSON.stringify(pingEvent()), eventSource: 'aws:sqs' };

  const { result, log, metrics } = await fn.invoke({ Records: [record] });

  expect(result).toEqual({ batchItemFailures: [] });
  expect([log, metrics, aws.take()]).toEqual([[], {}, []]);
});
