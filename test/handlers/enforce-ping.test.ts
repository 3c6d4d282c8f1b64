import { EVENT_ID, INSTANCE, REGION } from '../support/builders.ts';
import { launchEvent, NONCE, pingEvent } from '../support/events.ts';
import { batchOf, unfinished, type LambdaFunction, loadFunction } from '../support/function.ts';
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

it('answers a ping after two dry runs with one log line, which has the nonce', async () => {
  aws.instances.set(INSTANCE, {});

  const { result, error, log, metrics } = await fn.invoke(batchOf(pingEvent()));

  expect([result, error, metrics]).toEqual([unfinished(), undefined, {}]);
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
      required: { verdict: 'allowed', message: 'DryRunOperation' },
      optional: { verdict: 'denied', message: expect.stringContaining('explicit deny') },
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

it('answers a ping without an instance without a call', async () => {
  const { log } = await fn.invoke(batchOf(pingEvent({ detail: { nonce: NONCE } })));

  expect(log).toMatchObject([{ message: 'ping answered', nonce: NONCE }]);
  expect(log[0]).not.toHaveProperty('required');
  expect(aws.take()).toEqual([]);
});

it('answers a ping even if EC2 does not respond', async () => {
  aws.prepare('ModifyInstanceMetadataOptions', 'reset', 'reset');

  const { error, log } = await fn.invoke(batchOf(pingEvent()));

  expect(error).toBeUndefined();
  expect(log).toMatchObject([{ required: { verdict: 'unclear' }, optional: { verdict: 'unclear' } }]);
});

it.each([
  ['a hostile nonce', { nonce: `x\u001b[2J\n\u202e${'y'.repeat(5_000)}`, instanceId: INSTANCE }],
  ['a hostile instance', { nonce: NONCE, instanceId: 'i-0; reboot' }],
  ['an empty detail', {}],
])('reports a ping with %s as not understood, and makes no call', async (_, detail) => {
  const { error, log, metrics } = await fn.invoke(batchOf(pingEvent({ detail })));

  expect(error).toBeUndefined();
  expect(log).toMatchObject([{ level: 'WARN', message: 'not understood', eventId: EVENT_ID }]);
  expect(JSON.stringify(log).length).toBeLessThan(1000);
  expect(metrics).toEqual({ NotUnderstood: 1 });
  expect(aws.take()).toEqual([]);
});

it('handles launches between pings', async () => {
  aws.instances.set(INSTANCE, {});
  await fn.invoke(batchOf(pingEvent()));
  aws.take();

  const { log } = await fn.invoke(batchOf(launchEvent()));
  await fn.invoke(batchOf(pingEvent()));

  expect(log).toMatchObject([{ status: 'remediated' }]);
  expect(modifications().filter(({ DryRun }) => DryRun === undefined)).toEqual([
    { InstanceId: INSTANCE, HttpTokens: 'required', HttpEndpoint: 'enabled' },
  ]);
});

it('answers a ping in a batch with launches', async () => {
  aws.instances.set(INSTANCE, {});

  const { result, log } = await fn.invoke(batchOf(launchEvent(), pingEvent({ detail: { nonce: NONCE } })));

  expect(result).toEqual(unfinished());
  expect(log.map(({ message }) => message).sort()).toEqual(['outcome', 'ping answered']);
});
