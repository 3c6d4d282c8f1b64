import { STATUSES, type Severity, SEVERITIES } from '../../lambda/contract.ts';
import type { Delivery } from '../../lambda/core/delivery.ts';
import { FAILURE_KINDS, isRetryable } from '../../lambda/core/failure.ts';
import { isRetried, isNotified, type Outcome, severityOf, worstOf } from '../../lambda/core/outcome.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';
import { existing, outcome, snapshot, target } from '../support/builders.ts';

const launch = target();
const drift = target({ trigger: 'drift' });
const running = target({ trigger: 'running' });
const grant = target({ trigger: 'grant' });
const revoke = target({ trigger: 'revoke' });

describe('severityOf()', () => {
  test.each<readonly [string, Partial<Outcome>, Severity]>([
    ['a launch that was remediated', { status: 'remediated', target: launch }, 'MEDIUM'],
    ['a start that was remediated', { status: 'remediated', target: running }, 'MEDIUM'],
    ['drift that was remediated', { status: 'remediated', target: drift }, 'HIGH'],
    ['a launch in audit mode', { status: 'would-remediate', target: launch }, 'MEDIUM'],
    ['a start in audit mode', { status: 'would-remediate', target: running }, 'MEDIUM'],
    ['drift in audit mode', { status: 'would-remediate', target: drift }, 'HIGH'],
    ['already remediated', { status: 'already-remediated' }, 'INFORMATIONAL'],
    ['drift that was already remediated', { status: 'already-remediated', target: drift }, 'INFORMATIONAL'],
    ['exempt', { status: 'exempt' }, 'INFORMATIONAL'],
    ['exempt by its own launch call', { status: 'exempt', reason: 'exempt-self-granted' }, 'HIGH'],
    ['drift that an exemption covers', { status: 'exempt', target: drift }, 'HIGH'],
    ['an existing instance to review', { status: 'needs-review', reason: 'existing-instance' }, 'INFORMATIONAL'],
    ['unreadable options to review', { status: 'needs-review', reason: 'unreadable' }, 'MEDIUM'],
    ['a malformed exemption to review', { status: 'needs-review', reason: 'exemption-malformed' }, 'HIGH'],
    ['an exemption that exceeds the maximum', { status: 'needs-review', reason: 'exemption-exceeds-maximum' }, 'HIGH'],
    ['an exemption that was set to a past date', { status: 'needs-review', reason: 'exemption-expired' }, 'HIGH'],
    ['an exemption that was set', { status: 'exempt', reason: 'exempt-self-granted', target: grant }, 'MEDIUM'],
    ['an exemption that was set, without a record', { status: 'exempt', target: grant }, 'MEDIUM'],
    [
      'an exemption that was set to a malformed value',
      { status: 'needs-review', reason: 'exemption-malformed', target: grant },
      'HIGH',
    ],
    [
      'an exemption that was set and removed again',
      { status: 'needs-review', reason: 'existing-instance', target: grant },
      'MEDIUM',
    ],
    ['an exemption that was removed, remediated', { status: 'remediated', target: revoke }, 'MEDIUM'],
    ['an exemption that was removed, in audit mode', { status: 'would-remediate', target: revoke }, 'MEDIUM'],
    [
      'an exemption that was removed, already remediated',
      { status: 'already-remediated', target: revoke },
      'INFORMATIONAL',
    ],
    ['an exemption that was removed and is still in date', { status: 'exempt', target: revoke }, 'MEDIUM'],
    ['an exemption that was removed, failed', { status: 'failed', reason: 'denied', target: revoke }, 'CRITICAL'],
    ['skipped', { status: 'skipped' }, 'INFORMATIONAL'],
    ['a failure that is retried', { status: 'failed', reason: 'throttled' }, 'MEDIUM'],
    ['a failure that is not retried', { status: 'failed', reason: 'denied' }, 'CRITICAL'],
    ['drift with a failure that is retried', { status: 'failed', reason: 'throttled', target: drift }, 'HIGH'],
    ['given up', { status: 'failed', reason: 'given-up' }, 'CRITICAL'],
    ['given up for good', { status: 'failed', reason: 'given-up-for-good' }, 'CRITICAL'],
    [
      'drift with a failure that is not retried',
      { status: 'failed', reason: 'unsupported', target: drift },
      'CRITICAL',
    ],
  ])('rates %s', (_, over, severity) => {
    expect(severityOf(outcome(over))).toBe(severity);
  });

  test('worstOf() is the highest severity, and INFORMATIONAL for none', () => {
    const informational = outcome({ status: 'exempt' });
    const medium = outcome();
    const high = outcome({ target: drift });
    const critical = outcome({ status: 'failed', reason: 'denied' });
    expect(worstOf([])).toBe('INFORMATIONAL');
    expect(worstOf([informational, informational])).toBe('INFORMATIONAL');
    expect(worstOf([informational, medium, informational])).toBe('MEDIUM');
    expect(worstOf([high, medium])).toBe('HIGH');
    expect(worstOf([medium, critical, high])).toBe('CRITICAL');
    expect(SEVERITIES).toEqual(['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL']);
  });
});

test.each(FAILURE_KINDS)('isRetried() agrees with isRetryable() for %s', (reason) => {
  expect(isRetried(outcome({ status: 'failed', reason }))).toBe(isRetryable(reason));
});

test('isRetried() is false for every status but failed', () => {
  const others = STATUSES.filter((status) => status !== 'failed');
  expect(others.map((status) => isRetried(outcome({ status })))).toEqual(others.map(() => false));
});

describe('isNotified()', () => {
  const notified = (over: Partial<Outcome>, trail: boolean) => isNotified(outcome(over), trail);

  const fromCloudTrail = {
    remediated: true,
    'would-remediate': true,
    'already-remediated': true,
    exempt: true,
    'needs-review': true,
    skipped: false,
    failed: true,
  };
  test.each([
    ['launch', true],
    ['launch', false],
    ['drift', true],
    ['drift', false],
    ['grant', true],
    ['grant', false],
    ['revoke', true],
    ['revoke', false],
  ] as const)('notifies about everything but skipped on %s with trail %s', (trigger, trail) => {
    const evaluated = target({ trigger });
    for (const instance of [snapshot(), existing()]) {
      expect(
        Object.fromEntries(
          STATUSES.map((status) => [status, notified({ status, target: evaluated, snapshot: instance }, trail)]),
        ),
      ).toEqual(fromCloudTrail);
    }
  });

  test.each([true, false])('leaves what a scan did not change to the digest, with trail %s', (trail) => {
    const evaluated = target({ trigger: 'scan' });
    for (const instance of [snapshot(), existing()]) {
      expect(
        Object.fromEntries(
          STATUSES.map((status) => [status, notified({ status, target: evaluated, snapshot: instance }, trail)]),
        ),
      ).toEqual({ ...fromCloudTrail, exempt: false, 'needs-review': false, 'would-remediate': false });
    }
  });

  test.each(['launch', 'drift'])(
    'leaves an old instance that %s names to the digest, unless it was changed',
    (name) => {
      const { onExisting } = target({ trigger: name }).context.trigger;
      const evaluated = target({ trigger: onExisting });
      const unchanged = { exempt: false, 'needs-review': false, 'would-remediate': false };
      expect(
        Object.fromEntries(
          STATUSES.map((status) => [status, notified({ status, target: evaluated, snapshot: existing() }, true)]),
        ),
      ).toEqual({ ...fromCloudTrail, ...unchanged });
    },
  );

  test('notifies about a running-state event like a launch if there is no trail', () => {
    for (const instance of [snapshot(), existing()]) {
      expect(
        Object.fromEntries(
          STATUSES.map((status) => [status, notified({ status, target: running, snapshot: instance }, false)]),
        ),
      ).toEqual(fromCloudTrail);
    }
  });

  test.each<readonly [Outcome['status'], boolean, boolean]>([
    ['remediated', true, true],
    ['would-remediate', true, true],
    ['already-remediated', true, true],
    ['exempt', true, false],
    ['needs-review', true, true],
    ['skipped', false, false],
    ['failed', true, true],
  ])(
    'a running-state event beside a trail: %s of a new instance is %s, of an older one %s',
    (status, newInstance, olderInstance) => {
      expect(notified({ status, target: running, snapshot: snapshot() }, true)).toBe(newInstance);
      expect(notified({ status, target: running, snapshot: existing() }, true)).toBe(olderInstance);
    },
  );

  test('does not notify about a start that was already remediated at the first delivery, beside a trail', () => {
    const first = target({ trigger: 'running', delivery: 'first' });
    expect(notified({ status: 'already-remediated', target: first }, true)).toBe(false);
    expect(notified({ status: 'already-remediated', target: first }, false)).toBe(true);
    expect(notified({ status: 'remediated', target: first }, true)).toBe(true);
    const launched = target({ delivery: 'first' });
    expect(notified({ status: 'already-remediated', target: launched }, true)).toBe(true);
  });

  test('notifies about a running-state event that failed without a snapshot', () => {
    expect(notified({ status: 'failed', reason: 'denied', target: running, snapshot: undefined }, true)).toBe(true);
    expect(notified({ status: 'exempt', target: running, snapshot: undefined }, true)).toBe(false);
  });

  test.each(FAILURE_KINDS.filter(isRetryable))('notifies about %s, which is retried, only if drift waits', (reason) => {
    for (const trigger of ALL_TRIGGERS) {
      const notifies = (delivery?: Delivery, isWaiting?: boolean) =>
        notified({ status: 'failed', reason, target: target({ trigger, delivery }), isWaiting }, true);
      expect([undefined, 'first' as const, 'repeated' as const].map((each) => notifies(each))).toEqual([
        false,
        false,
        false,
      ]);
      expect(notifies('first', true)).toBe(true);
    }
  });

  test.each(FAILURE_KINDS.filter((kind) => !isRetryable(kind)))('notifies about %s at once', (reason) => {
    expect(notified({ status: 'failed', reason, target: launch }, true)).toBe(true);
    expect(notified({ status: 'failed', reason, target: running }, true)).toBe(true);
  });
});
