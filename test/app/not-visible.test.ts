import { remediate } from '../../lambda/app/remediate.ts';
import { instanceId, NOW, policy, REGION, snapshot, target } from '../support/builders.ts';
import { after, virtualTime, world } from '../support/ports.ts';

const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];
const open = (id: string) => snapshot({ instanceId: id });

describe('an id that EC2 does not show', () => {
  it('is looked at again, with pauses, and remediated as soon as it is there', async () => {
    const ports = world();
    ports.put(open(A), { visibleAfter: 6 });

    const outcomes = await remediate([target({ instanceId: A })], policy(), ports);

    expect(outcomes).toMatchObject([{ status: 'remediated', at: after(7), exposedSeconds: 47 }]);
    expect(ports.calls.filter((call) => call.startsWith('describe'))).toHaveLength(4); // after 0, 1, 3 and 7 seconds
  });

  it('hides no other: those that are there are changed before anybody waits', async () => {
    const ports = world([open(A), open(C)]);
    ports.put(open(B), { visibleAfter: 2 });

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

  it('to the end of all pauses is a failure that a retry may undo, while its event is young', async () => {
    const ports = world();

    const outcomes = await remediate([target({ instanceId: A })], policy(), ports);

    expect(outcomes).toEqual([
      { target: target({ instanceId: A }), status: 'failed', reason: 'not-visible', at: after(31) },
    ]);
    expect(ports.calls).toHaveLength(6);
  });

  it('is gone at once when its event is more than five minutes old', async () => {
    const ports = world();
    const old = target({ instanceId: A, occurredAt: after(-300) });

    expect(await remediate([old], policy(), ports)).toEqual([
      { target: old, status: 'skipped', reason: 'gone', at: NOW },
    ]);
    expect(ports.calls).toHaveLength(1);
  });

  it('is waited for no longer than the invocation lasts', async () => {
    const ports = world([], virtualTime(5));

    expect(await remediate([target()], policy(), ports)).toMatchObject([{ reason: 'not-visible', at: after(3) }]);
  });
});

describe('time that is up', () => {
  it('before the first look makes every target a failure that a retry may undo, with no call at all', async () => {
    const ports = world([open(A)], virtualTime(0));

    expect(await remediate([target({ instanceId: A })], policy(), ports)).toEqual([
      { target: target({ instanceId: A }), status: 'failed', reason: 'deadline', at: NOW },
    ]);
    expect(ports.calls).toEqual([]);
  });
});
