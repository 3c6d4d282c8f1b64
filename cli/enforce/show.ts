import { groupBy } from '../../lambda/core/group-by.ts';
import { VERDICTS } from '../../lambda/core/verdict.ts';
import { count, VERDICT_LABELS } from '../audit/labels.ts';
import type { ComplianceSummary } from '../../lambda/core/compliance-summary.ts';
import type { Io } from '../shared/io.ts';
import { tableLines } from '../shared/table.ts';
import type { Closing, ApplyOptions } from './apply.ts';
import { perSecond } from './progress.ts';
import type { Survey } from './plan.ts';
import { instances, LEFT_PROBLEMS, leftLabel, some, span } from './words.ts';

/** Writes lines for people. */
type Say = (line: string) => void;

const LAUNCH_SOURCES = 15;
const NAMED = 10;

/** Shows what is going to be done, and what is not and why. */
export function showPlan(
  survey: Survey,
  { rate, hopLimitAtLeast }: ApplyOptions,
  account: string | undefined,
  io: Io,
  say: Say,
): void {
  const whose = account === undefined ? '' : `Account ${account}: `;
  say(`${whose}${instances(survey.instances)} read, ${count(survey.total)} to close`);
  if (survey.total > 0) {
    const work = [...survey.toRemediate].filter(([, ids]) => ids.length > 0);
    const byRegion = work.map(([region, ids]) => [region, count(ids.length), span((ids.length / rate) * 1000)]);
    say('');
    tableLines(['region', 'to close', `at ${rate} per second`], byRegion, [0], io).forEach(say);
    showLaunchSources(survey, io, say);
    if (hopLimitAtLeast !== undefined) {
      say('');
      say(`The hop limit of ${instances(survey.hopLimits)} will be raised to ${hopLimitAtLeast}; none is lowered`);
    }
  }
  if (survey.left.size === 0) return;
  say('');
  const left = [...survey.left].sort(([, a], [, b]) => b.count - a.count);
  const rows = left.map(([reason, { count: number, examples }]) => [
    count(number),
    leftLabel(reason),
    LEFT_PROBLEMS.includes(reason) ? `${examples.join(', ')}${number > examples.length ? ', …' : ''}` : '',
  ]);
  tableLines(['left alone', 'because', ''], rows, [1, 2], io).forEach(say);
}

function showLaunchSources({ launchSources }: Survey, io: Io, say: Say): void {
  const rows = launchSources
    .slice(0, LAUNCH_SOURCES)
    .map(({ region, launchSource, count: number }) => [region, launchSource, count(number)]);
  say('');
  tableLines(['region', 'launchSource', 'to close'], rows, [0, 1], io).forEach(say);
  if (launchSources.length > LAUNCH_SOURCES)
    say(`and ${count(launchSources.length - LAUNCH_SOURCES)} more launchSources: --json`);
}

/** Shows what was done, and what was not. */
export function showResult(closing: Closing, throttled: number, say: Say): void {
  const { remediated, unneeded, failed, notDone, givenUp, milliseconds } = closing;
  // The first ones come at once, so that few of them say little about the speed.
  const speed = remediated.length >= 10 ? ` (${perSecond(remediated.length, milliseconds)} per second)` : '';
  say(`Closed ${instances(remediated.length)} in ${span(milliseconds)}${speed}`);
  for (const [reason, number] of unneeded) say(`${instances(number)} needed no change any more: ${reason}`);
  for (const those of groupBy(failed, ({ reason, detail }) => `${reason} ${withoutIds(detail)}`).values()) {
    const [{ reason, detail } = { reason: 'unknown', detail: '' }] = those;
    say(`${instances(those.length)} failed: ${detail || reason}`);
    say(`  ${some(those.map(toText), NAMED)}`);
  }
  for (const region of givenUp) say(`${region}: one after the other failed, so the rest was not begun`);
  if (notDone.length > 0) {
    say(`Not done: ${instances(notDone.length)}. The same command again goes on with them.`);
    say(`  ${some(notDone.map(toText), NAMED)}`);
  }
  if (throttled > 0) say(`EC2 throttled ${throttled} calls; they were tried again`);
}

const toText = ({ region, instanceId }: { readonly region: string; readonly instanceId: string }): string =>
  `${region} ${instanceId}`;

/** What EC2 says names the instance; the same is said of others. */
const withoutIds = (detail: string): string => detail.replace(/i-[0-9a-f]{8,17}/g, 'i-…');

/** Shows the audit's numbers, as they were and as they are. */
export function showNumbers(before: Survey, after: Survey, io: Io, say: Say): void {
  const [was, is] = [before, after].map(countsOf);
  if (was === undefined || is === undefined) return;
  const shown = VERDICTS.filter((name) => name === 'non-compliant' || name === 'compliant' || was[name] + is[name] > 0);
  const rows = shown.map((name) => [VERDICT_LABELS[name], count(was[name]), count(is[name])]);
  say('');
  tableLines(['', 'before', 'after'], rows, [0], io).forEach(say);
}

/** Instances of all regions by verdict. */
export function countsOf({ tallies }: Survey): ComplianceSummary['counts'] {
  const sums = VERDICTS.map((name) => [name, [...tallies.values()].reduce((sum, { counts }) => sum + counts[name], 0)]);
  return Object.fromEntries(sums) as ComplianceSummary['counts'];
}
