/** What the use cases need from the outside. Adapters implement it with AWS SDK clients, tests in memory. */
import type { DefaultsReader } from './deployment.ts';
import type { InstanceReader, InstanceWriter } from './instances.ts';
import type { OutcomeBus } from './notification.ts';
import type { WorkQueue } from './queues.ts';
import type { RefusedGroupReader } from './prevention.ts';
import type { Telemetry } from './reporting.ts';
import type { HistoryReader, UsageReader } from './usage.ts';

export type * from './callers.ts';
export type * from './deployment.ts';
export type * from './instances.ts';
export type * from './launch-sources.ts';
export type * from './notification.ts';
export type * from './prevention.ts';
export type * from './queues.ts';
export type * from './reporting.ts';
export type * from './usage.ts';

/** The clock of one invocation. */
export interface Time {
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
  /** A number from 0 up to, but not including, 1: the jitter of retries. */
  random(): number;
  /** No new work is begun after it. */
  readonly deadline: Date;
}

/** The ports of the function that handles events. */
export interface Ports {
  readonly reader: InstanceReader;
  /** Absent in `audit` mode: changes are then reported, not made. */
  readonly writer?: InstanceWriter;
  /** Reads the defaults that a call weakened. */
  readonly regions: DefaultsReader;
  /** Names the Auto Scaling groups whose launches were refused. */
  readonly refusedGroups: RefusedGroupReader;
  readonly queue: WorkQueue;
  readonly usage: UsageReader & HistoryReader;
  readonly bus: OutcomeBus;
  readonly telemetry: Telemetry;
  /** Answers a ping; absent where none arrives. */
  readonly answerPing?: (event: unknown) => Promise<void>;
  readonly time: Time;
}
