import { remediate } from '../../lambda/app/remediate.ts';
import { instanceId, NOW, policy, REGION, snapshot, target } from '../support/builders.ts';
import { after, virtualTime, world } from '../support/ports.ts';

const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];
const launched = (id: string) => snapshot({ instanceId: id });

describe('an instance that EC2 does not return', () => {
  it('is described again, with pauses, and remediated as soon as it appears', async () => {
    const ports = world();
    ports.put(launched(A), { visibleAfter: 6 });

    const outcomes = await remediate([target({ instanceId: A })], policy(), ports);

    expect(outcomes).toMatchObject([{ status: 'remediated', at: after(7), exposedSeconds: 47 }]);
    expect(ports.calls.filter((call) => call.startsWith('describe'))).toHaveLength(4); // after 0, 1, 3 and 7 seconds
  });

  it('does not delay the others', async () => {
    const ports = world([launched(A), launched(C)]);
    ports.put(launched(B), { visibleAfter: 2 });

    const outcomes = await remediate(
      [A, B, C].map((id) => target({ instanceId: id })),
      policy(),
      ports,
    );

    expect(outcomes.map(({ target: of, at }) => [of.instanceId, at])).toEqual([
      [A, NOW],
      [B, after(3)],
      [C, NOW],
    ]);
    expect(ports.calls.filter((call) => call.startsWith('describe'))).toEqual([
      `describe ${REGION} ${A} ${B} ${C}`,
      `describe ${REGION} ${B}`,
      `describe ${REGION} ${B}`,
    ]);
  });

  it('is a failure that may be retried after the last pause, while its event is recent', async () => {
    const ports = world();

    const outcomes = await remediate([target({ instanceId: A })], policy(), ports);

    expect(outcomes).toEqual([
      { target: target({ instanceId: A }), status: 'failed', reason: 'not-visible', at: after(31) },
    ]);
    expect(ports.calls).toHaveLength(6);
  });

  it('is gone at once if its event is more than five minutes old', async () => {
    const ports = world();
    const earlier = target({ instanceId: A, occurredAt: after(-300) });

    expect(await remediate([earlier], policy(), ports)).toEqual([
      { target: earlier, status: 'skipped', reason: 'gone', at: NOW },
    ]);
    expect(ports.calls).toHaveLength(1);
  });

  it('is not waited for beyond the deadline', async () => {
    const ports = world([], virtualTime(5));

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ reason: 'not-visible', at: after(3) }]);
  });
});

describe('a deadline in the past', () => {
  it('makes every target a failure that may be retried, without a call', async () => {
    const ports = world([launched(A)], virtualTime(0));

    expect(await remediate([target({ instanceId: A })], policy(), ports)).toEqual([
      { target: target({ instanceId: A }), status: 'failed', reason: 'deadline', at: NOW },
    ]);
    expect(ports.calls).toEqual([]);
  });
});
