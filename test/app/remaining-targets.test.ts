import { handleBatch } from '../../lambda/app/handle-batch.ts';
import type { EventRules } from '../../lambda/app/handle-events.ts';
import { ACCOUNT, instanceId, REGION, snapshot } from '../support/builders.ts';
import { launchEvent, queueRecords } from '../support/events.ts';
import { failure, world, type World } from '../support/ports.ts';

const RULES: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };
const [A, B] = [instanceId(1), instanceId(2)];
const launchOf = (...ids: readonly string[]) =>
  launchEvent({ items: ids.map((id) => ({ instanceId: id, httpTokens: 'optional' })) });
const handle = (ports: World, ...events: readonly unknown[]) => handleBatch(queueRecords(...events), RULES, ports);

describe('remaining targets of an event', () => {
  it('are queued as findings, delayed by a minute, and the others are notified once', async () => {
    const ports = world([snapshot({ instanceId: A }), snapshot({ instanceId: B })]);
    ports.fail(`modify ${REGION} ${B}`, failure('unknown'));

    expect(await handle(ports, launchOf(A, B))).toEqual([]);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
    expect(ports.outcomes.map(({ status }) => status)).toEqual(['remediated', 'failed']);
    expect(ports.calls).toContain(`putFindings ${B} in 60 s`);
    expect(ports.handedBack).toEqual([1]);
  });

  it('are notified with the caller and the record of the event', async () => {
    const ports = world([snapshot({ instanceId: A }), snapshot({ instanceId: B })]);
    ports.fail(`modify ${REGION} ${B}`, failure('unknown'));
    await handle(ports, launchOf(A, B));

    expect(await handle(ports, ...ports.findings)).toEqual([]);

    expect(ports.published).toMatchObject([
      { json: { groups: [{ instanceIds: [A], status: 'remediated' }] } },
      {
        json: { groups: [{ outcomes: [{ instanceId: B, caller: { principal: expect.any(String) } }] }] },
        attributes: { trigger: ['launch'] },
      },
    ]);
  });

  it('are notified if they were remediated in the meantime', async () => {
    const ports = world([snapshot({ instanceId: A }), snapshot({ instanceId: B })]);
    ports.fail(`modify ${REGION} ${B}`, failure('unknown'));
    await handle(ports, launchOf(A, B));
    ports.put(snapshot({ instanceId: B, options: { HttpTokens: 'required' } }));

    await handle(ports, ...ports.findings);

    expect(ports.published[1]).toMatchObject({
      json: { groups: [{ status: 'already-remediated', instanceIds: [B] }] },
    });
  });

  it('are delivered again with the whole event if the queue does not accept them', async () => {
    const ports = world([snapshot({ instanceId: A }), snapshot({ instanceId: B })]);
    ports.fail(`modify ${REGION} ${B}`, failure('unknown'));
    ports.fail(`putFindings ${B}`, failure('denied', 'no permission'));

    expect(await handle(ports, launchOf(A, B))).toEqual(['m1']);

    expect(ports.published).toHaveLength(1);
    expect(ports.handedBack).toEqual([]);
    expect(ports.warnings).toEqual([
      'work could not be handed back to the queue; its messages will be delivered again',
    ]);
  });
});
