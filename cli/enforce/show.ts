import { groupBy } from '../../lambda/core/group-by.ts';
import { VERDICTS } from '../../lambda/core/verdict.ts';
import { VERDICT_LABELS } from '../../lambda/core/words/compliance.ts';
import { count, duration, instancesOf } from '../../lambda/core/words/format.ts';
import type { ComplianceSummary } from '../../lambda/core/compliance-summary.ts';
import type { Io } from '../shared/io.ts';
import { tableLines } from '../shared/table.ts';
import type { ApplyOptions, RemediationResult } from './apply.ts';
import type { Plan } from './plan.ts';
import { perSecond } from './progress.ts';
import { NEEDS_REVIEW, some, unchangedLabel } from './words.ts';

/** Writes a line of text: to standard error if the result is JSON. */
type Print = (line: string) => void;

/** How many launch sources the table shows. */
const LAUNCH_SOURCES = 15;
/** How many instances a line lists. */
const LISTED = 10;

/** Prints what will be changed, and what will not and why. */
export function showPlan(
  plan: Plan,
  { rate, hopLimitAtLeast }: ApplyOptions,
  account: string | undefined,
  io: Io,
  print: Print,
): void {
  const prefix = account === undefined ? '' : `Account ${account}: `;
  print(`${prefix}${instancesOf(plan.instances)} read, ${count(plan.total)} to remediate`);
  if (plan.total > 0) {
    const work = [...plan.toRemediate].filter(([, ids]) => ids.length > 0);
    const byRegion = work.map(([region, ids]) => [region, count(ids.length), duration((ids.length / rate) * 1000)]);
    print('');
    tableLines(['region', 'to remediate', `at ${rate} per second`], byRegion, [0], io).forEach(print);
    showLaunchSources(plan, io, print);
    if (hopLimitAtLeast !== undefined) {
      print('');
      print(
        `The hop limit of ${instancesOf(plan.hopLimitsToRaise)} will be raised to ${hopLimitAtLeast}; none is lowered`,
      );
    }
  }
  if (plan.unchanged.size === 0) return;
  print('');
  const groups = [...plan.unchanged].sort(([, a], [, b]) => b.count - a.count);
  const rows = groups.map(([reason, { count: number, examples }]) => [
    count(number),
    unchangedLabel(reason),
    NEEDS_REVIEW.includes(reason) ? `${examples.join(', ')}${number > examples.length ? ', …' : ''}` : '',
  ]);
  tableLines(['unchanged', 'reason', ''], rows, [1, 2], io).forEach(print);
}

function showLaunchSources({ launchSources }: Plan, io: Io, print: Print): void {
  const rows = launchSources
    .slice(0, LAUNCH_SOURCES)
    .map(({ region, launchSource, count: number }) => [region, launchSource, count(number)]);
  print('');
  tableLines(['region', 'launch source', 'to remediate'], rows, [0, 1], io).forEach(print);
  if (launchSources.length > LAUNCH_SOURCES)
    print(`and ${count(launchSources.length - LAUNCH_SOURCES)} more launch sources; --json lists all`);
}

/** Prints what was done, and what was not. */
export function showResult(result: RemediationResult, throttled: number, print: Print): void {
  const { remediated, unchanged, failed, remaining, stoppedRegions, milliseconds } = result;
  // The first changes are not limited by the rate, so that few of them do not show the speed.
  const speed = remediated.length >= 10 ? ` (${perSecond(remediated.length, milliseconds)} per second)` : '';
  print(`Remediated ${instancesOf(remediated.length)} in ${duration(milliseconds)}${speed}`);
  for (const [reason, number] of unchanged) print(`${instancesOf(number)} no longer needed a change: ${reason}`);
  for (const group of groupBy(failed, ({ reason, detail }) => `${reason} ${withoutIds(detail)}`).values()) {
    const [{ reason, detail } = { reason: 'unknown', detail: '' }] = group;
    print(`${instancesOf(group.length)} failed: ${detail || reason}`);
    print(`  ${some(group.map(toText), LISTED)}`);
  }
  for (const region of stoppedRegions) print(`${region}: stopped, because every instance of a batch failed`);
  if (remaining.length > 0) {
    print(`Remaining: ${instancesOf(remaining.length)}. Run the same command again to continue.`);
    print(`  ${some(remaining.map(toText), LISTED)}`);
  }
  if (throttled > 0) print(`EC2 throttled ${throttled} ${throttled === 1 ? 'call' : 'calls'}, which were retried`);
}

const toText = ({ region, instanceId }: { readonly region: string; readonly instanceId: string }): string =>
  `${region} ${instanceId}`;

/** The message of EC2 with instance ids masked, so that equal errors are grouped. */
const withoutIds = (detail: string): string => detail.replace(/i-[0-9a-f]{8,17}/g, 'i-…');

/** Prints instances by verdict, before and after the run. */
export function showComparison(before: Plan, after: Plan, io: Io, print: Print): void {
  const [earlier, later] = [countsOf(before), countsOf(after)];
  const shown = VERDICTS.filter(
    (name) => name === 'non-compliant' || name === 'compliant' || earlier[name] + later[name] > 0,
  );
  const rows = shown.map((name) => [VERDICT_LABELS[name], count(earlier[name]), count(later[name])]);
  print('');
  tableLines(['', 'before', 'after'], rows, [0], io).forEach(print);
}

/** Instances of all Regions by verdict. */
export function countsOf({ compliance }: Plan): ComplianceSummary['counts'] {
  const sums = VERDICTS.map((name) => [
    name,
    [...compliance.values()].reduce((sum, { counts }) => sum + counts[name], 0),
  ]);
  return Object.fromEntries(sums) as ComplianceSummary['counts'];
}
