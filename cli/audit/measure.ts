import { attempt } from '../../lambda/app/retry.ts';
import type { UsageReader } from '../../lambda/app/ports/index.ts';
import { assessUsage, type GroupMeasurements } from '../../lambda/app/assess-usage.ts';
import { withBootTime } from '../../lambda/app/boot-time.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Usage, UsageRules } from '../../lambda/core/usage.ts';
import { cliTime } from '../common/aws.ts';
import { explainError, isDenied } from '../common/errors.ts';
import type { Io } from '../common/io.ts';

/** Milliseconds after which calls to CloudWatch are not retried. */
const TIMEOUT = 120_000;

/** Measures the IMDSv1 usage of instances, as the scan does, until an error in their Region. */
export class UsageMeter {
  /** Errors by Region. */
  public readonly errors = new Map<string, string>();
  /** Number of metrics that CloudWatch charges for. */
  public metricsRequested = 0;
  /** Whether one of the errors is another one than a missing permission. */
  public failed = false;
  readonly #groups: GroupMeasurements = new Map();
  readonly #counting: UsageReader = {
    page: async (query, token) => {
      const page = await this.reader.page(query, token);
      this.metricsRequested += query.names.length;
      return page;
    },
  };

  public constructor(
    private readonly rules: UsageRules,
    private readonly reader: UsageReader,
    private readonly io: Io,
  ) {}

  /** The IMDSv1 usage of each instance; unknown if CloudWatch could not be read. */
  public async of(region: string, instances: readonly Snapshot[]): Promise<ReadonlyMap<string, Usage>> {
    if (instances.length > 0 && !this.errors.has(region)) {
      const ports = { usage: this.#counting, time: cliTime(this.io, TIMEOUT), groups: this.#groups };
      const measured = await attempt(async () => {
        const assessed = await assessUsage(region, instances, this.rules, ports);
        return withBootTime(region, instances, assessed, this.rules, ports);
      });
      this.io.interrupted.throwIfAborted();
      if (!(measured instanceof FailureError)) return measured;
      this.errors.set(region, explainError(measured));
      this.failed ||= !isDenied(measured);
    }
    return new Map(instances.map(({ instanceId }) => [instanceId, { kind: 'unknown', why: 'not-read' }]));
  }
}
