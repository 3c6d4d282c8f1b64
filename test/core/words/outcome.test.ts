import { FAILURE_KINDS, isRetryable } from '../../../lambda/core/failure.ts';
import type { Outcome } from '../../../lambda/core/outcome.ts';
import type { Reason, ReviewReason } from '../../../lambda/core/reason.ts';
import { explainOutcome, nonCompliantTitle, REVIEW_LABELS } from '../../../lambda/core/words/outcome.ts';
import { ALL_TRIGGERS } from '../../../lambda/triggers/index.ts';
import { outcome, target } from '../../support/builders.ts';

/** Every reason with a status that can have it. A new reason does not compile until it is listed here. */
const REASONS = {
  'imdsv1-enabled': 'remediated',
  exempt: 'exempt',
  'exempt-self-granted': 'exempt',
  unreadable: 'needs-review',
  'exemption-malformed': 'needs-review',
  'exemption-exceeds-maximum': 'needs-review',
  'exemption-expired': 'needs-review',
  'in-use': 'needs-review',
  'launch-source-in-use': 'needs-review',
  'usage-unknown': 'needs-review',
  'sibling-rejected': 'needs-review',
  'existing-instance': 'needs-review',
  terminated: 'skipped',
  'aws-managed': 'skipped',
  'endpoint-disabled': 'skipped',
  compliant: 'skipped',
  'already-remediated': 'already-remediated',
  gone: 'skipped',
  recorded: 'skipped',
  'not-visible': 'failed',
  'not-ready': 'failed',
  throttled: 'failed',
  unavailable: 'failed',
  deadline: 'failed',
  denied: 'failed',
  unsupported: 'failed',
  'wrong-state': 'failed',
  invalid: 'failed',
  unknown: 'failed',
  'given-up': 'failed',
  'given-up-for-good': 'failed',
} as const satisfies Record<Reason, Outcome['status']>;

const ALL = Object.entries(REASONS) as [Reason, Outcome['status']][];

const SENTENCES = /^[A-Z][ -~]{8,}[.)]$/;

test.each(ALL)('explains %s (%s) in sentences, for every trigger', (reason, status) => {
  for (const trigger of ALL_TRIGGERS) {
    expect(explainOutcome(outcome({ status, reason, target: target({ trigger }) }))).toMatch(SENTENCES);
  }
});

test('explains every reason differently', () => {
  const explanations = ALL.map(([reason, status]) => explainOutcome(outcome({ status, reason })));
  expect(new Set(explanations).size).toBe(ALL.length);
});

test.each([
  ['remediated', 'launch', 'Launched with IMDSv1 enabled. Now requires IMDSv2.'],
  ['remediated', 'drift', 'IMDSv1 was re-enabled and has been reverted.'],
  ['remediated', 'running', 'Started with IMDSv1 enabled. Now requires IMDSv2.'],
  ['remediated', 'command', 'IMDSv1 was enabled. Now requires IMDSv2.'],
  [
    'remediated',
    'revoke',
    'The exemption tag, or every tag, was removed while IMDSv1 was enabled. Now requires IMDSv2.',
  ],
  ['would-remediate', 'launch', 'Launched with IMDSv1 enabled. Audit mode: nothing was changed.'],
  ['would-remediate', 'drift', 'IMDSv1 was re-enabled. Audit mode: nothing was changed.'],
] as const)('says how IMDSv1 came to be enabled: %s on %s', (status, trigger, explanation) => {
  expect(explainOutcome(outcome({ status, target: target({ trigger }) }))).toBe(explanation);
});

describe('a change of the exemption tag', () => {
  const explanationOf = (trigger: string, reason: Reason) =>
    explainOutcome(outcome({ status: REASONS[reason], reason, target: target({ trigger }) }));

  test('that sets it is explained whether or not IMDSv1 is enabled', () => {
    const granted =
      'The exemption tag was set. Until that date the instance is not remediated, whether or not IMDSv1 is enabled. Check that it was approved.';
    expect(explanationOf('grant', 'exempt-self-granted')).toBe(granted);
    expect(explanationOf('grant', 'exempt')).toBe(granted);
  });

  test.each(['exemption-expired', 'existing-instance'] as const)(
    'that sets it without effect (%s) is not explained as an existing instance',
    (reason) => {
      expect(explanationOf('grant', reason)).toMatch(
        /^The exemption tag was set.*[Ss]etting the tag never leads to a change/,
      );
      expect(explanationOf('running', 'existing-instance')).toMatch(/^Existing instances are reported only/);
    },
  );

  test('that sets an invalid value says what is wrong', () => {
    expect(explanationOf('grant', 'exemption-malformed')).toMatch(/not a calendar date.*exempts nothing/);
    expect(explanationOf('grant', 'exemption-exceeds-maximum')).toMatch(
      /exceeds the maximum duration.*exempts nothing/,
    );
  });

  test.each(['exemption-malformed', 'exemption-exceeds-maximum', 'exemption-expired'] as const)(
    'that sets an invalid value (%s) does not claim that IMDSv1 is enabled',
    (reason) => {
      expect(explanationOf('grant', reason)).not.toContain('IMDSv1 stays enabled');
      expect(explanationOf('grant', reason)).toContain('IMDSv1, if enabled, stays enabled');
    },
  );

  test.each(['existing-instance', 'in-use', 'usage-unknown'] as const)(
    'that removes all tags (%s) says that an exemption may have been one of them',
    (reason) => {
      expect(explanationOf('revoke', reason)).toMatch(
        /^All tags were removed\. Whether one of them was an exemption is not known\./,
      );
      expect(explanationOf('revoke', reason)).toMatch(/IMDSv1 (is in use, and )?stays enabled/);
    },
  );

  test.each(['exemption-malformed', 'exemption-exceeds-maximum'] as const)(
    'that sets an invalid value (%s) says that the tag is ignored from the next scan on',
    (reason) => {
      for (const trigger of ['grant', 'launch']) {
        expect(explanationOf(trigger, reason)).toContain('From the next scan on, the tag is ignored');
      }
    },
  );

  test('that removes it says if an exemption is still in date', () => {
    expect(explanationOf('revoke', 'exempt')).toMatch(/^The exemption tag was removed, but one is in date/);
    expect(explanationOf('launch', 'exempt')).toMatch(/^An exemption is in date/);
    expect(explanationOf('drift', 'exempt')).toMatch(/^IMDSv1 was re-enabled, and an exemption in date covers it/);
  });
});

test('says that IMDSv1 stays enabled wherever it does', () => {
  const reasons: readonly Reason[] = [
    'exempt',
    'exempt-self-granted',
    'exemption-malformed',
    'exemption-exceeds-maximum',
    'exemption-expired',
    'existing-instance',
    'usage-unknown',
    'throttled',
    'unavailable',
    'deadline',
    'denied',
    'unknown',
    'given-up',
    'given-up-for-good',
  ];
  for (const reason of reasons) {
    expect(explainOutcome(outcome({ status: REASONS[reason], reason }))).toMatch(
      /IMDSv1(, if enabled,)? stays enabled/,
    );
  }
  for (const [trigger, reason] of [
    ['grant', 'existing-instance'],
    ['revoke', 'exempt'],
  ] as const) {
    const unchanged = outcome({ status: REASONS[reason], reason, target: target({ trigger }) });
    expect(explainOutcome(unchanged)).toContain('IMDSv1 stays enabled');
  }
});

test.each(FAILURE_KINDS)('announces a retry of failed(%s) only if there is one', (reason) => {
  const announced = explainOutcome(outcome({ status: 'failed', reason })).includes('will be retried');
  expect(announced).toBe(isRetryable(reason));
});

test('names possible causes of a rejected change', () => {
  expect(explainOutcome(outcome({ status: 'failed', reason: 'unsupported' }))).toMatch(
    /HttpTokensEnforced.*declarative policy/,
  );
  expect(explainOutcome(outcome({ status: 'failed', reason: 'denied' }))).toContain('runbook');
});

describe('nonCompliantTitle()', () => {
  test.each([
    ['existing-instance', 11, '11 non-compliant existing instances (existing=audit, report only)'],
    ['in-use', 1, '1 non-compliant instance (IMDSv1 in use)'],
    ['remediation-pending', 2, '2 non-compliant instances (remediation pending)'],
    ['audit-mode', 1, '1 non-compliant instance (mode=audit, report only)'],
  ] as const)('of %s and %i instances', (reason, instances, title) => {
    expect(nonCompliantTitle(reason, instances)).toBe(title);
  });

  test('differs for every reason', () => {
    const titles = Object.keys(REVIEW_LABELS).map((reason) => nonCompliantTitle(reason as ReviewReason, 2));
    expect(new Set(titles).size).toBe(titles.length);
  });
});
