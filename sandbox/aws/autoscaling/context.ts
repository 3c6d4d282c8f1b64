import type { Ec2Region } from '../ec2/region.ts';
import type { Clock } from '../simulation/clock.ts';
import type { Ids } from '../simulation/ids.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, ApiRequest } from '../wire/gateway.ts';
import type { ResponseValue } from '../wire/xml.ts';
import type { AutoScalingRegion } from './group.ts';

/** What Auto Scaling depends on. */
export interface AutoScalingContext {
  readonly account: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly ec2: (region: string) => Ec2Region;
  /** Calls another service, as anybody does. */
  readonly call: (request: ApiRequest) => Promise<{ readonly result: ResponseValue }>;
  /** Counts a task as in progress. A rejection is a defect. */
  readonly run: (what: string, task: () => Promise<void>) => void;
}

/** One Auto Scaling action. It throws an `ApiError` to refuse a call. */
export type Action = (call: ApiCall, region: AutoScalingRegion, context: AutoScalingContext) => ResponseValue;

/** @throws ApiError as for all parameters that Auto Scaling does not accept. */
export function invalid(message: string): never {
  throw new ApiError('ValidationError', message);
}
