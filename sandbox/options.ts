import type { Caller } from './aws/simulation/callers.ts';
import type { Trail } from './aws/cloudtrail/trail.ts';
import type { Limits } from './aws/ec2/buckets.ts';
import type { Ec2Timing } from './aws/ec2/lifecycle.ts';
import type { EventTiming } from './aws/cloudtrail/recorder.ts';
import type { Faults } from './aws/simulation/faults.ts';
import type { StackInput } from './aws/cloudformation/template.ts';

/** How to start a local AWS. */
export interface SandboxOptions {
  /** Ids, and faults made by `drawFaults`, depend on it. @default 'local' */
  readonly seed?: string;
  /** Simulated seconds per real second. @default 1 */
  readonly timeScale?: number;
  /**
   * Whether the clock stands still while the machine cannot keep up, so that busy cores do not look like slow services.
   *
   * @default false
   */
  readonly patient?: boolean;
  /** @default 0, which takes a free one */
  readonly port?: number;
  /** @default '111122223333' */
  readonly account?: string;
  /** Regions that the account has; the first is home. @default ['us-east-1'] */
  readonly regions?: readonly string[];
  /**
   * Instances that are there before the stacks are deployed, spread over the regions: every case first, then groups of all
   * launchSources. The same seed gives the same ones, but ages are counted from `startAt`.
   *
   * @default 0
   */
  readonly fleet?: number;
  /** Synthesized templates to deploy. @default none: the services alone */
  readonly stacks?: readonly StackInput[];
  /**
   * The built module of each function, by construct id or logical id; one path stands for all functions.
   *
   * @default none: functions are left out
   */
  readonly bundles?: string | Readonly<Record<string, string>>;
  /** Who is behind which access key. @default everybody is `assumed-role/Developer/dev` */
  readonly callers?: Readonly<Record<string, Caller>>;
  /** What goes wrong. @default nothing */
  readonly faults?: Partial<Faults>;
  /** Request limits that differ from AWS's. @default AWS_LIMITS */
  readonly limits?: Limits;
  /** Durations that differ from the usual ones, in simulated milliseconds. */
  readonly timing?: Partial<Ec2Timing & EventTiming>;
  /** The trail that brings API calls to the bus: whether there is one, or what it differs in. @default true */
  readonly trail?: boolean | Partial<Trail>;
  /**
   * Whether rules with a schedule fire by themselves. Otherwise they do when they are told to: `sandbox.bus.fire('Schedule')`.
   *
   * @default true
   */
  readonly schedules?: boolean;
  /** Execution environments of one function at a time; new accounts may have a quota of 10. @default 10 */
  readonly maxConcurrency?: number;
  /**
   * Environments of each function that are warm from the start, and replaced when they die: what takes a moment of real time,
   * such as a cold start, is long on a fast clock.
   *
   * @default 0
   */
  readonly prewarm?: number;
  /** Simulated time at the start. @default now */
  readonly startAt?: Date;
}
