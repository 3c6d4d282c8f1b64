/**
 * Simulates scans of a region with 100,000 non-compliant instances on a virtual clock.
 *
 *     npm run bench:scan [-- <instances> [<seed>]]
 *
 * One run remediates unused instances, one also kills functions at random times, and one only reports. The request limits of AWS
 * and Lambda's timeout apply. A tenth of the instances must not be changed. Exit code 1 means that a bound is missed. Except for
 * memory, the results do not depend on the machine; the heap is limited to about that of the function.
 */
import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import { count } from '../lambda/core/words/format.ts';
import { idOf } from './scan/region.ts';
import { type Result, scanRegion } from './scan/run.ts';

const NON_COMPLIANT = Number(process.argv[2] ?? 100_000);
const SEED = process.argv[3] ?? '1';
/** The rate of lambda/app/scan/batch.ts: changes per second. */
const RATE = 3;
const SHARE = 0.95;
/** Three quarters of the memory of the function in lib/scan.ts, which must be enough for the function and the simulation. */
const MEGABYTES = 384;
const DOLLARS_PER_METRIC = 0.01 / 1000;

const missed: string[] = [];
const startedAt = performance.now();
const enforced = await scanRegion({ nonCompliant: NON_COMPLIANT, existing: 'enforce-when-unused' });
const killed = await scanRegion({ nonCompliant: NON_COMPLIANT, existing: 'enforce-when-unused', kills: SEED });
const reported = await scanRegion({ nonCompliant: NON_COMPLIANT, existing: 'audit' });
check('enforce-when-unused', enforced, true);
check('with kills', killed, true);
check('audit', reported, false);
if (shareOfRate(enforced) < SHARE) {
  missed.push(`the rate is ${percent(shareOfRate(enforced))} of ${RATE}/s, not ${percent(SHARE)}`);
}
if (killsIn(killed) === 0) missed.push('no function was killed');
if (killed.deadLetterQueue > 0) missed.push(`messages in the dead-letter queue: ${killed.deadLetterQueue}`);
if (enforced.throttledUserCalls > 0) missed.push(`throttled calls of users: ${enforced.throttledUserCalls}`);
if (peakMegabytes() > MEGABYTES) missed.push(`${peakMegabytes().toFixed(0)} MB, more than the function has`);
report();

/** Checks what must be true of every run. */
function check(name: string, { region, statistics, longestMs }: Result, enforces: boolean): void {
  const wrong = (what: string, indices: readonly number[]) => {
    if (indices.length > 0) {
      missed.push(`${name}: ${indices.length} ${what}: ${indices.slice(0, 3).map(idOf).join(', ')}`);
    }
  };
  const all = region.indices();
  const unused = enforces ? all.filter((index) => region.kindOf(index) === 'unused') : [];
  const others = enforces ? all.filter((index) => region.kindOf(index) !== 'unused') : all;
  wrong(
    'unused, with IMDSv1 still enabled',
    unused.filter((index) => !region.isRequired(index)),
  );
  wrong(
    'remediated without notification',
    unused.filter((index) => region.isRequired(index) && statistics.notifications[index] === 0),
  );
  wrong(
    'changed twice',
    all.filter((index) => (region.changes[index] ?? 0) > 1),
  );
  wrong(
    'changed although in use, exempt or unknown',
    others.filter((index) => (region.changes[index] ?? 0) > 0),
  );
  if (statistics.digests.length === 0) missed.push(`${name}: no digest`);
  if (longestMs >= 900_000) missed.push(`${name}: an invocation reached the timeout of 15 minutes`);
  missed.push(...statistics.warnings.slice(0, 3).map((warning) => `${name}: ${warning}`));
}

function report(): void {
  const runs = [enforced, killed, reported];
  const table = new Table({
    head: ['', 'enforce-when-unused', 'with kills', 'audit'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const row = (what: string, value: (run: Result) => string) => table.push([what, ...runs.map(value)]);
  row('instances remediated', ({ statistics }) => count(statistics.changedAt.length));
  row('virtual hours to the last change', ({ lastChangeMs }) => (lastChangeMs / 3_600_000).toFixed(2));
  row(`share of ${RATE}/s, at least ${percent(SHARE)}`, (run) => (run === enforced ? percent(shareOfRate(run)) : ''));
  row('virtual hours in total', ({ totalMs }) => (totalMs / 3_600_000).toFixed(2));
  row('completed scans', ({ statistics }) => count(statistics.completed));
  row('invocations', ({ invocations }) => count(invocations));
  row('  killed: start, region, batch, summary', ({ killed }) => Object.values(killed).join(', '));
  row('  failed for a retry', ({ thrown }) => count(thrown.length));
  row('longest invocation, s (of 900)', ({ longestMs }) => (longestMs / 1000).toFixed(0));
  row('EC2 modify calls', ({ statistics }) => count(statistics.of('ModifyInstanceMetadataOptions')));
  row('EC2 describe calls', ({ statistics }) => count(statistics.of('DescribeInstances')));
  row('throttled calls', ({ region, throttledUserCalls }) => count(region.throttled - throttledUserCalls));
  row(
    'throttled calls of users',
    ({ throttledUserCalls, userCalls }) => `${throttledUserCalls} of ${count(userCalls)}`,
  );
  row('GetMetricData calls', ({ statistics }) => count(statistics.of('GetMetricData')));
  row('  metrics requested', ({ statistics }) => count(statistics.metricsRequested));
  row('  cost', ({ statistics }) => `$${(statistics.metricsRequested * DOLLARS_PER_METRIC).toFixed(2)}`);
  row('alerts and digests', ({ statistics }) => count(statistics.of('Publish')));
  row('  digests', ({ statistics }) => count(statistics.digests.length));
  row('remediations notified more than once', ({ statistics }) =>
    count(statistics.notifications.filter((notifications) => notifications > 1).length),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const title = `${count(NON_COMPLIANT)} non-compliant instances, seed ${SEED}`;
  console.log(`Node.js ${process.version}, ${title}, ${seconds.toFixed(0)} s of real time`);
  console.log(table.toString());
  console.log(`peak memory ${peakMegabytes().toFixed(0)} MB of ${MEGABYTES} MB, including the simulation`);
  console.log(missed.length === 0 ? 'All bounds are met.' : `MISSED\n  ${missed.join('\n  ')}`);
  if (missed.length > 0) process.exitCode = 1;
}

function shareOfRate({ statistics, lastChangeMs }: Result): number {
  return statistics.changedAt.length / (lastChangeMs / 1000) / RATE;
}

function killsIn({ killed }: Result): number {
  return Object.values(killed).reduce((sum, times) => sum + times, 0);
}

/**
 * The peak memory of this process.
 *
 * Except on Linux, it begins with the peak of the process that started it.
 */
function peakMegabytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
