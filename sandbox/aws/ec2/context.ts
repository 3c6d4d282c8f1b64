import type { Clock } from '../simulation/clock.ts';
import type { Recorder } from '../cloudtrail/recorder.ts';
import type { Caller } from '../simulation/callers.ts';
import type { Faults } from '../simulation/faults.ts';
import type { Ids } from '../simulation/ids.ts';
import type { ApiCall } from '../wire/gateway.ts';
import type { Params } from '../wire/params.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Ec2Region } from './region.ts';
import type { Shape } from './shape.ts';

/** What the actions of EC2 depend on. */
export interface Ec2Context {
  readonly account: string;
  readonly regions: readonly string[];
  readonly clock: Clock;
  readonly ids: Ids;
  readonly faults: Faults;
  readonly recorder: Recorder;
  readonly lifecycle: Lifecycle;
}

/** What an action depends on, with launches that it makes in turn. */
export interface LaunchContext extends Ec2Context {
  /** Launches instances as an AWS service does, with a record of the call. @throws ApiError if EC2 refuses. */
  readonly launch: (params: Params, caller: Caller) => Shape;
}

/** One EC2 action. It throws an `ApiError` to refuse a call. */
export type Action = (call: ApiCall, region: Ec2Region, context: LaunchContext) => Shape;
