/**
 * What a scan of one region takes: 100,000 open instances, a tenth of which must stay as they are, at AWS's own request limits and
 * Lambda's fifteen minutes, on a virtual clock; then the same with functions killed at random moments; then a report only.
 *
 *     npm run bench:scan [-- <instances> [<seed>]]
 *
 * Exit code 1 if a bound is missed: on a virtual clock nothing but memory depends on the machine, and that hardly. The heap is kept
 * about as small as the function's, so that what could have been thrown away is.
 */
import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import { idOf } from './scan/region.ts';
import { type Result, scanRegion } from './scan/run.ts';

const OPEN = Number(process.argv[2] ?? 100_000);
const SEED = process.argv[3] ?? '1';
/** What lambda/app/scan/batch.ts is to keep to: changes per second. */
const RATE = 3;
const SHARE = 0.95;
/** What the function has, lib/scan.ts; here the simulated region and its simulation must fit in too. */
const MEGABYTES = 512;
const DOLLARS_PER_METRIC = 0.01 / 1000;

const missed: string[] = [];
const startedAt = performance.now();
const enforced = await scanRegion({ open: OPEN, existing: 'enforce-when-unused' });
const shot = await scanRegion({ open: OPEN, existing: 'enforce-when-unused', kills: SEED });
const reported = await scanRegion({ open: OPEN, existing: 'audit' });
judge('enforce-when-unused', enforced, true);
judge('killed', shot, true);
judge('audit', reported, false);
if (paceOf(enforced) < SHARE)
  missed.push(`the pace is ${percent(paceOf(enforced))} of ${RATE}/s, not ${percent(SHARE)}`);
if (killsIn(shot) === 0) missed.push('nothing was killed');
if (shot.deadLetterQueue > 0) missed.push(`${shot.deadLetterQueue} dead letters`);
if (enforced.peopleRefused > 0) missed.push(`EC2 refused ${enforced.peopleRefused} calls of people`);
if (peakMegabytes() > MEGABYTES) missed.push(`${peakMegabytes().toFixed(0)} MB, more than the function has`);
report();

/** What must be true of every run, whatever happened to it. */
function judge(name: string, { region, books, longestMs }: Result, enforces: boolean): void {
  const wrong = (what: string, those: readonly number[]) => {
    if (those.length > 0) missed.push(`${name}: ${those.length} ${what}: ${those.slice(0, 3).map(idOf).join(', ')}`);
  };
  const all = region.indices();
  const unused = enforces ? all.filter((index) => region.kindOf(index) === 'unused') : [];
  const others = enforces ? all.filter((index) => region.kindOf(index) !== 'unused') : all;
  wrong(
    'unused and still open',
    unused.filter((index) => !region.isRequired(index)),
  );
  wrong(
    'closed and nobody was told',
    unused.filter((index) => region.isRequired(index) && books.told[index] === 0),
  );
  wrong(
    'changed twice',
    all.filter((index) => (region.changes[index] ?? 0) > 1),
  );
  wrong(
    'changed that had to stay',
    others.filter((index) => (region.changes[index] ?? 0) > 0),
  );
  if (books.digests.length === 0) missed.push(`${name}: no digest came`);
  if (longestMs >= 900_000) missed.push(`${name}: an invocation took all of Lambda's fifteen minutes`);
  missed.push(...books.warnings.slice(0, 3).map((warning) => `${name}: ${warning}`));
}

function report(): void {
  const runs = [enforced, shot, reported];
  const table = new Table({
    head: ['', 'enforce-when-unused', 'with kills', 'audit'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const row = (what: string, value: (run: Result) => string) => table.push([what, ...runs.map(value)]);
  row('instances closed', ({ books }) => number(books.changedAt.length));
  row('virtual hours to the last of them', ({ lastChangeMs }) => (lastChangeMs / 3_600_000).toFixed(2));
  row(`share of ${RATE}/s, at least ${percent(SHARE)}`, (run) => (run === enforced ? percent(paceOf(run)) : ''));
  row('virtual hours in all', ({ totalMs }) => (totalMs / 3_600_000).toFixed(2));
  row('scans complete', ({ books }) => number(books.completed));
  row('invocations', ({ invocations }) => number(invocations));
  row('  killed: start, region, batch, summary', ({ killed }) => Object.values(killed).join(', '));
  row('  given back', ({ thrown }) => number(thrown.length));
  row('longest invocation, s (of 900)', ({ longestMs }) => (longestMs / 1000).toFixed(0));
  row('EC2 calls to change', ({ books }) => number(books.of('ModifyInstanceMetadataOptions')));
  row('EC2 calls to describe', ({ books }) => number(books.of('DescribeInstances')));
  row('calls throttled', ({ region, peopleRefused }) => number(region.throttled - peopleRefused));
  row("people's calls refused", ({ peopleRefused, peopleCalls }) => `${peopleRefused} of ${number(peopleCalls)}`);
  row('GetMetricData calls', ({ books }) => number(books.of('GetMetricData')));
  row('  metrics asked for', ({ books }) => number(books.metricsAsked));
  row('  their cost', ({ books }) => `$${(books.metricsAsked * DOLLARS_PER_METRIC).toFixed(2)}`);
  row('alerts and digests', ({ books }) => `${number(books.of('Publish'))}, ${books.digests.length} digests`);
  row('closings told more than once', ({ books }) => number(books.told.filter((times) => times > 1).length));
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `Node.js ${process.version}, ${number(OPEN)} open instances, seed ${SEED}, ${seconds.toFixed(0)} s of your time`,
  );
  console.log(table.toString());
  console.log(`peak memory ${peakMegabytes().toFixed(0)} MB with the simulated region, of ${MEGABYTES} MB`);
  console.log(missed.length === 0 ? 'All bounds are met.' : `MISSED\n  ${missed.join('\n  ')}`);
  if (missed.length > 0) process.exitCode = 1;
}

function paceOf({ books, lastChangeMs }: Result): number {
  return books.changedAt.length / (lastChangeMs / 1000) / RATE;
}

function killsIn({ killed }: Result): number {
  return Object.values(killed).reduce((sum, times) => sum + times, 0);
}

/** The most that the system counted for this process; where it does not say, that includes the process that started it. */
function peakMegabytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
