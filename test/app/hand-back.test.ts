import { Budget } from '../../lambda/app/budget.ts';
import { handleBatch } from '../../lambda/app/handle-batch.ts';
import type { EventRules } from '../../lambda/app/handle-events.ts';
import { toFinding } from '../../lambda/triggers/finding.ts';
import { ACCOUNT, IMDSV1, instanceId, LAUNCHED, NOW, REGION, snapshot, target } from '../support/builders.ts';
import { launchEvent, queueRecords, runningEvent } from '../support/events.ts';
import { after, failure, virtualTime, world } from '../support/ports.ts';

const RULES: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };
const [A, B] = [instanceId(1), instanceId(2)];
const AGE_SECONDS = (NOW.getTime() - LAUNCHED.getTime()) / 1000;

const launched = (id: string) => launchEvent({ items: [{ instanceId: id, httpTokens: 'optional' }] });
const launchedAt = (time: Date) =>
  launchEvent({
    time: time.toISOString(),
    detail: { eventTime: undefined },
    items: [{ instanceId: A, httpTokens: 'optional' }],
  });

describe('an instance that only needs time', () => {
  it('is handed back when EC2 throttles the change, and not notified', async () => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));
    ports.fail('modify', failure('throttled'));

    expect(await handleBatch(queueRecords(launched(A)), RULES, ports)).toEqual([]);

    expect(ports.findings).toMatchObject([{ detail: { instanceId: A, recorded: { HttpTokens: 'optional' } } }]);
    expect(ports.calls.at(-1)).toMatch(new RegExp(`^putFindings ${A} in \\d s$`));
    expect([ports.published, ports.outcomes, ports.handedBack]).toEqual([[], [], [1]]);
  });

  it("is handed back when EC2's request rate is used up, one change after another; the others are notified", async () => {
    const ids = Array.from({ length: 100 }, (_, index) => instanceId(index));
    const ports = world(
      ids.map((id) => snapshot({ instanceId: id })),
      virtualTime(5),
    );
    const budget = new Budget({ burst: 90, perSecond: 0.5 });

    expect(await handleBatch(queueRecords(...ids.map(launched)), RULES, ports, budget)).toEqual([]);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 90 } } }]);
    expect(ports.calls.find((call) => call.startsWith('putFindings'))).toMatch(/ in 4 6 8 10 12 14 16 18 20 22 s$/);
  });

  it('is handed back for 450 to 900 s when its time is beyond the longest delay of SQS', async () => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));
    const budget = new Budget({ burst: 0, perSecond: 0.5 });
    for (let changes = 0; changes < 10_000; changes += 1) budget.in(REGION).reserve(NOW.getTime());

    await handleBatch(queueRecords(launched(A)), RULES, ports, budget);

    expect(ports.calls.at(-1)).toBe(`putFindings ${A} in 675 s`);
  });

  it('is handed back for half the age of its event when EC2 does not return it yet', async () => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));

    expect(await handleBatch(queueRecords(launched(A), launched(B)), RULES, ports)).toEqual([]);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
    expect(ports.calls).toContain(`putFindings ${B} in ${Math.ceil(AGE_SECONDS / 2)} s`);
  });

  it.each([
    [1, 2],
    [60, 30],
    [200, 60],
  ])('%i s after its event it is asked for again after %i s', async (age, seconds) => {
    const ports = world([], virtualTime(5));

    await handleBatch(queueRecords(launchedAt(after(-age))), RULES, ports);

    expect(ports.calls.at(-1)).toBe(`putFindings ${A} in ${seconds} s`);
  });

  it('is delivered again with its message if the queue does not accept it', async () => {
    const ports = world([], virtualTime(5));
    ports.fail('putFindings', failure('denied'));

    expect(await handleBatch(queueRecords(launched(A)), RULES, ports)).toEqual(['m1']);
    expect(ports.handedBack).toEqual([]);
  });

  it('fails like any other six hours after its event', async () => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));
    ports.fail('modify', ...Array.from({ length: 20 }, () => failure('throttled')));

    expect(await handleBatch(queueRecords(launchedAt(after(-7 * 3600))), RULES, ports)).toEqual(['m1']);
    expect(ports.findings).toEqual([]);
  });
});

describe('a running-state event', () => {
  const young = runningEvent({ instanceId: A, time: NOW.toISOString() });
  const due = runningEvent({ instanceId: A, time: after(-100).toISOString() });

  it.each([
    [true, 90],
    [false, 15],
  ])('that has just arrived, with trail %s, is handed back for %i s without a call to EC2', async (trail, seconds) => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));

    expect(await handleBatch(queueRecords(young), { ...RULES, trail }, ports)).toEqual([]);

    expect(ports.calls).toEqual([`putEvents in ${seconds} s`]);
    expect(ports.requeued).toEqual([young]);
  });

  it('is delivered again if the queue does not accept it', async () => {
    const ports = world([], virtualTime(5));
    ports.fail('putEvents', failure('denied'));

    expect(await handleBatch(queueRecords(due, young), RULES, ports)).toEqual(['m2']);
  });

  it('is handed back while launches of its region are handed back: one of them may name its caller', async () => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));
    const budget = new Budget();
    for (let changes = 0; changes < 50; changes += 1) budget.in(REGION).reserve(NOW.getTime());

    expect(await handleBatch(queueRecords(due), RULES, ports, budget)).toEqual([]);

    expect(ports.findings).toMatchObject([{ detail: { instanceId: A, recorded: {} } }]);
    expect(ports.calls.at(-1)).toBe(`putFindings ${A} in 40 s`);
  });

  it('is not handed back for that an hour after its event', async () => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));
    const budget = new Budget();
    budget.in(REGION).reserve(NOW.getTime());
    const old = runningEvent({ instanceId: A, time: after(-3601).toISOString() });

    await handleBatch(queueRecords(old), RULES, ports, budget);

    expect(ports.outcomes).toMatchObject([{ status: 'skipped', reason: 'recorded' }]);
  });

  it('is handed back, too, when another environment handed the launches back', async () => {
    const ports = world([snapshot({ instanceId: A }), snapshot({ instanceId: B })], virtualTime(5));
    const late = toFinding(target({ instanceId: B, occurredAt: after(-90) }), IMDSV1);

    expect(await handleBatch(queueRecords(due, late), RULES, ports)).toEqual([]);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
    expect(ports.calls).toContain(`putFindings ${A} in 30 s`);
  });
});
