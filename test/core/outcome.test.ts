import { STATUSES, type Severity, TRIGGERS } from '../../lambda/contract.ts';
import { FAILURE_KINDS, isRetryable } from '../../lambda/core/failure.ts';
import { isRetried, isNotified, type Outcome, severityOf, worstOf } from '../../lambda/core/outcome.ts';
import { existing, outcome, snapshot, target } from '../support/builders.ts';

const launch = target();
const drift = target({ trigger: 'drift' });
const running = target({ trigger: 'running' });
const grant = target({ trigger: 'grant' });
const revoke = target({ trigger: 'revoke' });

describe('severity', () => {
  test.each<readonly [string, Partial<Outcome>, Severity]>([
    ['a launch that was remediated', { status: 'remediated', target: launch }, 'MEDIUM'],
    ['a start that was remediated', { status: 'remediated', target: running }, 'MEDIUM'],
    ['somebody set it back: outranks a launch', { status: 'remediated', target: drift }, 'HIGH'],
    ['audit: a launch', { status: 'would-remediate', target: launch }, 'MEDIUM'],
    ['audit: a start', { status: 'would-remediate', target: running }, 'MEDIUM'],
    ['audit: somebody set it back', { status: 'would-remediate', target: drift }, 'HIGH'],
    ['already closed', { status: 'already-remediated' }, 'INFORMATIONAL'],
    ['already closed after a set-back', { status: 'already-remediated', target: drift }, 'INFORMATIONAL'],
    ['exempt', { status: 'exempt' }, 'INFORMATIONAL'],
    ['exempt by its own launch', { status: 'exempt', reason: 'exempt-self-granted' }, 'MEDIUM'],
    ['held: existing', { status: 'needs-review', reason: 'existing-instance' }, 'INFORMATIONAL'],
    ['held: unreadable', { status: 'needs-review', reason: 'unreadable' }, 'MEDIUM'],
    ['held: malformed exemption', { status: 'needs-review', reason: 'exemption-malformed' }, 'MEDIUM'],
    ['held: exemption too long', { status: 'needs-review', reason: 'exemption-exceeds-maximum' }, 'MEDIUM'],
    [
      'held: somebody set an exemption to a day that is over',
      { status: 'needs-review', reason: 'exemption-expired' },
      'MEDIUM',
    ],
    ['somebody set an exemption', { status: 'exempt', reason: 'exempt-self-granted', target: grant }, 'MEDIUM'],
    ['somebody set an exemption, by whatever record', { status: 'exempt', target: grant }, 'MEDIUM'],
    [
      'an exemption set to nonsense',
      { status: 'needs-review', reason: 'exemption-malformed', target: grant },
      'MEDIUM',
    ],
    [
      'an exemption set and gone again',
      { status: 'needs-review', reason: 'existing-instance', target: grant },
      'MEDIUM',
    ],
    ['an exemption removed: closed', { status: 'remediated', target: revoke }, 'MEDIUM'],
    ['audit: an exemption removed', { status: 'would-remediate', target: revoke }, 'MEDIUM'],
    ['an exemption removed, already closed', { status: 'already-remediated', target: revoke }, 'INFORMATIONAL'],
    ['an exemption removed and there all the same', { status: 'exempt', target: revoke }, 'MEDIUM'],
    ['an exemption removed: could not be closed', { status: 'failed', reason: 'denied', target: revoke }, 'CRITICAL'],
    ['skipped', { status: 'skipped' }, 'INFORMATIONAL'],
    ['failed, to be tried again', { status: 'failed', reason: 'throttled' }, 'MEDIUM'],
    ['failed for good: outranks all', { status: 'failed', reason: 'denied' }, 'CRITICAL'],
    ['failed for good after a set-back', { status: 'failed', reason: 'unsupported', target: drift }, 'CRITICAL'],
  ])('%s', (_, over, severity) => {
    expect(severityOf(outcome(over))).toBe(severity);
  });

  test('of several is the worst; of none is info', () => {
    const info = outcome({ status: 'exempt' });
    const warning = outcome();
    const high = outcome({ target: drift });
    const critical = outcome({ status: 'failed', reason: 'denied' });
    expect(worstOf([])).toBe('INFORMATIONAL');
    expect(worstOf([info, info])).toBe('INFORMATIONAL');
    expect(worstOf([info, warning, info])).toBe('MEDIUM');
    expect(worstOf([high, warning])).toBe('HIGH');
    expect(worstOf([warning, critical, high])).toBe('CRITICAL');
  });
});

test.each(FAILURE_KINDS)('failed(%s) counts as retried exactly if a retry can help', (reason) => {
  expect(isRetried(outcome({ status: 'failed', reason }))).toBe(isRetryable(reason));
});

test('only failures are retried', () => {
  const others = STATUSES.filter((status) => status !== 'failed');
  expect(others.map((status) => isRetried(outcome({ status })))).toEqual(others.map(() => false));
});

describe('who is told', () => {
  const told = (over: Partial<Outcome>, trail: boolean) => isNotified(outcome(over), trail);

  const fromCloudTrail = {
    remediated: true,
    'would-remediate': true,
    closed: true,
    exempt: true,
    held: true,
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
  ] as const)('%s, trail %s: all but what was skipped', (trigger, trail) => {
    const of = target({ trigger });
    for (const instance of [snapshot(), existing()]) {
      expect(
        Object.fromEntries(STATUSES.map((status) => [status, told({ status, target: of, snapshot: instance }, trail)])),
      ).toEqual(fromCloudTrail);
    }
  });

  test.each([true, false])('scan, trail %s: what it left alone is in its digest', (trail) => {
    const of = target({ trigger: 'scan' });
    for (const instance of [snapshot(), existing()]) {
      expect(
        Object.fromEntries(STATUSES.map((status) => [status, told({ status, target: of, snapshot: instance }, trail)])),
      ).toEqual({ ...fromCloudTrail, exempt: false, held: false });
    }
  });

  test('running without a trail: nobody else tells, so it is like a launch', () => {
    for (const instance of [snapshot(), existing()]) {
      expect(
        Object.fromEntries(
          STATUSES.map((status) => [status, told({ status, target: running, snapshot: instance }, false)]),
        ),
      ).toEqual(fromCloudTrail);
    }
  });

  test.each<readonly [Outcome['status'], boolean, boolean]>([
    ['remediated', true, true],
    ['would-remediate', false, true],
    ['already-remediated', true, true],
    ['exempt', false, false],
    ['needs-review', false, true],
    ['skipped', false, false],
    ['failed', true, true],
  ])('running beside a trail: %s is told of a new instance %s, of an older one %s', (status, ofNew, ofOlder) => {
    expect(told({ status, target: running, snapshot: snapshot() }, true)).toBe(ofNew);
    expect(told({ status, target: running, snapshot: existing() }, true)).toBe(ofOlder);
  });

  test('running beside a trail: a failure to read is told, though there is no snapshot', () => {
    expect(told({ status: 'failed', reason: 'denied', target: running, snapshot: undefined }, true)).toBe(true);
    expect(told({ status: 'needs-review', reason: 'unreadable', target: running, snapshot: undefined }, true)).toBe(
      false,
    );
  });

  test.each(TRIGGERS)('%s: what is not visible or not ready yet is tried again before anybody is told', (trigger) => {
    const of = target({ trigger });
    for (const trail of [true, false]) {
      expect(told({ status: 'failed', reason: 'not-visible', target: of, snapshot: undefined }, trail)).toBe(false);
      expect(told({ status: 'failed', reason: 'not-ready', target: of }, trail)).toBe(false);
    }
  });

  test.each(FAILURE_KINDS.filter((kind) => kind !== 'not-visible' && kind !== 'not-ready'))(
    'failed(%s) is told',
    (reason) => {
      expect(told({ status: 'failed', reason, target: launch }, true)).toBe(true);
      expect(told({ status: 'failed', reason, target: running }, true)).toBe(true);
    },
  );
});
