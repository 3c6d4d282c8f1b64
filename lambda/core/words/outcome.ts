import { isRetried, type Outcome } from '../outcome.ts';
import type { Reason, ReviewReason } from '../reason.ts';
import { plural } from './format.ts';

/** How far a change is: EC2 applies it to a running instance at once, and to a stopped one when it starts. */
export function changeNote({ snapshot, after }: Pick<Outcome, 'snapshot' | 'after'>): string {
  if (after?.State === 'applied') return 'Now requires IMDSv2.';
  if (snapshot?.state === 'stopped') return 'IMDSv2 was requested; EC2 applies it when the instance starts.';
  return 'IMDSv2 was requested; EC2 has not confirmed it yet.';
}

/** What happened to an instance and why, in one or two sentences without untrusted input. */
export function explainOutcome(outcome: Outcome): string {
  const { status, reason, target } = outcome;
  const { drift, opening = 'IMDSv1 was enabled', sentences } = target.context.trigger;
  switch (status) {
    case 'remediated':
      return drift ? `${opening} and has been reverted.` : `${opening}. Now requires IMDSv2.`;
    case 'would-remediate':
      return `${opening}. Audit mode: nothing was changed.`;
    case 'already-remediated':
      return 'IMDSv1 was enabled when this was recorded. Already remediated when checked.';
    case 'exempt':
    case 'needs-review':
    case 'skipped':
      return sentences?.[reason] ?? SENTENCES[reason];
    case 'failed':
      if (!isRetried(outcome)) return SENTENCES[reason];
      return drift
        ? `${opening}, and is not reverted yet. ${SENTENCES[reason]} ${RETRIED}`
        : `${SENTENCES[reason]} ${RETRIED}`;
  }
}

const RETRIED = 'It will be retried. IMDSv1 stays enabled until then.';

const SENTENCES: Readonly<Record<Reason, string>> = {
  'imdsv1-enabled': 'IMDSv1 is enabled.',
  exempt: 'An exemption is in date. IMDSv1 stays enabled.',
  'exempt-self-granted':
    'An exemption is in date, and the RunInstances call itself set its tag. Check that it was approved. IMDSv1, if enabled, stays enabled.',
  unreadable: 'EC2 returned metadata options of an unknown form. Nothing was changed.',
  'exemption-malformed':
    'The exemption tag is not a calendar date (YYYY-MM-DD). IMDSv1, if enabled, stays enabled. From the next scan on, the tag is ignored: correct or remove it.',
  'exemption-exceeds-maximum':
    'The exemption exceeds the maximum duration of this account. IMDSv1, if enabled, stays enabled. From the next scan on, the tag is ignored: correct or remove it.',
  'exemption-expired':
    'The exemption tag was set to a past date. Setting the tag never leads to a change, and IMDSv1 stays enabled.',
  'in-use': 'IMDSv1 is in use, and stays enabled until it is unused.',
  'launch-source-in-use':
    'Its Auto Scaling group uses IMDSv1 (launches=enforce-when-unused), and IMDSv1 stays enabled. Update its software, then its launch template.',
  'usage-unknown': 'IMDSv1 usage is unknown, and IMDSv1 stays enabled until it is measured as unused.',
  'sibling-rejected':
    'IMDSv1 calls are rejected on another instance of its launch source, so nothing more of it is changed. IMDSv1 stays enabled.',
  'existing-instance': 'Existing instances are reported only (existing=audit), and IMDSv1 stays enabled.',
  terminated: 'Shutting down or terminated.',
  'aws-managed': 'Operated by an AWS service. No one else can modify it.',
  'endpoint-disabled':
    'IMDS is disabled, and IMDSv1 with it. (Security Hub EC2.8 still reports it while tokens are optional.)',
  compliant: 'IMDSv2 is required.',
  'already-remediated': 'IMDSv2 is required.',
  gone: 'EC2 no longer returns this instance.',
  recorded: 'IMDSv1 is enabled. A finding is on the work queue for remediation.',
  'not-visible': 'EC2 does not return this instance yet.',
  'not-ready': 'EC2 does not accept the change in the current state of the instance.',
  throttled: 'EC2 throttled the account.',
  unavailable: 'EC2 did not respond.',
  deadline: "EC2's request rate or the time limit of the invocation left no room for the change.",
  denied:
    'EC2 denied the change: permission missing. IMDSv1 stays enabled. See "EC2 denies the change" in the runbook.',
  unsupported:
    'EC2 does not support the change. An account setting (HttpTokensEnforced) or a declarative policy of the organization may govern these options.',
  'wrong-state': 'EC2 does not accept the change in the state of the instance.',
  invalid: 'AWS rejected the request as invalid.',
  unknown: 'The change failed for an unknown reason.',
  'given-up':
    'Remediation was tried for an hour or more without success. IMDSv1 stays enabled; the next scan tries again, three times in all.',
  'given-up-for-good':
    'Remediation was tried for an hour or more, and again after three scans, without success. IMDSv1 stays enabled until a person redrives the dead-letter queue.',
};

/** Labels of the reasons for a review. */
export const REVIEW_LABELS: Readonly<Record<ReviewReason, string>> = {
  unreadable: 'metadata options with unknown values',
  'exemption-malformed': 'exemption is not a date',
  'exemption-exceeds-maximum': 'exemption exceeds the maximum duration',
  'exemption-expired': 'exemption tag set to a past date',
  'existing-instance': 'existing=audit, report only',
  'in-use': 'IMDSv1 in use',
  'launch-source-in-use': 'launched by a group with IMDSv1 in use',
  'usage-unknown': 'IMDSv1 usage unknown',
  'sibling-rejected': 'calls are rejected on other instances of their launch sources',
};

/** Why a scan did not change a non-compliant instance: a review, a remediation to come, or `mode=audit`. */
export type UnchangedReason = ReviewReason | 'remediation-pending' | 'audit-mode';

const UNCHANGED_LABELS: Readonly<Record<UnchangedReason, string>> = {
  ...REVIEW_LABELS,
  'remediation-pending': 'remediation pending',
  'audit-mode': 'mode=audit, report only',
};

/** The title of a list of non-compliant instances that were not changed for the same reason. */
export function nonCompliantTitle(reason: UnchangedReason, instances: number): string {
  const noun = reason === 'existing-instance' ? 'non-compliant existing instance' : 'non-compliant instance';
  return `${plural(instances, noun)} (${UNCHANGED_LABELS[reason]})`;
}
