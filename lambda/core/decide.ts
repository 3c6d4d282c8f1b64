import type { Existing } from '../contract.ts';
import { readExemption } from './exemption.ts';
import { isFirstLaunch, type Snapshot } from './instance.ts';
import { type Context, saysReachable } from './target.ts';

/** Rules that an account can choose. */
export interface Policy {
  readonly existing: Existing;
  readonly exemptionHorizonDays: number;
}

export type SkipReason = 'terminated' | 'aws-managed' | 'endpoint-disabled' | 'compliant' | 'closed';
export type HoldProblem = 'unreadable' | 'exemption-malformed' | 'exemption-beyond-horizon' | 'existing-instance';

/** What should happen to an instance. */
export type Decision =
  | { readonly kind: 'skip'; readonly reason: SkipReason }
  | { readonly kind: 'exempt'; readonly until: string; readonly grantReason?: string; readonly selfGranted: boolean }
  | { readonly kind: 'hold'; readonly problem: HoldProblem; readonly value?: string }
  | { readonly kind: 'remediate' };

/**
 * The whole change, the same for every instance.
 *
 * The user guide requires the endpoint beside the tokens; row 4 of the decision makes sure that it is enabled already. What is
 * not sent keeps its value.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
 */
export const CHANGE = { HttpTokens: 'required', HttpEndpoint: 'enabled' } as const;

/**
 * Decides about one instance. The first rule that applies wins:
 *
 * 1. It is going or gone: nothing to protect. What rule 5 would tell of it is still told.
 * 2. An AWS service operates it: nobody can modify it.
 * 3. Its options cannot be read: hold, for what we cannot read we do not touch.
 * 4. IMDS is off: no IMDS, no IMDSv1. Our change would switch it on, which is worse.
 * 5. Tokens are required: compliant. If a record says that IMDSv1 was reachable, somebody closed it since, and that is told.
 * 6. A dated exemption covers today: leave it. One that cannot be read, or reaches too far: hold.
 * 7. It existed before this start: as the account chose for existing instances.
 * 8. Otherwise: require tokens.
 */
export function decide(snapshot: Snapshot, context: Context, policy: Policy, now: Date): Decision {
  const { state, options } = snapshot;
  const guarded = options.HttpEndpoint === 'enabled' && options.HttpTokens === 'required';
  const closed = guarded && saysReachable(context.recorded);
  if (state === 'shutting-down' || state === 'terminated') {
    return { kind: 'skip', reason: closed ? 'closed' : 'terminated' };
  }
  if (snapshot.awsManaged) return { kind: 'skip', reason: 'aws-managed' };

  const tokensKnown = options.HttpTokens === 'optional' || options.HttpTokens === 'required';
  const endpointKnown = options.HttpEndpoint === 'enabled' || options.HttpEndpoint === 'disabled';
  if (!tokensKnown || !endpointKnown) return { kind: 'hold', problem: 'unreadable' };

  if (options.HttpEndpoint === 'disabled') return { kind: 'skip', reason: 'endpoint-disabled' };
  if (options.HttpTokens === 'required') {
    return { kind: 'skip', reason: closed ? 'closed' : 'compliant' };
  }

  const exemption = readExemption(snapshot.tags, now, policy.exemptionHorizonDays);
  switch (exemption.kind) {
    case 'active': {
      const selfGranted = context.recorded?.grantedByCall === true;
      return { kind: 'exempt', until: exemption.until, grantReason: exemption.reason, selfGranted };
    }
    case 'malformed':
      return { kind: 'hold', problem: 'exemption-malformed', value: exemption.value };
    case 'beyond-horizon':
      return { kind: 'hold', problem: 'exemption-beyond-horizon', value: exemption.until };
    case 'none':
    case 'expired':
      break;
  }

  const existedBefore = context.trigger === 'running' && !isFirstLaunch(snapshot);
  if (existedBefore && policy.existing === 'audit') return { kind: 'hold', problem: 'existing-instance' };

  return { kind: 'remediate' };
}
