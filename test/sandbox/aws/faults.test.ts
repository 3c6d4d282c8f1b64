import { drawFaults, type Faults, NO_FAULTS } from '../../../sandbox/aws/simulation/faults.ts';
import { Ids, uuidOf } from '../../../sandbox/aws/simulation/ids.ts';

const call = (key: string, attempt = 1) => ({
  service: 'ec2',
  action: 'ModifyInstanceMetadataOptions',
  region: 'us-east-1',
  key,
  attempt,
  params: {},
  accessKeyId: 'AKIA',
});
const event = (key: string, attempt = 1) => ({
  kind: 'cloudtrail',
  name: 'RunInstances',
  region: 'us-east-1',
  instanceIds: [key],
  key,
  attempt,
});
const keys = Array.from({ length: 2000 }, (_, number) => `i-${number}`);
const share = (hits: (key: string) => boolean) => keys.filter(hits).length / keys.length;

test('no faults are injected by default', () => {
  const none = drawFaults('seed', {});
  for (const { throttles, fails, resets, slows, loses, duplicates, delays, truncates, hides, vanishes } of [
    none,
    NO_FAULTS,
  ]) {
    expect([throttles(call('a')), fails(call('a')), resets(call('a')), slows(call('a'))]).toEqual([
      false,
      undefined,
      undefined,
      0,
    ]);
    expect([loses(event('a')), duplicates(event('a')), delays(event('a'), 0), truncates(event('a'))]).toEqual([
      false,
      0,
      0,
      false,
    ]);
    expect(hides({ instanceId: 'a', region: 'r' })).toBe(0);
    expect(vanishes({ instanceId: 'a', region: 'r' })).toBeUndefined();
  }
});

test('faults occur at their rate and depend on seed, key and attempt only', () => {
  const faults = drawFaults('seed', { throttles: 0.2, loses: 0.1, hides: { rate: 0.5, upTo: 10_000 } });
  expect(share((key) => faults.throttles(call(key)))).toBeCloseTo(0.2, 1);
  expect(share((key) => faults.loses(event(key)))).toBeCloseTo(0.1, 1);
  const hidden = keys.map((key) => faults.hides({ instanceId: key, region: 'r' }));
  expect(hidden.filter((ms) => ms > 0).length / keys.length).toBeCloseTo(0.5, 1);
  expect(Math.max(...hidden)).toBeLessThanOrEqual(10_000);
  const { vanishes } = drawFaults('seed', { vanishes: { rate: 0.3, upTo: 5_000 } });
  const lifetimes = keys.flatMap((key) => vanishes({ instanceId: key, region: 'r' }) ?? []);
  expect(lifetimes.length / keys.length).toBeCloseTo(0.3, 1);
  expect(Math.max(...lifetimes)).toBeLessThanOrEqual(5_000);

  const hit = (seed: string, order: readonly string[], attempt = 1) => {
    const { throttles } = drawFaults(seed, { throttles: 0.2 });
    return order.filter((key) => throttles(call(key, attempt))).sort();
  };
  expect(hit('seed', keys.toReversed())).toEqual(hit('seed', keys));
  expect(hit('other', keys)).not.toEqual(hit('seed', keys));
  expect(hit('seed', keys, 2)).not.toEqual(hit('seed', keys, 1));
});

test('faults are drawn independently of each other', () => {
  const all = drawFaults('seed', { throttles: 0.5, fails: 0.5, resets: 0.5, loses: 0.5, truncates: 0.5 });
  const both = (one: (key: string) => unknown, other: (key: string) => unknown) =>
    share((key) => Boolean(one(key)) && Boolean(other(key)));
  expect(
    both(
      (key) => all.throttles(call(key)),
      (key) => all.fails(call(key)),
    ),
  ).toBeCloseTo(0.25, 1);
  expect(
    both(
      (key) => all.loses(event(key)),
      (key) => all.truncates(event(key)),
    ),
  ).toBeCloseTo(0.25, 1);
});

test('a crash follows a number of calls and is an exit or a hang', () => {
  const faults = drawFaults('seed', { crashes: { rate: 1, upTo: 3 } });
  const crashes = keys.map((key) =>
    faults.crashes({ functionName: 'f', requestId: 'r', key, messages: [key], attempt: 1 }),
  );
  expect(new Set(crashes.map((crash) => crash?.afterCalls))).toEqual(new Set([0, 1, 2, 3]));
  expect(new Set(crashes.map((crash) => crash?.how))).toEqual(new Set(['exit', 'hang']));
});

test('refusals, failed deliveries, duplicates and delays are drawn at their rate', () => {
  const faults: Faults = drawFaults('seed', {
    refuses: 1,
    undeliverable: 1,
    duplicates: 1,
    delays: { rate: 1, upTo: 5 },
  });
  expect(faults.refuses({ topicArn: 't', subject: undefined, message: 'm', attempt: 1 })).toBe('InternalError');
  expect(faults.undeliverable({ rule: 'r', targetArn: 't', eventId: 'e', attempt: 1 })).toBe('retry');
  expect(faults.duplicates(event('a'))).toBe(1);
  expect(faults.delays(event('a'), 0)).not.toBe(faults.delays(event('a'), 1));
});

test('ids have the form of AWS ids and depend on seed and key', () => {
  expect(uuidOf('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  const [one, same, other] = [new Ids('x'), new Ids('x'), new Ids('y')];
  expect(one.uuid('k')).toBe(same.uuid('k'));
  expect(one.uuid('k')).not.toBe(one.uuid('k'));
  expect(one.hex('k', 17, 'key')).toBe(same.hex('k', 17, 'key'));
  expect(one.hex('k', 17, 'key')).not.toBe(other.hex('k', 17, 'key'));
});
