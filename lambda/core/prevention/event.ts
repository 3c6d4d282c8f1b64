import type { Caller } from '../target.ts';

/** What a refused launch asked for: the parts of its record that lead to its launch source. Untrusted input. */
export interface RequestedLaunch {
  readonly launchTemplateId?: string;
  readonly launchTemplateName?: string;
  readonly launchTemplateVersion?: string;
  /** The fleet whose client token the call has. */
  readonly fleetId?: string;
  readonly imageId?: string;
  readonly instanceType?: string;
  readonly subnetId?: string;
  /** `HttpTokens` of the call itself; absent if it leaves the option to its launch source and the defaults. */
  readonly httpTokens?: string;
}

/** The metadata defaults of an account that prevent IMDSv1. */
export interface PreventingDefaults {
  readonly HttpTokens?: string;
  readonly HttpTokensEnforced?: string;
}

/** The Auto Scaling service, as CloudTrail names it in `invokedBy`. */
export const AUTO_SCALING = 'autoscaling.amazonaws.com';

/** A launch that EC2 refused because IMDSv2 is enforced. */
export interface LaunchRefused {
  readonly kind: 'launch-refused';
  readonly launch: RequestedLaunch;
  readonly errorMessage: string;
}

/** A call that weakened the metadata defaults of the account, or ended their enforcement. */
export interface DefaultsWeakened {
  readonly kind: 'defaults-weakened';
  /** The weaker values that it set. */
  readonly requested: PreventingDefaults;
}

/** An event about prevention in a region. It names no instance, and nothing is changed because of it. */
export type PreventionEvent = (LaunchRefused | DefaultsWeakened) & {
  /** Name of the trigger. */
  readonly trigger: string;
  readonly account: string;
  readonly region: string;
  readonly eventId: string;
  readonly occurredAt: Date;
  readonly caller: Caller;
};

/** Which of the values that a call set are weaker than what prevents IMDSv1. */
export const weakened = ({ HttpTokens, HttpTokensEnforced }: PreventingDefaults): PreventingDefaults => ({
  ...(HttpTokens !== undefined && HttpTokens !== 'required' && { HttpTokens }),
  ...(HttpTokensEnforced !== undefined && HttpTokensEnforced !== 'enabled' && { HttpTokensEnforced }),
});

/** Whether everything that a call weakened is strong again. */
export function isRestored(requested: PreventingDefaults, now: PreventingDefaults): boolean {
  return (
    (requested.HttpTokens === undefined || now.HttpTokens === 'required') &&
    (requested.HttpTokensEnforced === undefined || now.HttpTokensEnforced === 'enabled')
  );
}
