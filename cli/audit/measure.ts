import { attempt } from '../../lambda/app/retry.ts';
import type { UsageReader } from '../../lambda/app/ports/index.ts';
import { assessUsage } from '../../lambda/app/assess-usage.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Usage, UsageRules } from '../../lambda/core/usage.ts';
import { cliTime } from '../shared/aws.ts';
import type { Io } from '../shared/io.ts';

/** How long CloudWatch of a region is asked again about some instances. */
const PATIENCE = 120_000;

/** Measures how open instances use IMDSv1, as the scan does. A region that does not tell is not asked again. */
export class UsageSurvey {
  readonly #rules: UsageRules;
  readonly #reader: UsageReader;
  readonly #io: Io;
  readonly #failures = new Map<string, FailureError>();
  #metricsAsked = 0;

  public constructor(rules: UsageRules, reader: UsageReader, io: Io) {
    this.#rules = rules;
    this.#io = io;
    this.#reader = {
      page: async (question, token) => {
        const answer = await reader.page(question, token);
        this.#metricsAsked += question.instanceIds.length;
        return answer;
      },
    };
  }

  /** How each of the instances uses IMDSv1; not known where CloudWatch does not tell. */
  public async of(region: string, instances: readonly Snapshot[]): Promise<ReadonlyMap<string, Usage>> {
    const unread = new Map(
      instances.map(({ instanceId }) => [instanceId, { kind: 'unknown', why: 'not-read' } as const]),
    );
    if (instances.length === 0 || this.#failures.has(region)) return unread;
    const ports = { usage: this.#reader, time: cliTime(this.#io, PATIENCE) };
    const measured = await attempt(() => assessUsage(region, instances, this.#rules, ports));
    this.#io.interrupted.throwIfAborted();
    if (!(measured instanceof FailureError)) return measured;
    this.#failures.set(region, measured);
    return unread;
  }

  /** What went wrong, by region. */
  public get failures(): ReadonlyMap<string, FailureError> {
    return this.#failures;
  }

  /** What CloudWatch charges for: $0.01 for 1,000. */
  public get metricsAsked(): number {
    return this.#metricsAsked;
  }
}
