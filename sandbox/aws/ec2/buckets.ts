import { ApiError } from '../wire/errors.ts';

/** A token bucket: its capacity, and the tokens that are added per second. */
export interface Limit {
  readonly capacity: number;
  readonly refill: number;
}

/**
 * Limits by action.
 *
 * `Describe`, `Unfiltered` and `Mutate` apply to actions without a limit of their own.
 */
export type Limits = Readonly<Record<string, Limit>>;

/** Per account, region and action. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
export const AWS_LIMITS: Limits = {
  Describe: { capacity: 100, refill: 20 },
  Unfiltered: { capacity: 50, refill: 10 },
  Mutate: { capacity: 50, refill: 5 },
  ModifyInstanceMetadataOptions: { capacity: 100, refill: 5 },
  ModifyInstanceMetadataDefaults: { capacity: 2, refill: 2 },
  RunInstances: { capacity: 5, refill: 2 },
  'RunInstances instances': { capacity: 1000, refill: 2 },
  StartInstances: { capacity: 5, refill: 2 },
  TerminateInstances: { capacity: 100, refill: 5 },
  CreateTags: { capacity: 100, refill: 10 },
  CreateLaunchTemplateVersion: { capacity: 100, refill: 5 },
  ModifyLaunchTemplate: { capacity: 100, refill: 5 },
};

/** The buckets of one account and region. */
export class Buckets {
  readonly #limits: Limits;
  readonly #levels = new Map<string, { tokens: number; at: number }>();

  public constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Takes the tokens of a call. @throws ApiError if the bucket has too few. */
  public take(bucket: string, now: number, tokens = 1): void {
    const limit = this.#limits[bucket] ?? this.#limits[kindOf(bucket)];
    if (limit === undefined) return;
    const { tokens: last, at } = this.#levels.get(bucket) ?? { tokens: limit.capacity, at: now };
    const level = Math.min(limit.capacity, last + ((now - at) / 1000) * limit.refill);
    const enough = level >= tokens;
    this.#levels.set(bucket, { tokens: enough ? level - tokens : level, at: now });
    if (!enough) throw new ApiError('RequestLimitExceeded', 'Request limit exceeded.', 503);
  }
}

function kindOf(bucket: string): string {
  if (bucket.endsWith(' unfiltered')) return 'Unfiltered';
  return /^(Describe|Get)/.test(bucket) ? 'Describe' : 'Mutate';
}
