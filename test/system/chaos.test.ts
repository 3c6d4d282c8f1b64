import { type ChaosOptions, FAULT_NAMES } from '../../sandbox/chaos/options.ts';
import { planLaunches } from '../../sandbox/chaos/plan.ts';
import { leftOver } from '../../sandbox/chaos/report.ts';
import { runChaos } from '../../sandbox/chaos/run.ts';
import { waitingIn } from '../../sandbox/chaos/pending-messages.ts';
import type { Queue } from '../../sandbox/aws/sqs/queue.ts';
import { product } from '../../sandbox/tour/synth.ts';

// The fleets are new: what is said of existing instances matters to the scan only.
const built = product({ mode: 'enforce', existing: 'enforce' });
const OPTIONS: ChaosOptions = {
  launches: 10,
  seed: '1',
  timeScale: 200,
  faults: FAULT_NAMES,
  without: [],
  redrive: true,
  // A thread takes longer to load than a small run takes to do its work.
  maxConcurrency: 2,
};

test('a small fleet survives every fault', async () => {
  const { fine, text } = await run({});
  expect(text).toContain('Nothing was lost.');
  expect(text).toMatch(/open after redrive +│ +0 /);
  expect(fine).toBe(true);
}, 120_000);

test('an instance that vanishes is accounted for, needs no closing and hides none of its launch', async () => {
  const { fine, text } = await run({ seed: '3', faults: ['vanished'], without: ['running-state'] });
  expect(text).toMatch(/ {2}vanished +│ +1 /);
  expect(text).toMatch(/open after redrive +│ +0 /);
  expect(fine).toBe(true);
}, 120_000);

test('a message that a redrive does not settle fails the run', () => {
  const nothing = new Set<string>();
  const named = { ids: nothing, tokens: nothing };
  const accountingWith = (messages: number) => ({
    entries: [],
    waiting: [{ queue: 'DeadLetterQueue' as const, messages, named, tells: named }],
    closing: [],
  });
  expect(leftOver(accountingWith(0))).toEqual([]);
  expect(leftOver(accountingWith(2))).toEqual(['2 messages still wait: nothing can be done with them']);
});

test('a check that waits is no excuse for an instance that is open or not told', () => {
  const bodyOf = (type: string) =>
    JSON.stringify({ 'detail-type': type, detail: { instanceId: 'i-0123456789abcdef0' } });
  const idsIn = (type: string) => {
    const queue = () => ({ messages: () => [{ body: bodyOf(type) }] }) as unknown as Queue;
    return waitingIn({ queue }).map(({ messages, named, tells }) => [messages, named.ids.size, tells.ids.size]);
  };
  expect(idsIn('IMDSv1 finding recorded')[0]).toEqual([1, 1, 1]);
  expect(idsIn('EC2 Instance State-change Notification')[0]).toEqual([1, 1, 0]);
  expect(idsIn('Post-change check')[0]).toEqual([1, 0, 0]);
});

test('without any trigger, the run says what it missed and fails', async () => {
  const { fine, text } = await run({ launches: 10, faults: [], without: ['launch', 'drift', 'running-state'] });
  expect(text).toMatch(/LOST\n +\d+ missed: i-[0-9a-f]{17} \(open, chaos-1-\d+\)/);
  expect(fine).toBe(false);
}, 120_000);

describe('both events of some instances are lost', () => {
  const LOST = { launches: 15, seed: '3', scan: true, faults: [], redrive: false } as const;

  test('the scan closes them', async () => {
    const { fine, text } = await run(LOST);
    expect(text).toMatch(/the events missed ([1-9]\d*); 1 scans closed \1 of them/);
    expect(text).toMatch(/ {2}missed +│ +0 /);
    expect(text).toMatch(/closings owed but not told +│ +0 /);
    expect(fine).toBe(true);
  }, 120_000);

  test('without it, they are missed', async () => {
    const { fine, text } = await run({ ...LOST, without: ['scan'] });
    expect(text).toMatch(/the events missed [1-9]\d*; 0 scans closed 0 of them/);
    expect(text).toMatch(/LOST\n +\d+ missed: i-[0-9a-f]{17} \([\w-]+, chaos-3-\d+\)/);
    expect(fine).toBe(false);
  }, 120_000);
});

test('the same seed plans the same fleet, of about four instances a launch and with a heavy tail', () => {
  const plan = planLaunches(5000, '1');
  expect(planLaunches(5000, '1')).toEqual(plan);
  expect(planLaunches(5000, '2')).not.toEqual(plan);
  const sizes = plan.map(({ count }) => count);
  expect(sizes.reduce((sum, size) => sum + size)).toBeGreaterThan(17_000);
  expect(sizes.filter((size) => size <= 3).length).toBeGreaterThan(3_500);
  expect(Math.max(...sizes)).toBe(200);
});

async function run(options: Partial<ChaosOptions>): Promise<{ fine: boolean; text: string }> {
  const lines: string[] = [];
  const fine = await runChaos({ ...OPTIONS, ...options }, (line = '') => lines.push(line), built);
  return { fine, text: lines.join('\n') };
}
