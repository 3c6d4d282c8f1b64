import fc from 'fast-check';
import { handleBatch } from '../../lambda/app/handle-batch.ts';
import type { EventRules } from '../../lambda/app/handle-events.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { ACCOUNT, instanceId, REGION, snapshot } from '../support/builders.ts';
import {
  type BusEvent,
  createTagsEvent,
  deleteTagsEvent,
  driftEvent,
  launchEvent,
  runningEvent,
} from '../support/events.ts';
import { after, world, type World } from '../support/ports.ts';

const RULES: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };
const [OLD, YOUNG, EXEMPT, COMPLIANT, GONE] = [1, 2, 3, 4, 5].map(instanceId) as [
  string,
  string,
  string,
  string,
  string,
];
const launched = new Date('2021-03-01T08:00:00Z');
const FLEET: readonly Snapshot[] = [
  snapshot({ instanceId: OLD, launchTime: launched, firstLaunch: launched }),
  snapshot({ instanceId: YOUNG }),
  snapshot({ instanceId: EXEMPT, tags: { 'imdsv2:exempt-until': '2026-12-31' } }),
  snapshot({ instanceId: COMPLIANT, options: { HttpTokens: 'required' } }),
];

/** Delivers a batch in an order, then the findings that it leads to, and returns what is left. */
async function resultOf(events: readonly BusEvent[]) {
  const ports = world(FLEET);
  // IMDSv1 was enabled on the old instance before every call.
  const points = Array.from({ length: 30 }, (_, index) => ({ at: after(-60 * (15 + 5 * index)), count: 0 }));
  ports.metrics.set(`MetadataNoToken ${OLD}`, points);
  const deliver = (contents: readonly unknown[]) =>
    handleBatch(
      contents.map((content, index) => ({ messageId: `m${index}`, body: JSON.stringify(content), receiveCount: 1 })),
      RULES,
      ports,
    );
  const retried = await deliver(events);
  await deliver(ports.findings.splice(0));
  return { ...summary(ports), retried: retried.map((id) => events[Number(id.slice(1))]?.id).toSorted() };
}

function summary({ outcomes, published, checks, calls }: World) {
  return {
    outcomes: outcomes
      .map(({ target, status, reason }) => [target.instanceId, target.context.eventId, status, reason].join(' '))
      .toSorted(),
    alerts: published
      .map(({ attributes: { trigger, severity }, json }) =>
        [
          [trigger].flat().toSorted().join(),
          severity,
          ...Object.entries(json.counts)
            .map((count) => count.join(' '))
            .toSorted(),
        ].join(),
      )
      .toSorted(),
    checks: checks.map(({ instanceId: id }) => id).toSorted(),
    changed: calls.filter((call) => call.startsWith('modify')).toSorted(),
  };
}

test('a revoke of an old instance is not lost beside a start, in either order', async () => {
  const [running, revoke] = [runningEvent({ instanceId: OLD }), deleteTagsEvent({ resources: [OLD] })];

  for (const events of [
    [running, revoke],
    [revoke, running],
  ]) {
    const result = await resultOf(events);
    expect(result.changed).toEqual([`modify ${REGION} ${OLD}`]);
    expect(result.alerts).toEqual(['revoke,MEDIUM,remediated 1']);
  }
});

test('a batch ends alike in any order', async () => {
  const anyId = fc.constantFrom(OLD, YOUNG, EXEMPT, COMPLIANT, GONE);
  const anyTime = fc.constantFrom(-40, -90, -600).map((seconds) => after(seconds).toISOString());
  const anyEvent = fc.record({ id: anyId, time: anyTime, kind: fc.nat({ max: 8 }) }).map(({ id, time, kind }) => {
    const over = { time };
    const all = { HttpTokens: 'optional', HttpEndpoint: 'enabled' };
    return [
      runningEvent({ ...over, instanceId: id }),
      launchEvent({ ...over, items: [{ instanceId: id, httpTokens: 'optional' }] }),
      launchEvent({
        ...over,
        items: [{ instanceId: id, httpTokens: 'required', tags: { 'imdsv2:exempt-until': 'x' } }],
      }),
      driftEvent({ ...over, instanceId: id, request: all }),
      driftEvent({ ...over, instanceId: id, request: { HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 } }),
      deleteTagsEvent({ ...over, resources: [id] }),
      deleteTagsEvent({ ...over, resources: [id], tags: [] }),
      createTagsEvent({ ...over, resources: [id] }),
      runningEvent({ ...over, instanceId: id, account: '444455556666' }),
    ][kind] as BusEvent;
  });
  const anyBatch = fc
    .array(anyEvent, { minLength: 2, maxLength: 6 })
    .map((events) => events.map((event, index) => ({ ...event, id: `event-${index}` })));
  const anyOrders = anyBatch.chain((events) =>
    fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length })),
  );
  await fc.assert(
    fc.asyncProperty(anyOrders, async ([events, reordered]) => {
      expect(await resultOf(reordered)).toEqual(await resultOf(events));
    }),
    { numRuns: 100 },
  );
});
