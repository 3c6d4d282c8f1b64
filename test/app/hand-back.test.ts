import { Budget, BUDGET } from '../../lambda/app/budget.ts';
import { handleBatch, type Rules } from '../../lambda/app/handle-events.ts';
import { instanceId, LAUNCHED, NOW, REGION, snapshot } from '../support/builders.ts';
import { launchEvent, runningEvent } from '../support/events.ts';
import { failure, virtualTime, world } from '../support/ports.ts';

const RULES: Rules = { existing: 'audit', maxExemptionDays: 90, trail: true };
const [A, B] = [instanceId(1), instanceId(2)];
const AGE_SECONDS = (NOW.getTime() - LAUNCHED.getTime()) / 1000;

const records = (...events: readonly object[]) =>
  events.map((event, index) => ({ messageId: `m${index + 1}`, body: JSON.stringify(event) }));
const launched = (id: string) => launchEvent({ items: [{ instanceId: id, httpTokens: 'optional' }] });

describe('what only needs time', () => {
  it('EC2 refuses a change → handed back to the queue behind its turn, and nobody is notified', async () => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));
    ports.fail('modify', failure('throttled'));

    expect(await handleBatch(records(launched(A)), RULES, ports)).toEqual([]);

    expect(ports.findings).toMatchObject([{ detail: { instanceId: A, recorded: { HttpTokens: 'optional' } } }]);
    expect(ports.calls.at(-1)).toMatch(new RegExp(`^putFindings ${A} in \\d s$`));
    expect([ports.published, ports.outcomes]).toEqual([[], []]);
  });

  it('more changes than EC2 allows → the others are done and notified, and those come back one behind the other', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => instanceId(index));
    const ports = world(
      ids.map((id) => snapshot({ instanceId: id })),
      virtualTime(5),
    );

    expect(
      await handleBatch(records(...ids.map(launched)), RULES, ports, new Budget({ ...BUDGET, patienceMs: 0 })),
    ).toEqual([]);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 90 } } }]);
    expect(ports.calls.find((call) => call.startsWith('putFindings'))).toMatch(/ in 1 2 3 s$/);
  });

  it('an instance that EC2 does not show yet → looked for again after half as long as since its event', async () => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));

    expect(await handleBatch(records(launched(A), launched(B)), RULES, ports)).toEqual([]);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
    expect(ports.calls).toContain(`putFindings ${B} in ${Math.ceil(AGE_SECONDS / 2)} s`);
  });

  it('the queue refuses → its message comes again', async () => {
    const ports = world([], virtualTime(5));
    ports.fail('putFindings', failure('denied'));

    expect(await handleBatch(records(launched(A)), RULES, ports)).toEqual(['m1']);
  });

  it('an event of more than six hours ago fails like any other', async () => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));
    ports.fail('modify', ...Array.from({ length: 20 }, () => failure('throttled')));
    const old = launchEvent({
      time: new Date(NOW.getTime() - 7 * 3_600_000).toISOString(),
      detail: { eventTime: undefined },
      items: [{ instanceId: A, httpTokens: 'optional' }],
    });

    expect(await handleBatch(records(old), RULES, ports)).toEqual(['m1']);
  });
});

describe('a running-state event', () => {
  const young = runningEvent({ instanceId: A, time: NOW.toISOString() });

  it.each([
    [true, 90],
    [false, 15],
  ])('that has just come, trail %s → handed back for %i s, and nothing is looked at', async (trail, seconds) => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));

    expect(await handleBatch(records(young), { ...RULES, trail }, ports)).toEqual([]);

    expect(ports.calls).toEqual([`putEvents in ${seconds} s`]);
    expect(ports.requeued).toEqual([young]);
  });

  it('while changes wait for their turn → no finding: the event of its launch may be among them', async () => {
    const ports = world([snapshot({ instanceId: A })], virtualTime(5));
    const budget = new Budget();
    for (let changes = 0; changes < 50; changes += 1) budget.promise(REGION, NOW);
    const ripe = runningEvent({ instanceId: A, time: new Date(NOW.getTime() - 100_000).toISOString() });

    expect(await handleBatch(records(ripe), RULES, ports, budget)).toEqual([]);

    expect(ports.findings).toMatchObject([{ detail: { instanceId: A, recorded: {} } }]);
    expect(ports.calls.at(-1)).toBe(`putFindings ${A} in 10 s`);
  });
});
