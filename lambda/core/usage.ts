import type { Snapshot } from './instance.ts';

/** How far back IMDSv1 use counts, and how much must be known before an instance is called unused. */
export interface UsageRules {
  /** Use that is longer ago does not count. */
  readonly lookBackDays: number;
  /** How long an instance must have been measured at least. */
  readonly minimumAgeDays: number;
}

/** Rules where nothing else is said. */
export const USAGE_RULES: UsageRules = { lookBackDays: 14, minimumAgeDays: 1 };

/** The time that is measured, in periods of equal length. */
export interface UsageWindow {
  readonly from: Date;
  readonly to: Date;
  readonly periodSeconds: number;
}

/** What the metric counted in the period that begins at a time. Zero is a measurement; a period without one has no point. */
export interface UsagePoint {
  readonly at: Date;
  readonly count: number;
}

/** What the metric has about one instance. */
export interface Measurement {
  readonly points: readonly UsagePoint[];
  /** Nothing of it is missing because it could not be read. */
  readonly complete: boolean;
}

/** Why nothing can be said about the use of IMDSv1. */
export type UnknownUsage =
  'not-read' | 'stopped' | 'age-unknown' | 'too-young' | 'no-data' | 'too-little-data' | 'gaps';

/** Whether anything on an instance still speaks IMDSv1. */
export type Usage =
  /** Nothing did in the hours measured. */
  | { readonly kind: 'unused'; readonly hours: number }
  | {
      readonly kind: 'in-use';
      readonly count: number;
      /** Over the time measured, but at least over a day. */
      readonly callsPerDay: number;
      /** No later call was seen. */
      readonly lastSeen: Date;
    }
  | { readonly kind: 'unknown'; readonly why: UnknownUsage };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Most points of one metric, so that 500 of them, which is what one call takes, stay under the 100,800 points of one answer.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
const MOST_POINTS = 200;

/** Hours of a running instance that may lack data: CloudWatch is late by some minutes, and loses a period now and then. */
const GAP_HOURS = 6;

/** The window that ends now. Its periods are whole hours, and as short as the size of an answer allows. */
export function windowOf(now: Date, { lookBackDays }: UsageRules): UsageWindow {
  // Rounding outwards to whole periods adds up to two.
  const period = Math.ceil((lookBackDays * 24) / (MOST_POINTS - 2)) * HOUR;
  const from = Math.floor((now.getTime() - lookBackDays * DAY) / period) * period;
  const to = Math.ceil(now.getTime() / period) * period;
  return { from: new Date(from), to: new Date(to), periodSeconds: period / 1000 };
}

/**
 * Judges how an instance uses IMDSv1. A call that was counted is use, whatever else is known. To call an instance unused takes
 * measured zeros: no data is unknown, never zero.
 *
 * An instance younger than the window is judged on its own age, from a minimum on. A stopped one is unknown: what begins to run
 * with its next start has not been measured.
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
  // Where the first launch is not known, it was not after the last start.
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
  // It has been running since its last start, and what runs reports.
  const runningSince = Math.max(windowStart, launchTime.getTime());
  const running = (now.getTime() - runningSince) / HOUR;
  if (running - hoursOf(inWindow, period, runningSince, now) > GAP_HOURS) return unknown('gaps');
  return { kind: 'unused', hours: measured };
}

const unknown = (why: UnknownUsage): Usage => ({ kind: 'unknown', why });

/** Hours between two times that the points cover, each period once. */
function hoursOf(points: readonly UsagePoint[], period: number, from: number, to: Date): number {
  const starts = new Set(points.map(({ at }) => at.getTime()));
  const covered = [...starts].map((start) => Math.min(start + period, to.getTime()) - Math.max(start, from));
  return covered.reduce((sum, part) => sum + Math.max(0, part), 0) / HOUR;
}
