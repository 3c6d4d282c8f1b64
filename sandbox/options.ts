import type { AccountOptions } from './aws/account.ts';
import type { StackInput } from './aws/cloudformation/template.ts';

/** How to start a local AWS. */
export interface SandboxOptions extends AccountOptions {
  /** The port to listen on. @default 0, which is any free port */
  readonly port?: number;
  /**
   * The number of existing instances, spread over the regions.
   *
   * One of every case comes first, then groups of every launch source. They depend on the seed only; ages count from `startAt`.
   *
   * @default 0
   */
  readonly fleet?: number;
  /** Synthesized templates to deploy. @default none: the services alone */
  readonly stacks?: readonly StackInput[];
  /**
   * The built module of each function, by construct id or logical id.
   *
   * A single path stands for all functions.
   *
   * @default none: functions are ignored
   */
  readonly bundles?: string | Readonly<Record<string, string>>;
  /** Concurrent execution environments of one function. New accounts may have a quota of 10. @default 10 */
  readonly maxConcurrency?: number;
  /**
   * Warm execution environments of each function at the start. Environments that end are replaced.
   *
   * A cold start takes real time, which is long on a fast clock.
   *
   * @default 0
   */
  readonly prewarm?: number;
}
