import { Pace } from '../../lambda/app/pace.ts';
import { remediate } from '../../lambda/app/remediate.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { after, failure, world } from '../support/ports.ts';
import { IMDSV1, instanceId, NOW, outcome, policy, REGION, snapshot, target } from '../support/builders.ts';

const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];
const open = (id: string) => snapshot({ instanceId: id });
const short = ({ target: of, status, reason }: Outcome) => [of.instanceId, status, reason];

describe('an instance with IMDSv1', () => {
  it('is remediated, and the outcome says what was before, what is after and how long it was exposed', async () => {
    const ports = world([open(A)]);

    const outcomes = await remediate([target({ instanceId: A })], policy(), ports);

    expect(outcomes).toEqual([
      outcome({
        target: target({ instanceId: A }),
        snapshot: open(A),
        after: { ...IMDSV1, HttpTokens: 'required', State: 'pending' },
        exposedSeconds: 40,
      }),
    ]);
    expect(ports.calls).toEqual([`describe ${REGION} ${A}`, `modify ${REGION} ${A}`]);
  });

  it('set back by somebody counts as exposed since the call, not since the launch', async () => {
    const ports = world([snapshot({ launchTime: new Date('2026-10-01T08:00:00Z') })]);

    const [settled] = await remediate([target({ trigger: 'drift', occurredAt: after(-25) })], policy(), ports);

    expect(settled).toMatchObject({ status: 'remediated', exposedSeconds: 25 });
  });

  it('counts as exposed for no time at all rather than less, when clocks disagree', async () => {
    const ports = world([snapshot({ launchTime: after(3) })]);

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status: 'remediated', exposedSeconds: 0 }]);
  });
});

describe('audit mode', () => {
  it('tells what it would change and never changes it, however IMDSv1 was recorded', async () => {
    const { writer, ...ports } = world([open(A), open(B)]);
    const unrecorded = target({ instanceId: B, trigger: 'running' });

    const outcomes = await remediate([target({ instanceId: A }), unrecorded], policy(), ports);

    expect(writer).toBeDefined();
    expect(outcomes).toEqual([
      {
        target: target({ instanceId: A }),
        snapshot: open(A),
        status: 'would-remediate',
        reason: 'imdsv1-enabled',
        at: NOW,
      },
      { target: unrecorded, snapshot: open(B), status: 'would-remediate', reason: 'imdsv1-enabled', at: NOW },
    ]);
    expect(ports.calls).toEqual([`describe ${REGION} ${A} ${B}`]);
  });
});

describe('of several targets', () => {
  it('one that fails leaves the others done, in the order asked for', async () => {
    const ports = world([open(A), open(B), open(C)]);
    ports.fail(`modify ${REGION} ${B}`, failure('denied', 'UnauthorizedOperation: no'));

    const outcomes = await remediate(
      [A, B, C].map((id) => target({ instanceId: id })),
      policy(),
      ports,
    );

    expect(outcomes.map(short)).toEqual([
      [A, 'remediated', 'imdsv1-enabled'],
      [B, 'failed', 'denied'],
      [C, 'remediated', 'imdsv1-enabled'],
    ]);
    expect(outcomes[1]).toEqual({
      target: target({ instanceId: B }),
      snapshot: open(B),
      status: 'failed',
      reason: 'denied',
      detail: 'UnauthorizedOperation: no',
      at: NOW,
    });
  });

  it('duplicates are one instance, changed once, for which the record that says most stands', async () => {
    const ports = world([open(A)]);
    const silent = target({ instanceId: A, trigger: 'running', eventId: 'silent' });
    const telling = target({ instanceId: A, eventId: 'telling' });
    const repeated = target({ instanceId: A, eventId: 'repeated' });

    const outcomes = await remediate([silent, telling, repeated, silent], policy(), ports);

    expect(outcomes.map(({ target: of, status }) => [of.context.eventId, status])).toEqual([['telling', 'remediated']]);
    expect(ports.calls).toEqual([`describe ${REGION} ${A}`, `modify ${REGION} ${A}`]);
  });

  it('a call that took all tags does not stand for an event that closes whatever the account chose', async () => {
    const took = target({ instanceId: A, trigger: 'revoke', recorded: { allTags: true, ...IMDSV1 } });
    const others = [target({ instanceId: A }), target({ instanceId: A, trigger: 'revoke', recorded: undefined })];
    for (const other of others) {
      for (const targets of [
        [took, other],
        [other, took],
      ]) {
        const outcomes = await remediate(targets, policy({ existing: 'audit' }), world([open(A)]));

        expect(outcomes.map(({ target: of, status }) => [of, status])).toEqual([
          [other, other.context.trigger === 'revoke' ? 'skipped' : 'remediated'],
        ]);
      }
    }
  });

  it('a grant and another event of one instance are two things: each has its outcome, and the other one its effect', async () => {
    const grant = target({ instanceId: A, trigger: 'grant', eventId: 'grant' });
    for (const other of [target({ instanceId: A, eventId: 'launch' }), target({ instanceId: A, trigger: 'revoke' })]) {
      for (const targets of [
        [grant, other],
        [other, grant],
      ]) {
        const ports = world([open(A)]);

        const outcomes = await remediate(targets, policy(), ports);

        const told = outcomes.map(({ target: of, status, reason }) => [of.context.trigger, status, reason]);
        expect(told).toContainEqual(['grant', 'needs-review', 'existing-instance']);
        expect(told).toContainEqual(
          other.context.trigger === 'revoke'
            ? ['revoke', 'skipped', 'recorded']
            : ['launch', 'remediated', 'imdsv1-enabled'],
        );
        expect(told).toHaveLength(2);
      }
    }
  });

  it('each region is asked for its own, and the same id in two regions is two instances', async () => {
    const ports = world();
    ports.put(open(A), { region: 'eu-west-1' });
    ports.put(open(B), { region: 'us-east-1' });
    const targets = [target({ instanceId: A, region: 'eu-west-1' }), target({ instanceId: B, region: 'us-east-1' })];
    const elsewhere = target({ instanceId: A, region: 'us-east-1', occurredAt: after(-3600) });

    const outcomes = await remediate([...targets, elsewhere], policy(), ports);

    expect(outcomes.map(({ target: of, status, reason }) => [of.region, of.instanceId, status, reason])).toEqual([
      ['eu-west-1', A, 'remediated', 'imdsv1-enabled'],
      ['us-east-1', B, 'remediated', 'imdsv1-enabled'],
      ['us-east-1', A, 'skipped', 'gone'],
    ]);
    expect(ports.calls.filter((call) => call.startsWith('describe'))).toEqual([
      `describe eu-west-1 ${A}`,
      `describe us-east-1 ${B} ${A}`,
    ]);
  });

  it('a region that fails leaves the others done', async () => {
    const ports = world();
    ports.put(open(B), { region: 'us-east-1' });
    ports.fail('describe eu-west-1', failure('denied'));
    const targets = [target({ instanceId: A, region: 'eu-west-1' }), target({ instanceId: B, region: 'us-east-1' })];

    expect((await remediate(targets, policy(), ports)).map(short)).toEqual([
      [A, 'failed', 'denied'],
      [B, 'remediated', 'imdsv1-enabled'],
    ]);
  });

  it('none is no call', async () => {
    const ports = world();

    expect(await remediate([], policy(), ports)).toEqual([]);
    expect(ports.calls).toEqual([]);
  });
});

describe('a describe that fails', () => {
  it('by throttling or a server fault is tried again until it succeeds', async () => {
    const ports = world([open(A)]);
    ports.fail('describe', failure('throttled'), failure('unavailable'), failure('throttled'));

    expect((await remediate([target({ instanceId: A })], policy(), ports)).map(short)).toEqual([
      [A, 'remediated', 'imdsv1-enabled'],
    ]);
  });

  it('to the deadline makes every target a failure of that kind, with what EC2 said', async () => {
    const ports = world([open(A), open(B)]);
    ports.fail(
      'describe',
      ...Array.from({ length: 50 }, () => failure('throttled', 'RequestLimitExceeded: slow down')),
    );

    const outcomes = await remediate([target({ instanceId: A }), target({ instanceId: B })], policy(), ports);

    expect(outcomes.map(short)).toEqual([
      [A, 'failed', 'throttled'],
      [B, 'failed', 'throttled'],
    ]);
    expect(outcomes[0]?.detail).toBe('RequestLimitExceeded: slow down');
    expect(outcomes[0]?.at.getTime()).toBeLessThan(after(105).getTime());
  });

  it('for good is not tried again', async () => {
    const ports = world([open(A)]);
    ports.fail('describe', failure('denied'));

    expect((await remediate([target({ instanceId: A })], policy(), ports)).map(short)).toEqual([
      [A, 'failed', 'denied'],
    ]);
    expect(ports.calls).toHaveLength(1);
  });
});

describe('an exception that is no failure', () => {
  it.each(['describe', 'modify'])('of %s is a bug, and is thrown', async (call) => {
    const ports = world([open(A)]);
    ports.fail(call, new TypeError('x is not a function'));

    await expect(remediate([target({ instanceId: A })], policy(), ports)).rejects.toThrow(TypeError);
  });
});

describe('a pace from outside', () => {
  it('is the one that is kept, in every region its own', async () => {
    const ports = world([open(A), open(B)]);
    ports.put(open(C), { region: 'us-east-1' });
    const targets = [
      target({ instanceId: A }),
      target({ instanceId: B }),
      target({ instanceId: C, region: 'us-east-1' }),
    ];
    const asked: string[] = [];

    const outcomes = await remediate(targets, policy(), ports, (region) => {
      asked.push(region);
      return new Pace(ports.time, 1, 0.5);
    });

    expect(asked.sort()).toEqual([REGION, 'us-east-1'].sort());
    expect(outcomes.map(({ target: of, at }) => [of.instanceId, at])).toEqual([
      [A, NOW],
      [B, after(2)],
      [C, NOW],
    ]);
  });
});

it('time that is up while it waits for an instance to show does not lose what was done before', async () => {
  const ports = world([open(A)]);
  const time = { ...ports.time, sleep: () => Promise.reject(failure('deadline', 'interrupted')) };

  const outcomes = await remediate(
    [A, B].map((id) => target({ instanceId: id })),
    policy(),
    { ...ports, time },
  );

  expect(outcomes.map(short)).toEqual([
    [A, 'remediated', 'imdsv1-enabled'],
    [B, 'failed', 'not-visible'],
  ]);
});
