import { Bucket, Pace } from '../../lambda/app/pace.ts';
import { remediate } from '../../lambda/app/remediate.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { after, failure, world } from '../support/ports.ts';
import { IMDSV1, instanceId, NOW, outcome, policy, REGION, snapshot, target } from '../support/builders.ts';

const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];
const nonCompliant = (id: string) => snapshot({ instanceId: id });
const short = ({ target: of, status, reason }: Outcome) => [of.instanceId, status, reason];

describe('an instance with IMDSv1 enabled', () => {
  it('is remediated, and the outcome has the options before and after and the exposure', async () => {
    const ports = world([nonCompliant(A)]);

    const outcomes = await remediate([target({ instanceId: A })], policy(), ports);

    expect(outcomes).toEqual([
      outcome({
        target: target({ instanceId: A }),
        snapshot: nonCompliant(A),
        after: { ...IMDSV1, HttpTokens: 'required', State: 'pending' },
        exposedSeconds: 40,
      }),
    ]);
    expect(ports.calls).toEqual([`describe ${REGION} ${A}`, `modify ${REGION} ${A}`]);
  });

  it('is exposed since the call in case of drift, not since the launch', async () => {
    const ports = world([snapshot({ launchTime: new Date('2026-10-01T08:00:00Z') })]);

    const [result] = await remediate([target({ trigger: 'drift', occurredAt: after(-25) })], policy(), ports);

    expect(result).toMatchObject({ status: 'remediated', exposedSeconds: 25 });
  });

  it('has no negative exposure if clocks differ', async () => {
    const ports = world([snapshot({ launchTime: after(3) })]);

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ status: 'remediated', exposedSeconds: 0 }]);
  });
});

describe('audit mode', () => {
  it('reports what it would remediate and changes nothing', async () => {
    const { writer, ...ports } = world([nonCompliant(A), nonCompliant(B)]);
    const unrecorded = target({ instanceId: B, trigger: 'running' });

    const outcomes = await remediate([target({ instanceId: A }), unrecorded], policy(), ports);

    expect(writer).toBeDefined();
    expect(outcomes).toEqual([
      {
        target: target({ instanceId: A }),
        snapshot: nonCompliant(A),
        status: 'would-remediate',
        reason: 'imdsv1-enabled',
        at: NOW,
      },
      { target: unrecorded, snapshot: nonCompliant(B), status: 'would-remediate', reason: 'imdsv1-enabled', at: NOW },
    ]);
    expect(ports.calls).toEqual([`describe ${REGION} ${A} ${B}`]);
  });
});

describe('several targets', () => {
  it('are remediated in order, even if one fails', async () => {
    const ports = world([nonCompliant(A), nonCompliant(B), nonCompliant(C)]);
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
      snapshot: nonCompliant(B),
      status: 'failed',
      reason: 'denied',
      detail: 'UnauthorizedOperation: no',
      at: NOW,
    });
  });

  it('of one instance lead to one change, with the strongest record', async () => {
    const ports = world([nonCompliant(A)]);
    const unrecorded = target({ instanceId: A, trigger: 'running', eventId: 'unrecorded' });
    const recorded = target({ instanceId: A, eventId: 'recorded' });
    const repeated = target({ instanceId: A, eventId: 'record again' });

    const outcomes = await remediate([unrecorded, recorded, repeated, unrecorded], policy(), ports);

    expect(outcomes.map(({ target: of, status }) => [of.context.eventId, status])).toEqual([
      ['recorded', 'remediated'],
    ]);
    expect(ports.calls).toEqual([`describe ${REGION} ${A}`, `modify ${REGION} ${A}`]);
  });

  it('prefer an event that remediates whatever `existing` is over a call that removed all tags', async () => {
    const removedAllTags = target({ instanceId: A, trigger: 'revoke', recorded: { allTags: true, ...IMDSV1 } });
    const others = [target({ instanceId: A }), target({ instanceId: A, trigger: 'revoke', recorded: undefined })];
    for (const other of others) {
      for (const targets of [
        [removedAllTags, other],
        [other, removedAllTags],
      ]) {
        const outcomes = await remediate(targets, policy({ existing: 'audit' }), world([nonCompliant(A)]));

        expect(outcomes.map(({ target: of, status }) => [of, status])).toEqual([
          [other, other.context.trigger.name === 'revoke' ? 'skipped' : 'remediated'],
        ]);
      }
    }
  });

  it('of one instance, a grant and another event, have an outcome each', async () => {
    const grant = target({ instanceId: A, trigger: 'grant', eventId: 'grant' });
    for (const other of [target({ instanceId: A, eventId: 'launch' }), target({ instanceId: A, trigger: 'revoke' })]) {
      for (const targets of [
        [grant, other],
        [other, grant],
      ]) {
        const ports = world([nonCompliant(A)]);

        const outcomes = await remediate(targets, policy(), ports);

        const results = outcomes.map(({ target: of, status, reason }) => [of.context.trigger.name, status, reason]);
        expect(results).toContainEqual(['grant', 'needs-review', 'existing-instance']);
        expect(results).toContainEqual(
          other.context.trigger.name === 'revoke'
            ? ['revoke', 'skipped', 'recorded']
            : ['launch', 'remediated', 'imdsv1-enabled'],
        );
        expect(results).toHaveLength(2);
      }
    }
  });

  it('of several regions are described by region, and equal ids in two regions are two instances', async () => {
    const ports = world();
    ports.put(nonCompliant(A), { region: 'eu-west-1' });
    ports.put(nonCompliant(B), { region: 'us-east-1' });
    const targets = [target({ instanceId: A, region: 'eu-west-1' }), target({ instanceId: B, region: 'us-east-1' })];
    const otherRegion = target({ instanceId: A, region: 'us-east-1', occurredAt: after(-3600) });

    const outcomes = await remediate([...targets, otherRegion], policy(), ports);

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

  it('of the other regions are remediated if one region fails', async () => {
    const ports = world();
    ports.put(nonCompliant(B), { region: 'us-east-1' });
    ports.fail('describe eu-west-1', failure('denied'));
    const targets = [target({ instanceId: A, region: 'eu-west-1' }), target({ instanceId: B, region: 'us-east-1' })];

    expect((await remediate(targets, policy(), ports)).map(short)).toEqual([
      [A, 'failed', 'denied'],
      [B, 'remediated', 'imdsv1-enabled'],
    ]);
  });

  it('may be none, which causes no call', async () => {
    const ports = world();

    expect(await remediate([], policy(), ports)).toEqual([]);
    expect(ports.calls).toEqual([]);
  });
});

describe('a failing describe', () => {
  it('is retried after throttling and server faults', async () => {
    const ports = world([nonCompliant(A)]);
    ports.fail('describe', failure('throttled'), failure('unavailable'), failure('throttled'));

    expect((await remediate([target({ instanceId: A })], policy(), ports)).map(short)).toEqual([
      [A, 'remediated', 'imdsv1-enabled'],
    ]);
  });

  it('makes every target a failure of its kind at the deadline, with the message of EC2', async () => {
    const ports = world([nonCompliant(A), nonCompliant(B)]);
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

  it('is not retried if it is denied', async () => {
    const ports = world([nonCompliant(A)]);
    ports.fail('describe', failure('denied'));

    expect((await remediate([target({ instanceId: A })], policy(), ports)).map(short)).toEqual([
      [A, 'failed', 'denied'],
    ]);
    expect(ports.calls).toHaveLength(1);
  });
});

describe('an error that is not a FailureError', () => {
  it.each(['describe', 'modify'])('of %s is thrown', async (call) => {
    const ports = world([nonCompliant(A)]);
    ports.fail(call, new TypeError('x is not a function'));

    await expect(remediate([target({ instanceId: A })], policy(), ports)).rejects.toThrow(TypeError);
  });
});

describe('the parameter paceIn', () => {
  it('sets the pace of each region', async () => {
    const ports = world([nonCompliant(A), nonCompliant(B)]);
    ports.put(nonCompliant(C), { region: 'us-east-1' });
    const targets = [
      target({ instanceId: A }),
      target({ instanceId: B }),
      target({ instanceId: C, region: 'us-east-1' }),
    ];
    const regions: string[] = [];

    const outcomes = await remediate(targets, policy(), ports, (region) => {
      regions.push(region);
      return new Pace(ports.time, new Bucket({ burst: 1, perSecond: 0.5 }));
    });

    expect(regions.sort()).toEqual([REGION, 'us-east-1'].sort());
    expect(outcomes.map(({ target: of, at }) => [of.instanceId, at])).toEqual([
      [A, NOW],
      [B, after(2)],
      [C, NOW],
    ]);
  });
});

it('keeps earlier outcomes if it is interrupted while it waits for an instance to appear', async () => {
  const ports = world([nonCompliant(A)]);
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
