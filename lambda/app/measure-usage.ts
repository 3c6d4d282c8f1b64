import type { Measurement } from '../core/usage.ts';
import { withRetries } from './retry.ts';
import type { Time, UsageQuestion, UsageReader } from './ports/index.ts';

/**
 * The most metrics that one call accepts.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
const BATCH = 500;

/** Measurements and their cost. */
export interface Measured {
  /** One for each name of the question. */
  readonly measurements: ReadonlyMap<string, Measurement>;
  /** The number of metrics that CloudWatch charges for, at $0.01 per 1,000. */
  readonly metricsAsked: number;
}

/**
 * Reads a usage metric of any number of instances or groups. Transient failures repeat a page, not a batch.
 *
 * @throws FailureError
 */
export async function measureUsage(question: UsageQuestion, usage: UsageReader, time: Time): Promise<Measured> {
  const names = [...new Set(question.names)];
  const measurements = new Map(names.map((name): [string, Measurement] => [name, UNREAD]));
  let metricsAsked = 0;
  for (let start = 0; start < names.length; start += BATCH) {
    const batch = { ...question, names: names.slice(start, start + BATCH) };
    let token: string | undefined;
    do {
      const page = await withRetries(() => usage.page(batch, token), time);
      metricsAsked += batch.names.length;
      for (const [name, { points, complete }] of page.measurements) {
        const earlier = measurements.get(name) ?? UNREAD;
        // A page may end in the middle of an instance, so the last page decides whether it is complete.
        measurements.set(name, { points: [...earlier.points, ...points], complete });
      }
      token = page.next;
    } while (token !== undefined);
  }
  return { measurements, metricsAsked };
}

const UNREAD: Measurement = { points: [], complete: false };
