/**
 * What launches take on their way to remediation: the use cases that are deployed, on a virtual clock, with EC2's own request limits,
 * Lambda's concurrency and retries, and SQS's visibility, batches and dead-letter queue.
 *
 *     npm run bench:events [-- <scenario> ...]
 *
 * It compares two ways for an event to reach the function: directly, at a concurrency of 10, 50 and 1,000; and through the work queue.
 */
import Table from 'cli-table3';
import { type Delivery, play, type Result, type Scenario } from './events/run.ts';
import { SCENARIOS } from './events/scenarios.ts';

/** As in lib/: the function's timeout less what lambda/adapters/invocation-time.ts keeps free, and the work queue. */
const TODAY = {
  queue: { delay: 90, visibility: 730, maxReceives: 5 },
  source: { batchSize: 200, windowSeconds: 10, maxConcurrency: 2 },
};
const withConcurrency = (concurrency: number) => ({ timeoutSeconds: 120, workSeconds: 105, concurrency });

const DELIVERIES: readonly Delivery[] = [
  ...[10, 50, 1000].map((concurrency): Delivery => {
    return {
      name: `direct, ${number(concurrency)}`,
      launches: 'direct',
      function: withConcurrency(concurrency),
      ...TODAY,
    };
  }),
  { name: 'queue', launches: 'queued', function: withConcurrency(1000), ...TODAY },
];

const startedAt = performance.now();
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SCENARIOS);
for (const name of names) {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`no scenario ${name}; there are ${Object.keys(SCENARIOS).join(', ')}`);
  const results: Result[] = [];
  for (const delivery of DELIVERIES) results.push(await play(scenario, delivery));
  report(scenario, results);
}
console.log(`Node.js ${process.version}, ${((performance.now() - startedAt) / 1000).toFixed(0)} s of your time`);

function report(scenario: Scenario, results: readonly Result[]): void {
  const table = new Table({
    head: [scenario.name, ...DELIVERIES.map(({ name }) => name)],
    colAligns: ['left', ...DELIVERIES.map(() => 'right' as const)],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const row = (what: string, value: (result: Result) => string) => table.push([what, ...results.map(value)]);
  row('failed invocations', ({ lambda }) => number(lambda.failed));
  row('messages in the dead-letter queue', ({ deadLetters }) => number(deadLetters));
  row('still non-compliant', ({ instances }) => countOf(instances, ({ remediatedAt }) => remediatedAt === undefined));
  row('notified twice', ({ instances }) => countOf(instances, ({ alerts }) => alerts > 1));
  row('  of them only as already remediated', ({ instances }) =>
    countOf(instances, ({ alerts, repeats }) => alerts > 1 && alerts - repeats === 1),
  );
  row('not notified', ({ instances }) => countOf(instances, ({ alerts }) => alerts === 0));
  row('refused changes', ({ ec2 }) => number(ec2.refused));
  if (scenario.people !== undefined) {
    row("people's refused changes", ({ ec2, peopleCalls }) => `${ec2.refusedToPeople} of ${peopleCalls}`);
  }
  row('billed seconds', ({ lambda }) => number(Math.round(lambda.billedMs / 1000)));
  row('invocations', ({ lambda }) => number(lambda.invocations));
  row('longest invocation, s', ({ lambda }) => (lambda.longestMs / 1000).toFixed(1));
  row('alerts', ({ books }) => number(books.alerts));
  row('messages sent to the work queue', ({ sent }) => number(sent));
  row('last remediation, s after the first launch', ({ lastMs }) => (lastMs / 1000).toFixed(1));
  row("  bound of EC2's bucket", (result) => boundOf(scenario, result));
  const where = scenario.measured === undefined ? '' : `, ${scenario.measured}`;
  for (const share of [0.5, 0.95, 1]) {
    const what = share === 1 ? 'longest' : `p${share * 100}`;
    row(`${what} time to remediate${where}, s`, (result) => quantile(scenario, result, share));
  }
  console.log(table.toString());
}

/** When the last change can be made at the earliest: 100 at once, then 5 a second, people's calls included. */
function boundOf({ launches, people }: Scenario, { ec2, peopleCalls }: Result): string {
  const inRegion = new Map<string, number>();
  for (const { region, count } of launches) inRegion.set(region, (inRegion.get(region) ?? 0) + count);
  const calls = Math.max(...inRegion.values()) + (people === undefined ? 0 : peopleCalls - ec2.refusedToPeople);
  const lastLaunch = launches.reduce((latest, { atMs }) => Math.max(latest, atMs), 0) / 1000;
  return Math.max(lastLaunch, (calls - 100) / 5).toFixed(1);
}

function quantile({ measured }: Scenario, { instances }: Result, share: number): string {
  const times = instances
    .filter(({ region }) => measured === undefined || region === measured)
    .flatMap(({ launchedAt, remediatedAt }) => (remediatedAt === undefined ? [] : [remediatedAt - launchedAt]))
    .sort((one, other) => one - other);
  const time = times[Math.min(times.length - 1, Math.floor(share * times.length))];
  return time === undefined ? '' : (time / 1000).toFixed(1);
}

function countOf<T>(all: readonly T[], is: (one: T) => boolean): string {
  return number(all.filter(is).length);
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
