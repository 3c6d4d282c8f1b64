/**
 * What launches take on their way through the work queue to remediation: the use cases that are deployed, on a virtual
 * clock, with EC2's own request limits, Lambda's concurrency and environments, and SQS's visibility, delays, batches
 * and dead-letter queue.
 *
 *     npm run bench:events [-- <scenario> ... <setting>=<value>,<value> ...]
 *
 * Without settings it plays what is deployed and exits with 1 if a bound is missed: on a virtual clock nothing depends
 * on the machine. With settings, such as `burst windowSeconds=1,2,5`, it plays every combination side by side. Times
 * are counted from the arrival of the event.
 */
import Table from 'cli-table3';
import { DEPLOYED, deliveryOf, type Settings } from './events/deployed.ts';
import { play, type Result, type Scenario } from './events/run.ts';
import { SCENARIOS } from './events/scenarios.ts';

/**
 * The same with direct invocations at a concurrency of 1,000, before there was one path (see docs/adr); `burst` had 359
 * failed invocations, 68,158 billed seconds, 9,326 refused changes and 359 instances notified twice.
 */
const BEFORE = { alone: { p50: 0.2, p95: 0.3 }, large60: { p50: 11.7 }, large200: { p50: 7.3 } };

const isSetting = (word: string): boolean => word.includes('=');
const words = process.argv.slice(2);
const names = words.some((word) => !isSetting(word))
  ? words.filter((word) => !isSetting(word))
  : Object.keys(SCENARIOS);
const variants = variantsOf(words.filter(isSetting));
const missed: string[] = [];
const startedAt = performance.now();
const deployed = new Map<string, Result>();
for (const name of names) {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`no scenario ${name}; there are ${Object.keys(SCENARIOS).join(', ')}`);
  const results: Result[] = [];
  for (const settings of variants.values()) results.push(await play(scenario, deliveryOf(settings)));
  report(scenario, results);
  const [first] = results;
  if (first !== undefined) deployed.set(name, first);
}
if (variants.size === 1 && words.every((word) => !isSetting(word))) judge();
console.log(`Node.js ${process.version}, ${((performance.now() - startedAt) / 1000).toFixed(0)} s of your time`);
if (missed.length > 0) {
  console.log(`MISSED\n  ${missed.join('\n  ')}`);
  process.exitCode = 1;
}

/** Every combination of the values of some settings, by its name. */
function variantsOf(settings: readonly string[]): Map<string, Settings> {
  let all = new Map<string, Settings>([['as deployed', DEPLOYED]]);
  for (const setting of settings) {
    const [key = '', values = ''] = setting.split('=');
    if (!Object.hasOwn(DEPLOYED, key))
      throw new Error(`no setting ${key}; there are ${Object.keys(DEPLOYED).join(', ')}`);
    const combined = new Map<string, Settings>();
    for (const [name, given] of all) {
      for (const value of values.split(',')) {
        combined.set(`${given === DEPLOYED ? '' : `${name}\n`}${key} ${value}`, { ...given, [key]: Number(value) });
      }
    }
    all = combined;
  }
  return all;
}

function judge(): void {
  const bound = (name: string, what: string, value: (result: Result, scenario: Scenario) => number, most: number) => {
    const [result, scenario] = [deployed.get(name), SCENARIOS[name]];
    if (result === undefined || scenario === undefined) return;
    const is = value(result, scenario);
    if (!(is <= most)) missed.push(`${scenario.name}: ${what} ${is.toFixed(1)}, not at most ${most.toFixed(1)}`);
  };
  for (const name of names) {
    // A launch that crashes the function does so at every delivery, and takes no other with it.
    const fatal = SCENARIOS[name]?.crashes === undefined ? 0 : 1;
    bound(name, 'still non-compliant', openIn, fatal);
    bound(name, 'in the dead-letter queue', ({ deadLettered }) => deadLettered, fatal);
    bound(name, 'failed invocations', ({ lambda }) => lambda.failed, fatal * DEPLOYED.maxReceives);
    bound(name, 'not notified', ({ instances }) => instances.filter(({ alerts }) => alerts === 0).length, fatal);
    // Of checks that fail, it warns.
    const { refused = false, unmeasured = false } = SCENARIOS[name]?.checks ?? {};
    bound(name, 'warnings', ({ counters }) => counters.warnings.size, refused || unmeasured ? 1 : 0);
  }
  for (const name of ['burst', 'people', 'minute', 'running']) bound(name, 'notified twice', twiceIn, 0);
  bound('burst', 'refused changes', ({ ec2 }) => ec2.refused, 1000);
  bound('burst', 'billed seconds', ({ lambda }) => lambda.billedMs / 1000, 600);
  bound('burst', 'last remediation', ({ lastMs }) => lastMs / 1000, 1.05 * 184);
  bound(
    'people',
    "share of people's changes refused",
    ({ ec2, peopleCalls }) => ec2.refusedToPeople / peopleCalls,
    0.1,
  );
  for (const share of [0.5, 0.95] as const) {
    const before = share === 0.5 ? BEFORE.alone.p50 : BEFORE.alone.p95;
    bound('alone', `p${share * 100}`, (result, scenario) => quantile(scenario, result, share), before + 2);
  }
  bound('large60', 'p50', (result, scenario) => quantile(scenario, result, 0.5), BEFORE.large60.p50);
  bound('large200', 'p50', (result, scenario) => quantile(scenario, result, 0.5), BEFORE.large200.p50);
  // Drift waits behind no launch; before, it was 831 s.
  bound('storm', 'p95', (result, scenario) => quantile(scenario, result, 0.95), 10);
  const checked = deployed.get('checks');
  for (const name of ['sqsFails', 'metricsFail']) {
    for (const share of [0.5, 0.95, 1]) {
      const most = checked === undefined ? Infinity : 2 + quantile({}, checked, share);
      bound(name, `p${share * 100}`, (result, scenario) => quantile(scenario, result, share), most);
    }
  }
  const [alone, undisturbed] = [deployed.get('alone'), SCENARIOS.alone];
  if (alone === undefined || undisturbed === undefined) return;
  const twice = 2 * quantile(undisturbed, alone, 0.5);
  for (const name of ['regions', 'hidden']) {
    bound(name, 'longest', (result, scenario) => quantile(scenario, result, 1), twice);
  }
}

function report(scenario: Scenario, results: readonly Result[]): void {
  const table = new Table({
    head: [scenario.name, ...variants.keys()],
    colAligns: ['left', ...results.map(() => 'right' as const)],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const row = (what: string, value: (result: Result) => string) => table.push([what, ...results.map(value)]);
  row('failed invocations', ({ lambda }) => number(lambda.failed));
  row('messages in the dead-letter queue', ({ deadLettered }) => number(deadLettered));
  row('still non-compliant', (result) => number(openIn(result)));
  row('notified twice', (result) => number(twiceIn(result)));
  row('  of them only as already remediated', ({ instances }) =>
    number(instances.filter(({ alerts, repeats }) => alerts > 1 && alerts - repeats === 1).length),
  );
  row('refused changes', ({ ec2 }) => number(ec2.refused));
  if (scenario.people !== undefined) {
    row("people's refused changes", ({ ec2, peopleCalls }) => `${ec2.refusedToPeople} of ${peopleCalls}`);
  }
  row('billed seconds', ({ lambda }) => number(Math.round(lambda.billedMs / 1000)));
  row('invocations', ({ lambda }) => number(lambda.invocations));
  row('longest invocation, s', ({ lambda }) => (lambda.longestMs / 1000).toFixed(1));
  row('alerts', ({ counters }) => number(counters.alerts));
  row('messages sent to the work queue', ({ sent }) => number(sent));
  row('messages about one instance, at most', ({ counters }) => number(Math.max(0, ...counters.messages.values())));
  row('last remediation, s after the first launch', ({ lastMs }) => (lastMs / 1000).toFixed(1));
  row("  bound of EC2's bucket", (result) => boundOf(scenario, result).toFixed(1));
  const where = scenario.measured === undefined ? '' : `, ${scenario.measured}`;
  for (const share of [0.5, 0.95, 1]) {
    const what = share === 1 ? 'longest' : `p${share * 100}`;
    row(`${what} time to remediate${where}, s`, (result) => quantile(scenario, result, share).toFixed(1));
  }
  console.log(table.toString());
}

/** When the last change can be made at the earliest: 100 at once, then 5 a second, people's calls included. */
function boundOf({ launches, people }: Scenario, { ec2, peopleCalls }: Result): number {
  const inRegion = new Map<string, number>();
  for (const { region, count } of launches) inRegion.set(region, (inRegion.get(region) ?? 0) + count);
  const calls = Math.max(...inRegion.values()) + (people === undefined ? 0 : peopleCalls - ec2.refusedToPeople);
  const lastLaunch = launches.reduce((latest, { atMs }) => Math.max(latest, atMs), 0) / 1000;
  return Math.max(lastLaunch, (calls - 100) / 5);
}

/** Seconds to remediate that a share of the instances needed at most. */
function quantile({ measured }: Pick<Scenario, 'measured'>, { instances }: Result, share: number): number {
  const times = instances
    .filter(({ region, drift }) => measured === undefined || region === measured || (drift && measured === 'drift'))
    .flatMap(({ launchedAt, remediatedAt }) => (remediatedAt === undefined ? [] : [remediatedAt - launchedAt]))
    .sort((one, other) => one - other);
  return (times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? NaN) / 1000;
}

function openIn({ instances }: Result): number {
  return instances.filter(({ remediatedAt }) => remediatedAt === undefined).length;
}

function twiceIn({ instances }: Result): number {
  return instances.filter(({ alerts }) => alerts > 1).length;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
