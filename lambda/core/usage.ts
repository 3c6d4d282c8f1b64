import type { Snapshot } from './instance.ts';

/** When an instance counts as unused. */
export interface UsageRules {
  /** Look-back window: earlier usage does not count. */
  readonly lookBackDays: number;
  /** Minimum age of an instance, and minimum time that must have been measured. */
  readonly minimumAgeDays: number;
}

/** The default rules. */
export const USAGE_RULES: UsageRules = { lookBackDays: 14, minimumAgeDays: 1 };

/** The time span that is measured, in periods of equal length. */
export interface UsageWindow {
  readonly from: Date;
  readonly to: Date;
  readonly periodSeconds: number;
}

/** What a metric counted in the period that starts at `at`. A period without data has no point. */
export interface UsagePoint {
  readonly at: Date;
  readonly count: number;
}

/** The data points of one instance. */
export interface Measurement {
  readonly points: readonly UsagePoint[];
  /** False if some points could not be read. */
  readonly complete: boolean;
}

/** Why IMDSv1 usage is unknown. */
export type UnknownUsage =
  'not-read' | 'stopped' | 'age-unknown' | 'too-young' | 'no-data' | 'too-little-data' | 'gaps';

/**
 * What was measured, if not the instance alone. `group`: its Auto Scaling group, with the instances that are gone.
 * `launch-source`: the running instances of its launch source, because there is no metric of it.
 */
export type UsageScope = 'group' | 'launch-source';

/** IMDSv1 usage of an instance. */
export type Usage = (
  | /** No call was counted in the measured hours. */ { readonly kind: 'unused'; readonly hours: number }
  | {
      readonly kind: 'in-use';
      readonly count: number;
      /** Average over the measured time, which counts as one day at least. */
      readonly callsPerDay: number;
      /** End of the last period with a call. */
      readonly lastSeen: Date;
    }
  | { readonly kind: 'unknown'; readonly why: UnknownUsage }
) & {
  readonly scope?: UsageScope;
  /** In use only within ten minutes after the first launch, such as by a script at boot. It counts as use. */
  readonly atBoot?: true;
};

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Most points of one metric. One call takes up to 500 metrics, and returns up to 100,800 points.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
const MOST_POINTS = 200;

/** Hours without data that are tolerated: CloudWatch is minutes late, and sometimes loses a period. */
const GAP_HOURS = 6;

/** The window that ends now, in periods of whole hours, as short as `MOST_POINTS` allows. */
export function windowOf(now: Date, { lookBackDays }: UsageRules): UsageWindow {
  // Rounding outwards to whole periods adds up to two periods.
  const period = Math.ceil((lookBackDays * 24) / (MOST_POINTS - 2)) * HOUR;
  const from = Math.floor((now.getTime() - lookBackDays * DAY) / period) * period;
  const to = Math.ceil(now.getTime() / period) * period;
  return { from: new Date(from), to: new Date(to), periodSeconds: period / 1000 };
}

/**
 * Judges the IMDSv1 usage of an instance.
 *
 * Any counted call is usage. Only measured zeros make an instance unused: without data, usage is unknown. An instance younger than
 * the window needs data for its own age only, from the minimum age on. Usage of a stopped instance is unknown, because software that
 * runs after its next start has not been measured.
 */
export function usageOf(
  snapshot: Snapshot,
  { points, complete }: Measurement,
  { periodSeconds }: UsageWindow,
  { lookBackDays, minimumAgeDays }: UsageRules,
  now: Date,
): Usage {
  const { state, launchTime } = snapshot;
  const period = periodSeconds * 1000;
  const windowStart = now.getTime() - lookBackDays * DAY;
  // If the first launch is unknown, it was at the last start or before.
  const born = (snapshot.firstLaunch ?? launchTime)?.getTime();
  const inWindow = points.filter(({ at }) => at.getTime() + period > windowStart);
  const measured = hoursOf(inWindow, period, Math.max(windowStart, born ?? windowStart), now);

  const used = inWindow.filter(({ count }) => count > 0);
  if (used.length > 0) {
    const count = used.reduce((sum, point) => sum + point.count, 0);
    const end = used.reduce((latest, { at }) => Math.max(latest, at.getTime() + period), 0);
    const lastSeen = new Date(Math.min(end, now.getTime()));
    return { kind: 'in-use', count, callsPerDay: count / Math.max(1, measured / 24), lastSeen };
  }

  if (state !== 'running') return unknown('stopped');
  if (born === undefined || launchTime === undefined) return unknown('age-unknown');
  if (now.getTime() - born < minimumAgeDays * DAY) return unknown('too-young');
  if (!complete) return unknown('not-read');
  if (inWindow.length === 0) return unknown('no-data');
  if (measured < minimumAgeDays * 24 - GAP_HOURS) return unknown('too-little-data');
  // A running instance reports data, so it should have data since its last start.
  const runningSince = Math.max(windowStart, launchTime.getTime());
  const running = (now.getTime() - runningSince) / HOUR;
  if (running - hoursOf(inWindow, period, runningSince, now) > GAP_HOURS) return unknown('gaps');
  return { kind: 'unused', hours: measured };
}

/** Milliseconds after the first launch in which use is boot-time use. */
const BOOT = 10 * 60_000;

/** The period of EC2's metrics under basic monitoring. */
const FIVE_MINUTES = 300;

/**
 * The window that shows whether an instance was in use at boot only; `undefined` if that is not so, or cannot be known.
 *
 * The window of usage is too coarse for it. The metric of a group says nothing about one instance.
 */
export function bootWindowOf(
  { firstLaunch }: Pick<Snapshot, 'firstLaunch'>,
  usage: Usage,
  { from, periodSeconds }: UsageWindow,
): UsageWindow | undefined {
  if (usage.kind !== 'in-use' || usage.scope !== undefined || firstLaunch === undefined || firstLaunch < from)
    return undefined;
  const period = periodSeconds * 1000;
  if (usage.lastSeen.getTime() - period >= firstLaunch.getTime() + BOOT) return undefined;
  const start = Math.floor(firstLaunch.getTime() / period) * period;
  return { from: new Date(start), to: new Date(start + 2 * period), periodSeconds: FIVE_MINUTES };
}

/** Whether all calls were counted in periods that began within ten minutes after the first launch. */
export function isBootTimeUse(
  { firstLaunch }: Pick<Snapshot, 'firstLaunch'>,
  { points, complete }: Measurement,
): boolean {
  const used = points.filter(({ count }) => count > 0);
  const end = (firstLaunch?.getTime() ?? -Infinity) + BOOT;
  return complete && used.length > 0 && used.every(({ at }) => at.getTime() < end);
}

/**
 * The IMDSv1 usage of an instance by the metric of its Auto Scaling group.
 *
 * Any call in the group is usage of all of its instances: the instance that called may be gone, and the others are
 * launched to do the same.
 */
export function usageByGroup(
  snapshot: Snapshot,
  measurement: Measurement,
  window: UsageWindow,
  rules: UsageRules,
  now: Date,
): Usage {
  // Of calls that were counted, the age and the state of one instance say nothing.
  const whole = { ...snapshot, firstLaunch: window.from, launchTime: window.from, state: 'running' };
  const ofGroup = usageOf(whole, measurement, window, rules, now);
  const usage = ofGroup.kind === 'in-use' ? ofGroup : usageOf(snapshot, measurement, window, rules, now);
  return { ...usage, scope: 'group' };
}

/** Calls of some instances of a launch source together; `undefined` if there were none. */
export function sumOfCalls(usages: readonly Usage[]): Usage | undefined {
  const used = usages.filter((usage) => usage.kind === 'in-use');
  if (used.length === 0) return undefined;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    kind: 'in-use',
    count: sum(used.map(({ count }) => count)),
    callsPerDay: sum(used.map(({ callsPerDay }) => callsPerDay)),
    lastSeen: used.map(({ lastSeen }) => lastSeen).reduce((latest, seen) => (seen > latest ? seen : latest)),
    scope: 'launch-source',
  };
}

const unknown = (why: UnknownUsage): Usage => ({ kind: 'unknown', why });

/** Hours between two times that the points cover, each period once. */
function hoursOf(points: readonly UsagePoint[], period: number, from: number, to: Date): number {
  const starts = new Set(points.map(({ at }) => at.getTime()));
  const covered = [...starts].map((start) => Math.min(start + period, to.getTime()) - Math.max(start, from));
  return covered.reduce((sum, part) => sum + Math.max(0, part), 0) / HOUR;
}
