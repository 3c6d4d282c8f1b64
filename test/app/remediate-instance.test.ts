import { remediate } from '../../lambda/app/remediate.ts';
import { parseEvent } from '../../lambda/triggers/index.ts';
import { after, failure, virtualTime, world } from '../support/ports.ts';
import { CALLER, EVENT_ID, existing, INSTANCE, NOW, policy, REGION, snapshot, target } from '../support/builders.ts';

const [DESCRIBE, MODIFY] = [`describe ${REGION} ${INSTANCE}`, `modify ${REGION} ${INSTANCE}`];
const many = (count: number, fault: Error) => Array.from({ length: count }, () => fault);

describe('no change without a record that IMDSv1 was reachable', () => {
  const UNRECORDED = [
    ['a running-state event', target({ trigger: 'running' })],
    ['IMDS switched on without a word on tokens', target({ trigger: 'drift', recorded: { HttpEndpoint: 'enabled' } })],
    ['an exemption that was removed', target({ trigger: 'revoke' })],
    ['a launch whose record has no options', target({ recorded: {} })],
    ['a launch recorded as compliant', target({ recorded: { HttpTokens: 'required', HttpEndpoint: 'enabled' } })],
  ] as const;

  it.each(UNRECORDED)('%s → a finding is kept first, and nothing is changed in this invocation', async (_, of) => {
    const ports = world([snapshot()]);

    expect(await remediate([of], policy(), ports)).toEqual([
      { target: of, snapshot: snapshot(), status: 'skipped', reason: 'recorded', at: NOW },
    ]);
    expect(ports.calls).toEqual([DESCRIBE, `sight ${INSTANCE}`]);
  });

  it('the finding is a record that leads to the change, with the trigger and caller of the event behind it', async () => {
    const ports = world([snapshot()]);
    await remediate([target({ trigger: 'drift', recorded: { HttpEndpoint: 'enabled' } })], policy(), ports);
    const { targets } = parseEvent(JSON.parse(JSON.stringify(ports.findings[0])));

    const outcomes = await remediate(targets, policy(), ports);

    expect(outcomes).toMatchObject([
      { status: 'remediated', target: { context: { trigger: 'drift', eventId: EVENT_ID, caller: CALLER } } },
    ]);
    expect(ports.calls.at(-1)).toBe(MODIFY);
  });

  it('an exemption that was removed: closed by its finding, with the caller, exposed since the call', async () => {
    const ports = world([existing()]);
    await remediate([target({ trigger: 'revoke', occurredAt: after(-25) })], policy(), ports);
    const { targets } = parseEvent(JSON.parse(JSON.stringify(ports.findings[0])));

    expect(await remediate(targets, policy(), ports)).toMatchObject([
      { status: 'remediated', exposedSeconds: 25, target: { context: { trigger: 'revoke', caller: CALLER } } },
    ]);
    expect(ports.calls).toEqual([DESCRIBE, `sight ${INSTANCE}`, DESCRIBE, MODIFY]);
  });

  it('a crash between change and alert: the same finding comes again, and the instance is told as closed', async () => {
    const ports = world([snapshot()]);
    await remediate([target({ trigger: 'running' })], policy(), ports);
    const { targets } = parseEvent(JSON.parse(JSON.stringify(ports.findings[0])));
    await remediate(targets, policy(), ports);

    expect(await remediate(targets, policy(), ports)).toMatchObject([
      { status: 'already-remediated', reason: 'already-remediated' },
    ]);
    expect(ports.calls.filter((call) => call === MODIFY)).toHaveLength(1);
  });

  it('the findings of a batch go together, and those with a record are changed beside them', async () => {
    const other = 'i-0a1b2c3d4e5f60719';
    const ports = world([snapshot(), snapshot({ instanceId: other })]);

    await remediate([target({ trigger: 'running' }), target({ instanceId: other })], policy(), ports);

    expect(ports.calls).toEqual([
      `describe ${REGION} ${INSTANCE} ${other}`,
      `modify ${REGION} ${other}`,
      `sight ${INSTANCE}`,
    ]);
  });

  it('a finding that cannot be kept is a failure that a retry may undo', async () => {
    const ports = world([snapshot()]);
    ports.fail('sight', ...many(50, failure('unavailable', 'no queue')));
    const of = target({ trigger: 'running' });

    expect(await remediate([of], policy(), ports)).toMatchObject([
      { target: of, status: 'failed', reason: 'unavailable', detail: 'no queue' },
    ]);
    expect(ports.calls).not.toContain(MODIFY);
  });

  it('an existing instance that was started is held and not recorded', async () => {
    const ports = world([existing()]);

    expect(await remediate([target({ trigger: 'running' })], policy(), ports)).toMatchObject([
      { status: 'needs-review', reason: 'existing-instance' },
    ]);
    expect(ports.calls).toEqual([DESCRIBE]);
  });
});

describe('what is decided against is left untouched, and the outcome says why', () => {
  it.each([
    ['skipped', 'compliant', { options: { HttpTokens: 'required' } }, { recorded: {} }, undefined],
    ['already-remediated', 'already-remediated', { options: { HttpTokens: 'required' } }, {}, undefined],
    ['skipped', 'endpoint-disabled', { options: { HttpEndpoint: 'disabled' } }, {}, undefined],
    ['skipped', 'terminated', { state: 'terminated' }, {}, undefined],
    ['exempt', 'exempt', { tags: { 'imdsv2:exempt-until': '2026-12-31' } }, {}, '2026-12-31'],
    [
      'exempt',
      'exempt',
      { tags: { 'imdsv2:exempt-until': '2026-12-31', 'imdsv2:exempt-reason': 'agent X' } },
      {},
      '2026-12-31: agent X',
    ],
    [
      'exempt',
      'exempt-self-granted',
      { tags: { 'imdsv2:exempt-until': '2026-12-31' } },
      { recorded: { HttpTokens: 'optional', grantedByCall: true } },
      '2026-12-31',
    ],
    ['needs-review', 'exemption-malformed', { tags: { 'imdsv2:exempt-until': 'soon' } }, {}, 'soon'],
    ['needs-review', 'unreadable', { options: { HttpTokens: undefined } }, {}, undefined],
    [
      'exempt',
      'exempt-self-granted',
      { tags: { 'imdsv2:exempt-until': '2026-12-31' }, options: { HttpTokens: 'required' } },
      { trigger: 'grant' },
      '2026-12-31',
    ],
    [
      'needs-review',
      'exemption-expired',
      { tags: { 'imdsv2:exempt-until': '2026-11-21' } },
      { trigger: 'grant' },
      '2026-11-21',
    ],
    ['needs-review', 'existing-instance', {}, { trigger: 'grant' }, undefined],
    ['skipped', 'compliant', { options: { HttpTokens: 'required' } }, { trigger: 'revoke' }, undefined],
    ['exempt', 'exempt', { tags: { 'imdsv2:exempt-until': '2026-12-31' } }, { trigger: 'revoke' }, '2026-12-31'],
  ] as const)('%s (%s)', async (status, reason, seen, known, detail) => {
    const ports = world([snapshot(seen)]);

    expect(await remediate([target(known)], policy(), ports)).toEqual([
      { target: target(known), snapshot: snapshot(seen), at: NOW, status, reason, ...(detail && { detail }) },
    ]);
    expect(ports.calls).toEqual([DESCRIBE]);
  });
});

describe('EC2 refuses the change', () => {
  const refusal = failure('wrong-state', 'IncorrectInstanceState: not now');

  it.each([
    ['it was terminated meanwhile', { state: 'terminated' }, 'skipped', 'terminated'],
    [
      'somebody closed it meanwhile',
      { options: { HttpTokens: 'required' } },
      'already-remediated',
      'already-remediated',
    ],
    ['IMDS was switched off meanwhile', { options: { HttpEndpoint: 'disabled' } }, 'skipped', 'endpoint-disabled'],
    ['it is still running', { state: 'running' }, 'failed', 'wrong-state'],
  ] as const)('and %s → decided afresh on what is there now', async (_, now, status, reason) => {
    const ports = world([snapshot()]);
    ports.fail('modify', () => {
      ports.put(snapshot(now));
      return refusal;
    });

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status, reason, snapshot: snapshot(now) }]);
    expect(ports.calls).toEqual([DESCRIBE, MODIFY, DESCRIBE]);
  });

  it.each([
    ['not-visible', failure('not-visible'), snapshot()],
    ['not-ready', refusal, snapshot({ state: 'pending' })],
    ['not-ready', refusal, snapshot({ state: 'stopping' })],
    ['not-ready', failure('unsupported'), snapshot({ state: 'pending' })],
  ])('%s → looked at again after a pause, and remediated when EC2 is ready', async (_, fault, seen) => {
    const ports = world([seen]);
    ports.fail('modify', fault, fault);

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status: 'remediated', at: after(3) }]);
  });

  it('as long as it is pending → a failure that a retry may undo', async () => {
    const ports = world([snapshot({ state: 'pending' })]);
    ports.fail('modify', ...many(9, refusal));

    expect(await remediate([target()], policy(), ports)).toMatchObject([
      { status: 'failed', reason: 'not-ready', at: after(31), detail: 'IncorrectInstanceState: not now' },
    ]);
  });

  it('and does not show it any more: not visible while the event is young, gone after that', async () => {
    const vanishing = (ports: ReturnType<typeof world>) => () => {
      ports.put(snapshot(), { visibleAfter: 3600 });
      return refusal;
    };
    const [young, old] = [world([snapshot()]), world([snapshot()])];
    young.fail('modify', vanishing(young));
    old.fail('modify', vanishing(old));

    expect(await remediate([target()], policy(), young)).toMatchObject([{ status: 'failed', reason: 'not-visible' }]);
    expect(await remediate([target({ occurredAt: after(-600) })], policy(), old)).toMatchObject([
      { status: 'skipped', reason: 'gone' },
    ]);
  });

  it('and the state cannot be read again → a failure that a retry may undo, for nobody knows whether it is open', async () => {
    const ports = world([snapshot()]);
    ports.fail('modify', () => {
      ports.fail('describe', ...many(50, failure('unavailable')));
      return refusal;
    });

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status: 'failed', reason: 'unavailable' }]);
  });

  it('for lack of permission → failed at once, with no second look', async () => {
    const ports = world([snapshot()]);
    ports.fail('modify', failure('denied'));

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status: 'failed', reason: 'denied' }]);
    expect(ports.calls).toEqual([DESCRIBE, MODIFY]);
  });
});

describe('EC2 throttles the change', () => {
  it('→ tried again until it succeeds, far beyond the half second that the SDK would give it', async () => {
    const ports = world([snapshot()]);
    ports.fail('modify', ...many(6, failure('throttled')));

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status: 'remediated' }]);
    expect(ports.calls.filter((call) => call === MODIFY)).toHaveLength(7);
    expect(ports.time.now().getTime()).toBeGreaterThan(after(10).getTime());
  });

  it('until the deadline → failed for now, and the time left is left', async () => {
    const ports = world([snapshot()], virtualTime(20));
    ports.fail('modify', ...many(50, failure('throttled', 'RequestLimitExceeded: slow down')));

    const [settled] = await remediate([target()], policy(), ports);

    expect(settled).toMatchObject({ status: 'failed', reason: 'throttled', detail: 'RequestLimitExceeded: slow down' });
    expect(settled?.at.getTime()).toBeLessThan(after(20).getTime());
  });
});
