import { isImdsv1Enabled, type Snapshot } from './instance.ts';

/**
 * The options that a rollback sends to EC2: tokens become optional, and nothing else changes.
 *
 * EC2 requires the endpoint beside the tokens; `obstacleTo` ensures that it is enabled already.
 */
export const ALLOWANCE = { HttpTokens: 'optional', HttpEndpoint: 'enabled' } as const;

export { isImdsv1Enabled } from './instance.ts';

/** The account's metadata defaults of a region. Absent values mean that the account has no preference. */
export interface AccountDefaults {
  /** For launches that do not state it. */
  readonly HttpTokens?: string;
  readonly HttpEndpoint?: string;
  readonly HttpPutResponseHopLimit?: number;
  /** If `enabled`, EC2 rejects launches and changes that would enable IMDSv1. */
  readonly HttpTokensEnforced?: string;
  /** `account`, or `declarative-policy` if the organization sets the defaults. */
  readonly ManagedBy?: string;
  /** Message of the organization about the policy. Untrusted input. */
  readonly ManagedExceptionMessage?: string;
}

/** Why IMDSv1 cannot be re-enabled. */
export type Obstacle =
  'terminated' | 'aws-managed' | 'unreadable' | 'endpoint-disabled' | 'enforced' | 'enforced-by-policy';

/**
 * What prevents IMDSv1 from being re-enabled on an instance; `undefined` if nothing does.
 *
 * Account defaults apply to launches only, except `HttpTokensEnforced`, which also applies to changes of existing
 * instances. If a declarative policy sets it, the account cannot change it.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
 */
export function obstacleTo({ state, awsManaged, options }: Snapshot, defaults: AccountDefaults): Obstacle | undefined {
  if (state === 'shutting-down' || state === 'terminated') return 'terminated';
  if (awsManaged) return 'aws-managed';
  if (options.HttpEndpoint === 'disabled') return 'endpoint-disabled';
  if (options.HttpEndpoint !== 'enabled') return 'unreadable';
  if (isImdsv1Enabled(options)) return undefined;
  if (options.HttpTokens !== 'required') return 'unreadable';
  if (defaults.HttpTokensEnforced !== 'enabled') return undefined;
  return defaults.ManagedBy === 'declarative-policy' ? 'enforced-by-policy' : 'enforced';
}
