import { TRIGGERS } from '../../lambda/contract.ts';
import { FAILURE_KINDS, isRetryable } from '../../lambda/core/failure.ts';
import type { Outcome, Reason } from '../../lambda/core/outcome.ts';
import { explain, sentenceOf } from '../../lambda/core/words.ts';
import { outcome, target } from '../support/builders.ts';

/** Every status with every reason it can have. `satisfies` below makes a new reason fail to compile here. */
const REASONS = {
  'imdsv1-enabled': 'remediated',
  exempt: 'exempt',
  'exempt-self-granted': 'exempt',
  unreadable: 'needs-review',
  'exemption-malformed': 'needs-review',
  'exemption-exceeds-maximum': 'needs-review',
  'exemption-expired': 'needs-review',
  'in-use': 'needs-review',
  'usage-unknown': 'needs-review',
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
} as const satisfies Record<Reason, Outcome['status']>;

const ALL = Object.entries(REASONS) as [Reason, Outcome['status']][];

test.each(ALL)('%s (%s) is explained in a sentence', (reason, status) => {
  for (const trigger of TRIGGERS) {
    expect(explain(outcome({ status, reason, target: target({ trigger }) }))).toMatch(/^[A-Z][ -~]{8,}[.)]$/);
  }
});

test('each reason has words of its own', () => {
  const sentences = ALL.map(([reason, status]) => explain(outcome({ status, reason })));
  expect(new Set(sentences).size).toBe(ALL.length);
});

test.each(ALL)('%s has a sentence for lists too, where no trigger is told', (reason) => {
  expect(sentenceOf(reason)).toMatch(/^[A-Z][ -~]{8,}[.)]$/);
});

test('what was done says how it came to be open', () => {
  const told = (status: Outcome['status'], trigger: (typeof TRIGGERS)[number]) =>
    explain(outcome({ status, target: target({ trigger }) }));
  expect(told('remediated', 'launch')).toBe('It was launched with IMDSv1 reachable; it is closed now.');
  expect(told('remediated', 'drift')).toBe('Somebody made IMDSv1 reachable again; it is closed now.');
  expect(told('remediated', 'running')).toBe('It started running with IMDSv1 reachable; it is closed now.');
  expect(told('would-remediate', 'launch')).toBe(
    'It was launched with IMDSv1 reachable. Audit mode: nothing was changed.',
  );
  expect(told('remediated', 'revoke')).toBe(
    'Somebody removed its exemption tag, or all its tags, while IMDSv1 was reachable; it is closed now.',
  );
  expect(told('would-remediate', 'revoke')).toBe(
    'Somebody removed its exemption tag, or all its tags, while IMDSv1 was reachable. Audit mode: nothing was changed.',
  );
  expect(told('remediated', 'command')).toBe('IMDSv1 was reachable; it is closed now.');
});

describe('a change of the exemption tag', () => {
  const told = (trigger: (typeof TRIGGERS)[number], reason: Reason) =>
    explain(outcome({ status: REASONS[reason], reason, target: target({ trigger }) }));

  test('that sets it says what it means, also where IMDSv1 is not reachable now', () => {
    const granted =
      'Somebody set its exemption tag: until that day ends IMDSv1 may be reachable on it, and we leave it alone. Check that somebody approved it.';
    expect(told('grant', 'exempt-self-granted')).toBe(granted);
    expect(told('grant', 'exempt')).toBe(granted);
  });

  test.each(['exemption-expired', 'existing-instance'] as const)(
    'that sets it and exempts nothing (%s) is not taken for one of an existing instance',
    (reason) => {
      expect(told('grant', reason)).toMatch(/^Somebody set its exemption tag.*setting the tag changes nothing/);
      expect(told('running', 'existing-instance')).toMatch(/^It existed before/);
    },
  );

  test('that sets it to nonsense says what is wrong with it', () => {
    expect(told('grant', 'exemption-malformed')).toMatch(/not a calendar date.*exempts nothing/);
    expect(told('grant', 'exemption-exceeds-maximum')).toMatch(
      /further ahead than this account allows.*exempts nothing/,
    );
  });

  test.each(['exemption-malformed', 'exemption-exceeds-maximum', 'exemption-expired'] as const)(
    'that exempts nothing (%s) does not say of a compliant instance that IMDSv1 is reachable',
    (reason) => {
      expect(told('grant', reason)).not.toContain('IMDSv1 stays reachable');
      expect(told('grant', reason)).toContain('where IMDSv1 is reachable it stays so');
    },
  );

  test.each(['existing-instance', 'in-use', 'usage-unknown'] as const)(
    'that removed all tags, and what was left (%s), says that nobody knows whether an exemption was among them',
    (reason) => {
      expect(told('revoke', reason)).toMatch(
        /^Somebody removed all its tags; whether an exemption was among them is not/,
      );
      expect(told('revoke', reason)).toContain('IMDSv1 stays reachable');
    },
  );

  test('that removes it, and it is there all the same, says so', () => {
    expect(told('revoke', 'exempt')).toMatch(/^Somebody removed an exemption tag, but it has one/);
    expect(told('launch', 'exempt')).toMatch(/^A dated exemption covers it/);
  });
});

test('what was left open says so', () => {
  const open: readonly Reason[] = [
    'exempt',
    'exempt-self-granted',
    'exemption-malformed',
    'exemption-exceeds-maximum',
    'exemption-expired',
    'existing-instance',
    'throttled',
    'unavailable',
    'deadline',
    'denied',
    'unknown',
  ];
  for (const reason of open) {
    expect(explain(outcome({ status: REASONS[reason], reason }))).toContain('IMDSv1 stays reachable');
  }
  for (const [trigger, reason] of [
    ['grant', 'existing-instance'],
    ['revoke', 'exempt'],
  ] as const) {
    const left = outcome({ status: REASONS[reason], reason, target: target({ trigger }) });
    expect(explain(left)).toContain('IMDSv1 stays reachable');
  }
});

test.each(FAILURE_KINDS)('failed(%s) promises another try exactly if there will be one', (reason) => {
  const promises = explain(outcome({ status: 'failed', reason })).includes('it will be tried again');
  expect(promises).toBe(isRetryable(reason));
});

test('a refusal names what may be behind it', () => {
  expect(explain(outcome({ status: 'failed', reason: 'unsupported' }))).toMatch(
    /HttpTokensEnforced.*declarative policy/,
  );
  expect(explain(outcome({ status: 'failed', reason: 'denied' }))).toContain('runbook');
});
