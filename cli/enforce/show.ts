import { groupBy } from '../../lambda/core/group-by.ts';
import { VERDICTS } from '../../lambda/core/verdict.ts';
import { VERDICT_LABELS } from '../../lambda/core/words/compliance.ts';
import { count, duration, instancesOf } from '../../lambda/core/words/format.ts';
import { clean } from '../../lambda/core/text.ts';
import { REVIEW_LABELS } from '../../lambda/core/words/outcome.ts';
import { usageNote } from '../../lambda/core/words/usage.ts';
import type { Io } from '../common/io.ts';
import { printTable } from '../common/table.ts';
import type { ApplyOptions, InstanceRef, RemediationResult } from './apply.ts';
import type { JudgedByUsage, Plan, UnchangedReason } from './plan.ts';
import { perSecond } from './progress.ts';

/** How many launch sources the table shows. */
const LAUNCH_SOURCES = 15;
/** How many instances a line lists. */
const LISTED = 10;

/** Why instances are not changed. */
const LABELS: Readonly<Partial<Record<UnchangedReason, string>>> = {
  compliant: 'IMDSv2 already required',
  pending: 'IMDSv2 requested; EC2 has not confirmed it yet',
  exempt: 'valid exemption',
  'imds-off': 'IMDS disabled',
  'aws-managed': 'managed by an AWS service, which alone can modify them',
  unreadable: REVIEW_LABELS.unreadable,
  'sibling-rejected': 'IMDSv1 calls are rejected on another instance of the launch source: see its alert',
  later: 'a later share of the launch source: run again when no calls are rejected, or --all-at-once',
  'in-use': `${REVIEW_LABELS['in-use']}: left out, see below`,
  'usage-unknown': `${REVIEW_LABELS['usage-unknown']}: left out, see below`,
};

/** Reasons whose instances are named. */
const NAMED: readonly UnchangedReason[] = ['unreadable'];

/** Prints what will be changed, and what will not and why. */
export function showPlan(
  plan: Plan,
  account: string | undefined,
  { rate, hopLimitAtLeast }: ApplyOptions,
  io: Io,
): void {
  const prefix = account === undefined ? '' : `Account ${account}: `;
  io.out(`${prefix}${instancesOf(plan.totalCompliance.instances)} read, ${count(plan.total)} to remediate`);
  if (plan.total > 0) {
    const work = [...plan.toRemediate].filter(([, ids]) => ids.length > 0);
    const byRegion = work.map(([region, ids]) => [region, count(ids.length), duration((ids.length / rate) * 1000)]);
    io.out('');
    printTable(io, ['region', 'to remediate', `at ${rate} per second`], byRegion, [0]);
    showLaunchSources(plan, io);
    if (hopLimitAtLeast !== undefined) {
      const raised = instancesOf(plan.hopLimitsToRaise);
      io.out('');
      io.out(`The hop limit of ${raised} will be raised to ${hopLimitAtLeast}; none is lowered`);
    }
  }
  if (plan.wrongExemptions.length > 0) {
    io.out('');
    io.out(`Exemption tags that are wrong exempt nothing: ${some(plan.wrongExemptions)}`);
  }
  showJudged('Included, although IMDSv1 is in use or its usage is unknown', plan.included, io);
  showUnchanged(plan, io);
  showJudged('Left out; --include-in-use and --include-unknown remediate them, too', plan.leftOut, io);
}

/** Prints instances whose usage decides, busiest first. */
function showJudged(title: string, judged: readonly JudgedByUsage[], io: Io): void {
  if (judged.length === 0) return;
  const calls = ({ usage }: JudgedByUsage) => (usage?.kind === 'in-use' ? usage.callsPerDay : 0);
  const inUse = judged.filter(({ usage }) => usage?.kind === 'in-use').length;
  // Every instance that a change would break is listed.
  const first = judged.toSorted((a, b) => calls(b) - calls(a)).slice(0, Math.max(LISTED, inUse));
  const rows = first.map(({ region, instanceId, launchSource, usage }) => [
    region,
    instanceId,
    clean(launchSource, 40),
    usage === undefined ? 'unknown: not measured' : usageNote(usage),
  ]);
  io.out('');
  io.out(`${title}: ${count(judged.length)}`);
  io.out('');
  printTable(io, ['region', 'instance', 'launch source', 'IMDSv1 usage'], rows);
  if (judged.length > first.length) io.out(`and ${count(judged.length - first.length)} more; --json lists all`);
}

function showUnchanged(plan: Plan, io: Io): void {
  if (plan.unchanged.size === 0) return;
  io.out('');
  const groups = [...plan.unchanged].sort(([, a], [, b]) => b.count - a.count);
  const rows = groups.map(([reason, { count: number, examples }]) => [
    count(number),
    LABELS[reason] ?? reason,
    NAMED.includes(reason) ? `${examples.join(', ')}${number > examples.length ? ', …' : ''}` : '',
  ]);
  printTable(io, ['unchanged', 'reason', ''], rows, [1, 2]);
}

function showLaunchSources({ launchSources }: Plan, io: Io): void {
  const first = launchSources.slice(0, LAUNCH_SOURCES);
  const rows = first.map(({ region, launchSource, count: number }) => [region, launchSource, count(number)]);
  const more = launchSources.length - first.length;
  io.out('');
  printTable(io, ['region', 'launch source', 'to remediate'], rows, [0, 1]);
  if (more > 0) io.out(`and ${count(more)} more launch sources; --json lists all`);
}

/** Prints what was done, and what was not. */
export function showResult(result: RemediationResult, throttled: number, io: Io): void {
  const { remediated, unchanged, failed, remaining, milliseconds } = result;
  // The first changes are not limited by the rate, so that few of them do not show the speed.
  const speed = remediated.length >= 10 ? ` (${perSecond(remediated.length, milliseconds)} per second)` : '';
  io.out(`Remediated ${instancesOf(remediated.length)} in ${duration(milliseconds)}${speed}`);
  for (const [reason, number] of unchanged) io.out(`${instancesOf(number)} no longer needed a change: ${reason}`);
  for (const group of groupBy(failed, ({ reason, detail }) => `${reason} ${withoutIds(detail)}`).values()) {
    const [{ reason, detail } = { reason: 'unknown', detail: '' }] = group;
    io.out(`${instancesOf(group.length)} failed: ${detail || reason}`);
    io.out(`  ${some(group.map(toText))}`);
  }
  if (remaining.length > 0) {
    io.out(`Remaining: ${instancesOf(remaining.length)}. Run the same command again to continue.`);
    io.out(`  ${some(remaining.map(toText))}`);
  }
  if (throttled > 0) io.out(`EC2 throttled ${throttled} ${throttled === 1 ? 'call' : 'calls'}, which were retried`);
}

const toText = ({ region, instanceId }: InstanceRef): string => `${region} ${instanceId}`;

/** The message of EC2 with instance ids masked, so that equal errors are grouped. */
const withoutIds = (detail: string): string => detail.replace(/i-[0-9a-f]{8,17}/g, 'i-…');

/** The first items, and how many more there are. */
export function some(items: readonly string[]): string {
  const more = items.length - LISTED;
  return more > 0 ? `${items.slice(0, LISTED).join(', ')} and ${more} more` : items.join(', ');
}

/** Prints instances by verdict, before and after the run. */
export function showComparison(before: Plan, after: Plan, io: Io): void {
  const [earlier, later] = [before.totalCompliance.counts, after.totalCompliance.counts];
  const shown = VERDICTS.filter(
    (name) => name === 'non-compliant' || name === 'compliant' || earlier[name] + later[name] > 0,
  );
  const rows = shown.map((name) => [VERDICT_LABELS[name], count(earlier[name]), count(later[name])]);
  io.out('');
  printTable(io, ['', 'before', 'after'], rows, [0]);
}
