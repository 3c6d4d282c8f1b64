import type { Instance } from '../ec2/instance.ts';
import type { ImdsUse } from './usage.ts';

/** The IMDS metrics of EC2: calls without a token that succeeded, and calls that were rejected. */
export const METRICS = ['MetadataNoToken', 'MetadataNoTokenRejected'] as const;
export type MetricName = (typeof METRICS)[number];

/** A value, and the start of its period in milliseconds since 1970. */
export type Point = readonly [at: number, value: number];

/** A time range and its period, in milliseconds. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly period: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Basic monitoring. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-basic-detailed.html */
const RESOLUTION = 5 * MINUTE;

/** Values arrive this long after the end of their period, in minutes; an instance always has the same delay. */
const ARRIVAL = { from: 5, to: 10 };

/** The end of the last period of an instance whose values have arrived. */
function arrivedUntil(instanceId: string, now: number): number {
  const spread = ARRIVAL.to - ARRIVAL.from + 1;
  const delay = ARRIVAL.from + (parseInt(instanceId.slice(-4), 16) % spread);
  return Math.floor((now - delay * MINUTE) / RESOLUTION) * RESOLUTION;
}

/** How long CloudWatch retains values of each period: API reference, GetMetricData. */
const RETENTION = [
  { days: 15, period: MINUTE },
  { days: 63, period: RESOLUTION },
  { days: 455, period: HOUR },
] as const;

/** The sums of a metric, oldest first. A period without reports has no value. */
export function series(instance: Instance, use: ImdsUse, metric: MetricName, range: Range, now: number): Point[] {
  const arrived = arrivedUntil(instance.id, now);
  const spans = spansOf(instance, use, metric, arrived);
  const retainedPeriod = retainedPeriodAt(range.from, now);
  if (retainedPeriod === undefined || range.period % retainedPeriod !== 0) return [];
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html, StartTime
  const start = Math.floor(range.from / retainedPeriod) * retainedPeriod;
  const first = Math.max(0, Math.floor((Math.min(...spans.map(({ from }) => from), arrived) - start) / range.period));
  const points: Point[] = [];
  for (let at = start + first * range.period; at < Math.min(range.to, arrived); at += range.period) {
    const width = Math.max(range.period, RESOLUTION);
    if (range.period < RESOLUTION && at % RESOLUTION !== 0) continue;
    const inside = spans
      .map(({ from, to }) => ({ from: Math.max(from, at), to: Math.min(to, at + width) }))
      .filter(({ from, to }) => from < to);
    if (inside.length === 0) continue;
    points.push([at, inside.reduce((sum, { from, to }) => sum + calls(use, instance.launchedAt, from, to), 0)]);
  }
  return points;
}

/** The smallest period that is still retained for a time; `undefined` if none is. */
const retainedPeriodAt = (from: number, now: number): number | undefined =>
  RETENTION.find(({ days }) => now - from <= days * DAY)?.period;

interface Span {
  readonly from: number;
  readonly to: number;
}

/** When the instance reported the metric, which depends on whether tokens are optional or required. */
function spansOf(instance: Instance, use: ImdsUse, metric: MetricName, now: number): Span[] {
  const { earlierOptions = [], options, launchedAt, terminatedAt } = instance;
  const end = Math.min(terminatedAt ?? now, now);
  const wanted = metric === 'MetadataNoToken' ? 'optional' : 'required';
  let from = launchedAt;
  return [...earlierOptions, { options, until: end }].flatMap((period) => {
    const span = { from, to: Math.min(period.until, end) };
    from = period.until;
    const reported = period.options.HttpEndpoint === 'enabled' && period.options.HttpTokens === wanted;
    return reported ? running(span, instance, use) : [];
  });
}

/** The parts of a span in which the instance was not stopped. */
function running(span: Span, { downtimes = [], launchedAt }: Instance, { lastSeen }: ImdsUse): Span[] {
  const parts: Span[] = [];
  let { from } = span;
  for (const downtime of downtimes) {
    // If the time of the stop is unknown, the instance is assumed to have stopped after its last call.
    const off = downtime.from ?? (lastSeen?.getTime() ?? launchedAt) + 1;
    parts.push({ from, to: Math.min(off, span.to) });
    from = Math.max(from, downtime.to ?? Infinity);
  }
  return [...parts, { from, to: span.to }].filter((part) => part.from < part.to);
}

/**
 * The number of calls between two times.
 *
 * Calls happen at regular intervals from the first or the last one.
 */
function calls({ callsPerDay, since, lastSeen }: ImdsUse, launchedAt: number, from: number, to: number): number {
  const begin = since?.getTime() ?? launchedAt;
  const anchor = lastSeen?.getTime() ?? begin;
  const before = (at: number) => Math.ceil(((at - anchor) / DAY) * callsPerDay);
  const end = lastSeen === undefined ? to : Math.min(to, anchor + 1);
  return Math.max(0, before(end) - before(Math.max(from, begin)));
}
