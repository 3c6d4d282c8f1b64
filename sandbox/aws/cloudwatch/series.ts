import type { Instance } from '../ec2/instance.ts';
import type { ImdsUse } from './usage.ts';

/** What EC2 measures of IMDS: calls without a token that were answered, or that were refused. */
export const METRICS = ['MetadataNoToken', 'MetadataNoTokenRejected'] as const;
export type MetricName = (typeof METRICS)[number];

/** A value, and when its period begins, in milliseconds since 1970. */
export type Point = readonly [at: number, value: number];

/** A stretch of time, and how it is cut up; milliseconds. */
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

/** How long values are kept by the minute, by five, and by the hour. API reference, GetMetricData. */
const KEPT = [
  { days: 15, by: MINUTE },
  { days: 63, by: RESOLUTION },
  { days: 455, by: HOUR },
] as const;

/** The sums of a metric, oldest first. A period in which the instance reported nothing has no value. */
export function series(instance: Instance, use: ImdsUse, metric: MetricName, range: Range, now: number): Point[] {
  const spans = spansOf(instance, use, metric, now);
  const kept = granularity(range.from, now);
  if (kept === undefined || range.period % kept !== 0) return [];
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html, StartTime
  const start = Math.floor(range.from / kept) * kept;
  const first = Math.max(0, Math.floor((Math.min(...spans.map(({ from }) => from), now) - start) / range.period));
  const points: Point[] = [];
  for (let at = start + first * range.period; at < Math.min(range.to, now); at += range.period) {
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

/** The smallest period that values of that time can be asked by; none if they are kept no longer. */
const granularity = (from: number, now: number): number | undefined =>
  KEPT.find(({ days }) => now - from <= days * DAY)?.by;

interface Span {
  readonly from: number;
  readonly to: number;
}

/** When the instance reported the metric: one while tokens are optional, the other while they are required. */
function spansOf(instance: Instance, use: ImdsUse, metric: MetricName, now: number): Span[] {
  const { earlierOptions = [], options, launchedAt, terminatedAt } = instance;
  const end = terminatedAt ?? now;
  const wanted = metric === 'MetadataNoToken' ? 'optional' : 'required';
  let from = launchedAt;
  return [...earlierOptions, { options, until: end }].flatMap((held) => {
    const span = { from, to: Math.min(held.until, end) };
    from = held.until;
    const reported = held.options.HttpEndpoint === 'enabled' && held.options.HttpTokens === wanted;
    return reported ? running(span, instance, use) : [];
  });
}

/** The parts of a span in which the instance was not stopped. */
function running(span: Span, { downtimes = [], launchedAt }: Instance, { lastSeen }: ImdsUse): Span[] {
  const parts: Span[] = [];
  let { from } = span;
  for (const downtime of downtimes) {
    // If nobody knows when it was stopped, the last call is the last that is known of it.
    const off = downtime.from ?? (lastSeen?.getTime() ?? launchedAt) + 1;
    parts.push({ from, to: Math.min(off, span.to) });
    from = Math.max(from, downtime.to ?? Infinity);
  }
  return [...parts, { from, to: span.to }].filter((part) => part.from < part.to);
}

/** How many calls there are from one time up to another: they are at whole intervals from the first or the last one. */
function calls({ callsPerDay, since, lastSeen }: ImdsUse, launchedAt: number, from: number, to: number): number {
  const begin = since?.getTime() ?? launchedAt;
  const anchor = lastSeen?.getTime() ?? begin;
  const before = (at: number) => Math.ceil(((at - anchor) / DAY) * callsPerDay);
  const end = lastSeen === undefined ? to : Math.min(to, anchor + 1);
  return Math.max(0, before(end) - before(Math.max(from, begin)));
}
