import { remediate } from '../../lambda/app/remediate.ts';
import { parseEvent } from '../../lambda/triggers/index.ts';
import { after, failure, virtualTime, world } from '../support/ports.ts';
import { CALLER, EVENT_ID, existing, INSTANCE, NOW, policy, REGION, snapshot, target } from '../support/builders.ts';

const [DESCRIBE, MODIFY] = [`describe ${REGION} ${INSTANCE}`, `modify ${REGION} ${INSTANCE}`];
const many = (count: number, fault: Error) => Array.from({ length: count }, () => fault);

describe('no change without a record that IMDSv1 was enabled', () => {
  const UNRECORDED = [
    ['a running-state event', target({ trigger: 'running' })],
    [
      'IMDS switched on without HttpTokens in the request',
      target({ trigger: 'drift', recorded: { HttpEndpoint: 'enabled' } }),
    ],
    ['a removed exemption', target({ trigger: 'revoke' })],
    ['a launch whose record has no options', target({ recorded: {} })],
    ['a launch recorded as compliant', target({ recorded: { HttpTokens: 'required', HttpEndpoint: 'enabled' } })],
  ] as const;

  it.each(UNRECORDED)('%s: a finding is recorded, and nothing is changed in this invocation', async (_, of) => {
    const ports = world([snapshot()]);

    expect(await remediate([of], policy(), ports)).toEqual([
      { target: of, snapshot: snapshot(), status: 'skipped', reason: 'recorded', at: NOW },
    ]);
    expect(ports.calls).toEqual([DESCRIBE, `putFindings ${INSTANCE}`]);
  });

  it('the finding leads to the change, with the trigger and the caller of its event', async () => {
    const ports = world([snapshot()]);
    await remediate([target({ trigger: 'drift', recorded: { HttpEndpoint: 'enabled' } })], policy(), ports);
    const { targets } = parseEvent(JSON.parse(JSON.stringify(ports.findings[0])));

    const outcomes = await remediate(targets, policy(), ports);

    expect(outcomes).toMatchObject([
      { status: 'remediated', target: { context: { trigger: { name: 'drift' }, eventId: EVENT_ID, caller: CALLER } } },
    ]);
    expect(ports.calls.at(-1)).toBe(MODIFY);
  });

  it('a removed exemption leads to the change by its finding, with the caller, exposed since the call', async () => {
    const ports = world([existing()]);
    await remediate([target({ trigger: 'revoke', occurredAt: after(-25) })], policy(), ports);
    const { targets } = parseEvent(JSON.parse(JSON.stringify(ports.findings[0])));

    expect(await remediate(targets, policy(), ports)).toMatchObject([
      {
        status: 'remediated',
        exposedSeconds: 25,
        target: { context: { trigger: { name: 'revoke' }, caller: CALLER } },
      },
    ]);
    expect(ports.calls).toEqual([DESCRIBE, `putFindings ${INSTANCE}`, DESCRIBE, MODIFY]);
  });

  it('a finding that is delivered again after a crash leads to already-remediated', async () => {
    const ports = world([snapshot()]);
    await remediate([target({ trigger: 'running' })], policy(), ports);
    const { targets } = parseEvent(JSON.parse(JSON.stringify(ports.findings[0])));
    await remediate(targets, policy(), ports);

    expect(await remediate(targets, policy(), ports)).toMatchObject([
      { status: 'already-remediated', reason: 'already-remediated' },
    ]);
    expect(ports.calls.filter((call) => call === MODIFY)).toHaveLength(1);
  });

  it('the findings of a batch are sent together, and targets with a record are changed', async () => {
    const other = 'i-0a1b2c3d4e5f60719';
    const ports = world([snapshot(), snapshot({ instanceId: other })]);

    await remediate([target({ trigger: 'running' }), target({ instanceId: other })], policy(), ports);

    expect(ports.calls).toEqual([
      `describe ${REGION} ${INSTANCE} ${other}`,
      `modify ${REGION} ${other}`,
      `putFindings ${INSTANCE}`,
    ]);
  });

  it('a finding that the queue does not accept is a failure that may be retried', async () => {
    const ports = world([snapshot()]);
    ports.fail('putFindings', ...many(50, failure('unavailable', 'no queue')));
    const of = target({ trigger: 'running' });

    expect(await remediate([of], policy(), ports)).toMatchObject([
      { target: of, status: 'failed', reason: 'unavailable', detail: 'no queue' },
    ]);
    expect(ports.calls).not.toContain(MODIFY);
  });

  it('an existing instance that was started needs review and is not recorded', async () => {
    const ports = world([existing()]);

    expect(await remediate([target({ trigger: 'running' })], policy(), ports)).toMatchObject([
      { status: 'needs-review', reason: 'existing-instance' },
    ]);
    expect(ports.calls).toEqual([DESCRIBE]);
  });
});

describe('an instance that is not remediated is unchanged, with the outcome', () => {
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
  ] as const)('%s (%s)', async (status, reason, instance, known, detail) => {
    const ports = world([snapshot(instance)]);

    expect(await remediate([target(known)], policy(), ports)).toEqual([
      { target: target(known), snapshot: snapshot(instance), at: NOW, status, reason, ...(detail && { detail }) },
    ]);
    expect(ports.calls).toEqual([DESCRIBE]);
  });
});

describe('if EC2 refuses the change', () => {
  const refusal = failure('wrong-state', 'IncorrectInstanceState: not now');

  it.each([
    ['the instance was terminated', { state: 'terminated' }, 'skipped', 'terminated'],
    ['IMDSv2 is required', { options: { HttpTokens: 'required' } }, 'already-remediated', 'already-remediated'],
    ['IMDS was switched off', { options: { HttpEndpoint: 'disabled' } }, 'skipped', 'endpoint-disabled'],
    ['the instance is still running', { state: 'running' }, 'failed', 'wrong-state'],
  ] as const)('and %s, the decision is taken again', async (_, now, status, reason) => {
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
  ])('because of %s, the failure may be retried, and nothing is waited for', async (reason, fault, instance) => {
    const ports = world([instance]);
    ports.fail('modify', fault);

    expect(await remediate([target()], policy(), ports)).toMatchObject([
      { status: 'failed', reason, at: NOW, detail: fault.message },
    ]);
    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status: 'remediated' }]);
  });

  it('and no longer returns the instance, it is not visible while the event is recent, then gone', async () => {
    const vanishing = (ports: ReturnType<typeof world>) => () => {
      ports.put(snapshot(), { visibleAfter: 3600 });
      return refusal;
    };
    const [recent, earlier] = [world([snapshot()]), world([snapshot()])];
    recent.fail('modify', vanishing(recent));
    earlier.fail('modify', vanishing(earlier));

    expect(await remediate([target()], policy(), recent)).toMatchObject([{ status: 'failed', reason: 'not-visible' }]);
    expect(await remediate([target({ occurredAt: after(-600) })], policy(), earlier)).toMatchObject([
      { status: 'skipped', reason: 'gone' },
    ]);
  });

  it('and the state cannot be read again, the failure may be retried', async () => {
    const ports = world([snapshot()]);
    ports.fail('modify', () => {
      ports.fail('describe', ...many(50, failure('unavailable')));
      return refusal;
    });

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status: 'failed', reason: 'unavailable' }]);
  });

  it('for lack of permission, it fails without a second describe', async () => {
    const ports = world([snapshot()]);
    ports.fail('modify', failure('denied'));

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status: 'failed', reason: 'denied' }]);
    expect(ports.calls).toEqual([DESCRIBE, MODIFY]);
  });
});

describe('if EC2 throttles the change', () => {
  it('it is retried for longer than the half second of the SDK', async () => {
    const ports = world([snapshot()]);
    ports.fail('modify', ...many(6, failure('throttled')));

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status: 'remediated' }]);
    expect(ports.calls.filter((call) => call === MODIFY)).toHaveLength(7);
    expect(ports.time.now().getTime()).toBeGreaterThan(after(10).getTime());
  });

  it('until the deadline, it fails and may be retried', async () => {
    const ports = world([snapshot()], virtualTime(20));
    ports.fail('modify', ...many(50, failure('throttled', 'RequestLimitExceeded: slow down')));

    const [result] = await remediate([target()], policy(), ports);

    expect(result).toMatchObject({ status: 'failed', reason: 'throttled', detail: 'RequestLimitExceeded: slow down' });
    expect(result?.at.getTime()).toBeLessThan(after(20).getTime());
  });
});
