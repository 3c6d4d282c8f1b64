import { type ChaosOptions, FAULT_NAMES } from '../../sandbox/chaos/options.ts';
import { planLaunches } from '../../sandbox/chaos/plan.ts';
import { queueContents } from '../../sandbox/chaos/queue-contents.ts';
import { problemsAfterRedrive } from '../../sandbox/chaos/report.ts';
import { runChaos } from '../../sandbox/chaos/run.ts';
import type { Queue } from '../../sandbox/aws/sqs/queue.ts';
import { buildProduct } from '../../sandbox/product.ts';

// What events expose is new, so that `existing` matters for the scan, and for edits that change nothing.
const builtToAudit = buildProduct({ mode: 'enforce', existing: 'audit' });
const builtToScan = buildProduct({ mode: 'enforce', existing: 'enforce' });
const builtForUnused = buildProduct({ mode: 'enforce', existing: 'enforce-when-unused' });
const OPTIONS: ChaosOptions = {
  launches: 10,
  seed: '1',
  timeScale: 200,
  faults: FAULT_NAMES,
  without: [],
  redrive: true,
  // Loading a thread takes longer than the work of a small run.
  maxConcurrency: 2,
};

test('a small fleet is remediated and notified despite all faults', async () => {
  const { nothingLost, text } = await run({});
  expect(text).toContain('Nothing was lost: missed 0, owed 0.');
  expect(text).toMatch(/non-compliant after redrive +│ +0 /);
  expect(nothingLost).toBe(true);
}, 120_000);

test('a vanished instance needs no remediation and does not prevent that of others in its launch', async () => {
  const { nothingLost, text } = await run({ seed: '3', faults: ['vanished'], without: ['running-state'] });
  expect(text).toMatch(/ {2}vanished +│ +1 /);
  expect(text).toMatch(/non-compliant after redrive +│ +0 /);
  expect(nothingLost).toBe(true);
}, 120_000);

test('a message that is not processed after a redrive fails the run', () => {
  const none = new Set<string>();
  const noReferences = { ids: none, tokens: none };
  const accountingWith = (messages: number) => ({
    entries: [],
    queues: [{ queue: 'DeadLetterQueue' as const, messages, referenced: noReferences, notifying: noReferences }],
    toNotify: 0,
    remediationTimes: [],
  });
  expect(problemsAfterRedrive({ ...accountingWith(0), toNotify: 3 })).toEqual(['3 events were not notified']);
  expect(problemsAfterRedrive(accountingWith(0))).toEqual([]);
  expect(problemsAfterRedrive(accountingWith(2))).toEqual(['2 messages were not processed']);
});

test('a queued post-change check does not count for an instance that is missed or owed a notification', () => {
  const bodyOf = (type: string) =>
    JSON.stringify({ 'detail-type': type, detail: { instanceId: 'i-0123456789abcdef0' } });
  const idsIn = (type: string) => {
    const queue = () => ({ messages: () => [{ body: bodyOf(type) }] }) as unknown as Queue;
    return queueContents({ queue }).map(({ messages, referenced, notifying }) => [
      messages,
      referenced.ids.size,
      notifying.ids.size,
    ]);
  };
  expect(idsIn('IMDSv1 finding recorded')[0]).toEqual([1, 1, 1]);
  expect(idsIn('EC2 Instance State-change Notification')[0]).toEqual([1, 1, 0]);
  expect(idsIn('Post-change check')[0]).toEqual([1, 0, 0]);
});

test('without triggers, the run names the missed instances and fails', async () => {
  const { nothingLost, text } = await run({ launches: 10, faults: [], without: ['launch', 'drift', 'running-state'] });
  expect(text).toMatch(/LOST\n +\d+ missed: i-[0-9a-f]{17} \(non-compliant, chaos-1-\d+\)/);
  expect(nothingLost).toBe(false);
}, 120_000);

describe('both events of some instances are lost', () => {
  const LOST = { launches: 15, seed: '3', scan: true, faults: [], redrive: false } as const;

  test('the scan remediates them', async () => {
    const { nothingLost, text } = await run(LOST);
    expect(text).toMatch(/([1-9]\d*) missed by events; 1 scan remediated \1 of them/);
    expect(text).toMatch(/ {2}missed +│ +0 /);
    expect(text).toMatch(/remediations owed a notification +│ +0 /);
    expect(nothingLost).toBe(true);
  }, 120_000);

  test('without the scan, they are missed', async () => {
    const { nothingLost, text } = await run({ ...LOST, without: ['scan'] });
    expect(text).toMatch(/[1-9]\d* missed by events; 0 scans remediated 0 of them/);
    expect(text).toMatch(/LOST\n +\d+ missed: i-[0-9a-f]{17} \([\w-]+, chaos-3-\d+\)/);
    expect(nothingLost).toBe(false);
  }, 120_000);
});

test('a scan leaves every fleet in use, also by workers that are gone, and remediates all others', async () => {
  const options = { launches: 4, scan: true, existing: 'enforce-when-unused', redrive: false } as const;
  const { nothingLost, text } = await run(options);
  expect(text).toMatch(/existing instances in fleets in use \/ changed +│ +[1-9]\d* \/ 0 /);
  expect(text).toMatch(/existing instances in unused fleets \/ missed +│ +[1-9]\d* \/ 0 /);
  expect(nothingLost).toBe(true);
}, 120_000);

test('a plan depends on the seed only, with about four instances per launch and a heavy tail', () => {
  const plan = planLaunches(5000, '1');
  expect(planLaunches(5000, '1')).toEqual(plan);
  expect(planLaunches(5000, '2')).not.toEqual(plan);
  const sizes = plan.map(({ count }) => count);
  expect(sizes.reduce((sum, size) => sum + size)).toBeGreaterThan(17_000);
  expect(sizes.filter((size) => size <= 3).length).toBeGreaterThan(3_500);
  expect(Math.max(...sizes)).toBe(200);
});

async function run(options: Partial<ChaosOptions>): Promise<{ nothingLost: boolean; text: string }> {
  const lines: string[] = [];
  const builtForScan = options.existing === 'enforce-when-unused' ? builtForUnused : builtToScan;
  const built = options.scan ? builtForScan : builtToAudit;
  const nothingLost = await runChaos({ ...OPTIONS, ...options }, (line = '') => lines.push(line), built);
  return { nothingLost, text: lines.join('\n') };
}
