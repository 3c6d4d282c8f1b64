import type { Existing } from '../contract.ts';
import { type Exemption, readExemption } from './exemption.ts';
import { isFirstLaunch, type Snapshot } from './instance.ts';
import { type Context, recordsImdsv1Enabled } from './target.ts';
import type { UsageRules } from './usage.ts';

/** Rules that an account can choose. */
export interface Policy {
  readonly existing: Existing;
  readonly maxExemptionDays: number;
  /**
   * What counts as use of IMDSv1.
   *
   * @default USAGE_RULES
   */
  readonly usage?: UsageRules;
}

export type SkipReason = 'terminated' | 'aws-managed' | 'endpoint-disabled' | 'compliant' | 'already-remediated';
export type ReviewReason =
  | 'unreadable'
  | 'exemption-malformed'
  | 'exemption-exceeds-maximum'
  | 'exemption-expired'
  | 'existing-instance'
  | 'in-use'
  | 'usage-unknown';

/** What should happen to an instance. */
export type Decision =
  | { readonly kind: 'skip'; readonly reason: SkipReason }
  | { readonly kind: 'exempt'; readonly until: string; readonly grantReason?: string; readonly selfGranted: boolean }
  | { readonly kind: 'needs-review'; readonly problem: ReviewReason; readonly value?: string }
  | { readonly kind: 'remediate' };

/**
 * The whole change, the same for every instance.
 *
 * The user guide requires the endpoint beside the tokens; row 4 of the decision makes sure that it is enabled already. What is
 * not sent keeps its value.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
 */
export const CHANGE = { HttpTokens: 'required', HttpEndpoint: 'enabled' } as const;

/** What a row of the table looks at. */
interface Case {
  readonly snapshot: Snapshot;
  readonly context: Context;
  readonly policy: Policy;
  readonly exemption: Exemption;
  /** A record says that IMDSv1 was reachable, and it is no longer. */
  readonly alreadyRemediated: boolean;
  /** This is about the exemption tag that somebody just set, whatever it says. */
  readonly granted: boolean;
}

/** What a row can be about; its address for everything that explains decisions. */
export type RowName =
  'gone' | 'aws-managed' | 'unreadable' | 'imds-off' | 'tokens-required' | 'exemption' | 'existing' | 'otherwise';

/** A row of the table as people read it. */
export interface Row {
  readonly number: number;
  readonly name: RowName;
  readonly rule: string;
}

/** A row that decides some cases and leaves the others to the rows below it. */
interface Exception extends Row {
  readonly test: (given: Case) => Decision | undefined;
}

const EXCEPTIONS: readonly Exception[] = [
  {
    number: 1,
    name: 'gone',
    rule: 'It is going or gone: nothing to protect. If row 5 would tell of it, it is still told.',
    test: ({ snapshot: { state }, alreadyRemediated }) => {
      if (state !== 'shutting-down' && state !== 'terminated') return undefined;
      return { kind: 'skip', reason: alreadyRemediated ? 'already-remediated' : 'terminated' };
    },
  },
  {
    number: 2,
    name: 'aws-managed',
    rule: 'An AWS service operates it: nobody can modify it.',
    test: ({ snapshot: { awsManaged } }) => (awsManaged ? { kind: 'skip', reason: 'aws-managed' } : undefined),
  },
  {
    number: 3,
    name: 'unreadable',
    rule: 'Its options cannot be read: hold, for what we cannot read we do not touch.',
    test: ({ snapshot: { options } }) => {
      const tokensKnown = options.HttpTokens === 'optional' || options.HttpTokens === 'required';
      const endpointKnown = options.HttpEndpoint === 'enabled' || options.HttpEndpoint === 'disabled';
      return tokensKnown && endpointKnown ? undefined : { kind: 'needs-review', problem: 'unreadable' };
    },
  },
  {
    number: 4,
    name: 'imds-off',
    rule: 'IMDS is off: no IMDS, no IMDSv1. Our change would switch it on, which is worse.',
    test: ({ snapshot: { options }, granted }) =>
      options.HttpEndpoint === 'disabled' && !granted ? { kind: 'skip', reason: 'endpoint-disabled' } : undefined,
  },
  {
    number: 5,
    name: 'tokens-required',
    rule: 'Tokens are required: compliant. If a record says that IMDSv1 was reachable, somebody closed it since, and that is told.',
    test: ({ snapshot: { options }, alreadyRemediated, granted }) =>
      options.HttpTokens === 'required' && !granted
        ? { kind: 'skip', reason: alreadyRemediated ? 'already-remediated' : 'compliant' }
        : undefined,
  },
  {
    number: 6,
    name: 'exemption',
    rule: 'A dated exemption covers today: leave it. One that cannot be read, or reaches too far, or was set to a day that is over: hold.',
    test: ({ context, exemption }) => {
      switch (exemption.kind) {
        case 'active': {
          const selfGranted = context.recorded?.grantedByCall === true;
          return { kind: 'exempt', until: exemption.until, grantReason: exemption.reason, selfGranted };
        }
        case 'malformed':
          return { kind: 'needs-review', problem: 'exemption-malformed', value: exemption.value };
        case 'exceeds-maximum':
          return { kind: 'needs-review', problem: 'exemption-exceeds-maximum', value: exemption.until };
        case 'expired':
          if (context.trigger !== 'grant') return undefined;
          return { kind: 'needs-review', problem: 'exemption-expired', value: exemption.until };
        case 'none':
          return undefined;
      }
    },
  },
  {
    number: 7,
    name: 'existing',
    rule: 'It existed before this start, or all its tags were removed: as the account chose for existing instances. Setting the exemption tag never leads to a change.',
    test: ({ snapshot, context: { trigger, recorded, usage }, policy }) => {
      const left: Decision = { kind: 'needs-review', problem: 'existing-instance' };
      if (trigger === 'grant') return left;
      const existedBefore =
        trigger === 'scan' ||
        (trigger === 'running' && !isFirstLaunch(snapshot)) ||
        // Nothing says that it ever was exempt.
        (trigger === 'revoke' && recorded?.allTags === true);
      if (!existedBefore || policy.existing === 'enforce') return undefined;
      if (policy.existing === 'audit') return left;
      if (usage?.kind === 'unused') return undefined;
      return { kind: 'needs-review', problem: usage?.kind === 'in-use' ? 'in-use' : 'usage-unknown' };
    },
  },
];

const OTHERWISE: Row = { number: 8, name: 'otherwise', rule: 'Otherwise: require tokens.' };

/** The table, top to bottom: the first row that applies decides. */
export const ROWS: readonly Row[] = [...EXCEPTIONS, OTHERWISE];

/** Whether a decision may change once the use of IMDSv1 is measured. */
export const isGated = (decision: Decision): boolean =>
  decision.kind === 'needs-review' && decision.problem === 'usage-unknown';

/** A decision and the row that made it. */
export interface Ruling {
  readonly row: Row;
  readonly decision: Decision;
}

/**
 * Finds the row that decides about one instance.
 *
 * Somebody who sets the exemption tag must hear what that means, so a grant is told whatever the tag says and whatever the options
 * are now: rows 4 and 5 leave it to row 6.
 */
export function rulingOn(snapshot: Snapshot, context: Context, policy: Policy, now: Date): Ruling {
  const { HttpTokens, HttpEndpoint } = snapshot.options;
  const exemption = readExemption(snapshot.tags, now, policy.maxExemptionDays);
  const given: Case = {
    snapshot,
    context,
    policy,
    exemption,
    alreadyRemediated:
      HttpEndpoint === 'enabled' && HttpTokens === 'required' && recordsImdsv1Enabled(context.recorded),
    granted: context.trigger === 'grant' && exemption.kind !== 'none',
  };
  for (const row of EXCEPTIONS) {
    const decision = row.test(given);
    if (decision !== undefined) return { row, decision };
  }
  return { row: OTHERWISE, decision: { kind: 'remediate' } };
}

/** Decides about one instance. */
export function decide(snapshot: Snapshot, context: Context, policy: Policy, now: Date): Decision {
  return rulingOn(snapshot, context, policy, now).decision;
}
