import type { TriggerName } from '../contract.ts';
import type { Outcome } from './outcome.ts';

/** One sentence for people on what became of an instance and why. Detail that strangers wrote is not in it. */
export function explain({ status, reason, target: { context } }: Outcome): string {
  switch (status) {
    case 'remediated':
      return `${opened(context.trigger)}; it is closed now.`;
    case 'would-remediate':
      return `${opened(context.trigger)}. Audit mode: nothing was changed.`;
    case 'already-remediated':
      return 'IMDSv1 was reachable when this was recorded; it was already closed when we looked (by an earlier try of ours, or by somebody else).';
    case 'exempt':
    case 'needs-review':
    case 'skipped':
    case 'failed':
      return OF_THE_TAG[`${context.trigger} ${reason}`] ?? SENTENCES[reason];
  }
}

function opened(trigger: TriggerName): string {
  switch (trigger) {
    case 'launch':
      return 'It was launched with IMDSv1 reachable';
    case 'drift':
      return 'Somebody made IMDSv1 reachable again';
    case 'running':
      return 'It started running with IMDSv1 reachable';
    case 'revoke':
      return 'Somebody removed its exemption tag, or all its tags, while IMDSv1 was reachable';
    case 'grant':
    case 'scan':
    case 'command':
      return 'IMDSv1 was reachable';
  }
}

const GRANTED =
  'Somebody set its exemption tag: until that day ends IMDSv1 may be reachable on it, and we leave it alone. Check that somebody approved it.';

const EXEMPTS_NOTHING =
  'it exempts nothing, and where IMDSv1 is reachable it stays so until the tag is corrected or removed.';

const ALL_TAGS = 'Somebody removed all its tags; whether an exemption was among them is not known. ';

/** What a change of the exemption tag came to, where the sentence for the reason alone would miss it. */
const OF_THE_TAG: Readonly<Partial<Record<`${TriggerName} ${Outcome['reason']}`, string>>> = {
  'grant exempt': GRANTED,
  'grant exempt-self-granted': GRANTED,
  // The instance may be compliant.
  'grant exemption-malformed': `Somebody set its exemption tag to what is not a calendar date (YYYY-MM-DD): ${EXEMPTS_NOTHING}`,
  'grant exemption-exceeds-maximum': `Somebody set its exemption tag to a day further ahead than this account allows: ${EXEMPTS_NOTHING}`,
  'grant exemption-expired':
    'Somebody set its exemption tag to a day that is over: it exempts nothing, and where IMDSv1 is reachable it stays so, for setting the tag changes nothing.',
  'grant existing-instance':
    'Somebody set its exemption tag, but it was gone again when we looked; setting the tag changes nothing, and IMDSv1 stays reachable.',
  'revoke exempt':
    'Somebody removed an exemption tag, but it has one in date all the same (set again, or the call named another value); IMDSv1 stays reachable.',
  'revoke existing-instance': `${ALL_TAGS}Existing instances are only reported here, and IMDSv1 stays reachable.`,
  'revoke in-use': `${ALL_TAGS}Something on it used IMDSv1 not long ago; IMDSv1 stays reachable until nothing does.`,
  'revoke usage-unknown': `${ALL_TAGS}Whether anything on it uses IMDSv1 is not known either; IMDSv1 stays reachable until it was measured and nothing does.`,
};

/** The sentence for a reason alone. */
export const sentenceOf = (reason: Outcome['reason']): string => SENTENCES[reason];

const SENTENCES: Readonly<Record<Outcome['reason'], string>> = {
  'imdsv1-enabled': 'IMDSv1 is reachable.',
  exempt: 'A dated exemption covers it; IMDSv1 stays reachable.',
  'exempt-self-granted':
    'A dated exemption covers it, and the very call that launched it set the tag; IMDSv1 stays reachable. Check that somebody approved it.',
  unreadable: 'EC2 did not state its metadata options in a form we know; nothing was changed.',
  'exemption-malformed':
    'Its exemption tag is not a calendar date (YYYY-MM-DD); IMDSv1 stays reachable until the tag is corrected or removed.',
  'exemption-exceeds-maximum':
    'Its exemption reaches further than this account allows; IMDSv1 stays reachable until the tag is corrected or removed.',
  'exemption-expired':
    'Somebody set its exemption tag to a day that is over; setting the tag changes nothing, and IMDSv1 stays reachable.',
  'in-use': 'Something on it used IMDSv1 not long ago; IMDSv1 stays reachable until nothing does.',
  'usage-unknown':
    'Whether anything on it uses IMDSv1 is not known; IMDSv1 stays reachable until it was measured and nothing does.',
  'existing-instance': 'It existed before; existing instances are only reported here, and IMDSv1 stays reachable.',
  terminated: 'It is terminated.',
  'aws-managed': 'An AWS service operates it; nobody else can modify it.',
  'endpoint-disabled':
    'IMDS is switched off, so IMDSv1 is not reachable. (Security Hub EC2.8 reports it all the same while tokens are optional.)',
  compliant: 'Tokens are required.',
  'already-remediated': 'Tokens are required.',
  gone: 'EC2 no longer shows it.',
  recorded: 'IMDSv1 is reachable; it is on the queue to be closed.',
  'not-visible': 'EC2 does not show it yet; it will be tried again.',
  'not-ready': 'EC2 does not accept the change while it is pending; it will be tried again.',
  throttled: 'EC2 throttled the account until time was up; it will be tried again. IMDSv1 stays reachable until then.',
  unavailable: 'EC2 did not answer; it will be tried again. IMDSv1 stays reachable until then.',
  deadline: 'The time of this invocation was up; it will be tried again. IMDSv1 stays reachable until then.',
  denied: 'EC2 refused for lack of permission; IMDSv1 stays reachable. See "EC2 refuses our change" in the runbook.',
  unsupported:
    'EC2 does not support the change. An account setting (HttpTokensEnforced) or a declarative policy of the organization may govern these options.',
  'wrong-state': 'EC2 does not accept the change in the state the instance is in.',
  invalid: 'EC2 did not accept the request.',
  unknown: 'The change failed for a reason we do not know; it will be tried again. IMDSv1 stays reachable until then.',
};
