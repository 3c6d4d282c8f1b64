import type { Clock } from '../simulation/clock.ts';
import type { Recorder } from '../cloudtrail/recorder.ts';
import type { Faults } from '../simulation/faults.ts';
import type { Ids } from '../simulation/ids.ts';
import type { ApiCall } from '../wire/gateway.ts';
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

/** One EC2 action. It throws an `ApiError` to refuse a call. */
export type Action = (call: ApiCall, region: Ec2Region, context: Ec2Context) => Shape;
