import type { Measurement } from '../core/usage.ts';
import { withRetries } from './retry.ts';
import type { Time, UsageQuestion, UsageReader } from './ports.ts';

/**
 * Metrics one call takes.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
const BATCH = 500;

/** What was measured. */
export interface Measured {
  /** One for each instance that was asked for. */
  readonly measurements: ReadonlyMap<string, Measurement>;
  /** How many metrics were asked for, which is what CloudWatch charges for: $0.01 for 1,000. */
  readonly metricsAsked: number;
}

/**
 * Measures the use of IMDSv1 of any number of instances. A page that fails in passing is asked for again, not the whole batch.
 *
 * @throws FailureError
 */
export async function measure(question: UsageQuestion, usage: UsageReader, time: Time): Promise<Measured> {
  const ids = [...new Set(question.instanceIds)];
  const measurements = new Map(ids.map((id): [string, Measurement] => [id, UNREAD]));
  let metricsAsked = 0;
  for (let start = 0; start < ids.length; start += BATCH) {
    const batch = { ...question, instanceIds: ids.slice(start, start + BATCH) };
    let token: string | undefined;
    do {
      const page = await withRetries(() => usage.page(batch, token), time);
      metricsAsked += batch.instanceIds.length;
      for (const [id, { points, complete }] of page.measurements) {
        const earlier = measurements.get(id) ?? UNREAD;
        // A page may end in the middle of an instance; the last word on it counts.
        measurements.set(id, { points: [...earlier.points, ...points], complete });
      }
      token = page.next;
    } while (token !== undefined);
  }
  return { measurements, metricsAsked };
}

const UNREAD: Measurement = { points: [], complete: false };
