import type { MetadataOptions, Snapshot } from './instance.ts';

/**
 * What a rollback sends: tokens become optional, and nothing else changes. EC2 wants the endpoint beside the tokens; `obstacleTo`
 * makes sure that it is enabled already.
 */
export const ALLOWANCE = { HttpTokens: 'optional', HttpEndpoint: 'enabled' } as const;

/** The account's defaults of a region. What EC2 did not state is absent: the account has no preference. */
export interface AccountDefaults {
  /** Of launches that do not say. */
  readonly HttpTokens?: string;
  readonly HttpEndpoint?: string;
  readonly HttpPutResponseHopLimit?: number;
  /** `enabled`: EC2 refuses launches and changes that would let IMDSv1 answer. */
  readonly HttpTokensEnforced?: string;
  /** `account`, or `declarative-policy` where the organization decides. */
  readonly ManagedBy?: string;
  /** What the organization has to say about it. Written by strangers. */
  readonly ManagedExceptionMessage?: string;
}

/** Why IMDSv1 cannot be allowed again. */
export type Obstacle =
  'terminated' | 'aws-managed' | 'unreadable' | 'endpoint-disabled' | 'enforced' | 'enforced-by-policy';

/**
 * What keeps IMDSv1 from being allowed on an instance again, if anything does.
 *
 * Account defaults are about launches only; `HttpTokensEnforced` alone keeps existing instances from it too. A declarative policy
 * that sets it cannot be overruled in the account.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
 */
export function obstacleTo({ state, awsManaged, options }: Snapshot, defaults: AccountDefaults): Obstacle | undefined {
  if (state === 'shutting-down' || state === 'terminated') return 'terminated';
  if (awsManaged) return 'aws-managed';
  if (options.HttpEndpoint === 'disabled') return 'endpoint-disabled';
  if (options.HttpEndpoint !== 'enabled') return 'unreadable';
  if (isReachable(options)) return undefined;
  if (options.HttpTokens !== 'required') return 'unreadable';
  if (defaults.HttpTokensEnforced !== 'enabled') return undefined;
  return defaults.ManagedBy === 'declarative-policy' ? 'enforced-by-policy' : 'enforced';
}

/** Whether IMDSv1 answers. */
export function isReachable({ HttpTokens, HttpEndpoint }: MetadataOptions): boolean {
  return HttpTokens === 'optional' && HttpEndpoint === 'enabled';
}
