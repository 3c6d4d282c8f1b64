import { attempt } from '../../lambda/app/retry.ts';
import type { UsageReader } from '../../lambda/app/ports/index.ts';
import { assessUsage } from '../../lambda/app/assess-usage.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Usage, UsageRules } from '../../lambda/core/usage.ts';
import { cliTime } from '../shared/aws.ts';
import type { Io } from '../shared/io.ts';

/** Milliseconds after which calls to CloudWatch are not retried. */
const TIMEOUT = 120_000;

/** Measures the IMDSv1 usage of instances, as the scan does, until an error in their Region. */
export class UsageMeter {
  readonly #rules: UsageRules;
  readonly #reader: UsageReader;
  readonly #io: Io;
  readonly #failures = new Map<string, FailureError>();
  #metricsRequested = 0;

  public constructor(rules: UsageRules, reader: UsageReader, io: Io) {
    this.#rules = rules;
    this.#io = io;
    this.#reader = {
      page: async (query, token) => {
        const page = await reader.page(query, token);
        this.#metricsRequested += query.instanceIds.length;
        return page;
      },
    };
  }

  /** The IMDSv1 usage of each instance; unknown if CloudWatch could not be read. */
  public async of(region: string, instances: readonly Snapshot[]): Promise<ReadonlyMap<string, Usage>> {
    const unread = new Map(
      instances.map(({ instanceId }) => [instanceId, { kind: 'unknown', why: 'not-read' } as const]),
    );
    if (instances.length === 0 || this.#failures.has(region)) return unread;
    const ports = { usage: this.#reader, time: cliTime(this.#io, TIMEOUT) };
    const measured = await attempt(() => assessUsage(region, instances, this.#rules, ports));
    this.#io.interrupted.throwIfAborted();
    if (!(measured instanceof FailureError)) return measured;
    this.#failures.set(region, measured);
    return unread;
  }

  /** Errors by Region. */
  public get failures(): ReadonlyMap<string, FailureError> {
    return this.#failures;
  }

  /** Number of metrics that CloudWatch charges for. */
  public get metricsRequested(): number {
    return this.#metricsRequested;
  }
}
