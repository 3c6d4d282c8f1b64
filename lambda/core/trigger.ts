import type { Reason } from './reason.ts';

/**
 * What the decision and the alerts need to know about a trigger: data, defined beside its parser.
 *
 * Only the name is required. A trigger that states nothing else finds existing exposure, which is the safe default: it
 * is remediated only if the account chose so for existing instances.
 */
export interface TriggerTraits {
  /** Public name: the `trigger` of messages and log lines. */
  readonly name: string;
  /**
   * Whether the exposure it finds is new. `new-on-first-launch`: if the instance was first launched within 15 minutes
   * before.
   * `new-by-call`: the same, or if the call re-enabled IMDSv1, as `isNewExposure` judges it.
   *
   * @default 'existing'
   */
  readonly exposure?: 'new' | 'new-on-first-launch' | 'new-by-call' | 'existing';
  /** The traits that apply instead if the exposure existed before; by default the same. */
  readonly onExisting?: TriggerTraits;
  /** The exposure began with the call, not with the last start of the instance. */
  readonly exposedByCall?: boolean;
  /** The call re-enabled IMDSv1. Its remediations are HIGH and count as drift. */
  readonly drift?: boolean;
  /** What the call did to the exemption tag, if anything. Setting the tag never leads to a change. */
  readonly exemptionTag?: 'set' | 'removed';
  /** With a trail, the CloudTrail triggers have already reported what this one finds on a first start. */
  readonly backsUpCloudTrail?: boolean;
  /** Instances that stay unchanged are listed in the digests of scans and need no alert of their own. */
  readonly inDigest?: boolean;
  /**
   * First sentence of an alert about an instance with IMDSv1 enabled, without the full stop.
   *
   * @default 'IMDSv1 was enabled'
   */
  readonly opening?: string;
  /** Sentences of an alert that replace the usual ones, by reason. */
  readonly sentences?: Readonly<Partial<Record<Reason, string>>>;
}
