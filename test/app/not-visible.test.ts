import { remediate } from '../../lambda/app/remediate.ts';
import { instanceId, NOW, policy, REGION, snapshot, target } from '../support/builders.ts';
import { after, virtualTime, world } from '../support/ports.ts';

const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];
const launched = (id: string) => snapshot({ instanceId: id });

describe('an instance that EC2 does not return', () => {
  it('is a failure that may be retried while its event is recent, and does not delay the others', async () => {
    const ports = world([launched(A), launched(C)]);

    const outcomes = await remediate(
      [A, B, C].map((id) => target({ instanceId: id })),
      policy(),
      ports,
    );

    expect(outcomes.map(({ target: of, status, reason, at }) => [of.instanceId, status, reason, at])).toEqual([
      [A, 'remediated', 'imdsv1-enabled', NOW],
      [B, 'failed', 'not-visible', NOW],
      [C, 'remediated', 'imdsv1-enabled', NOW],
    ]);
    expect(ports.calls.filter((call) => call.startsWith('describe'))).toEqual([`describe ${REGION} ${A} ${B} ${C}`]);
  });

  it('is gone if its event is more than five minutes old', async () => {
    const ports = world();
    const earlier = target({ instanceId: A, occurredAt: after(-300) });

    expect(await remediate([earlier], policy(), ports)).toEqual([
      { target: earlier, status: 'skipped', reason: 'gone', at: NOW },
    ]);
    expect(ports.calls).toHaveLength(1);
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
