import { onBatch, type QueueRecord, type Rules } from '../../lambda/app/invoke.ts';
import { lookAfter } from '../../lambda/app/check-after-change.ts';
import type { Message } from '../../lambda/core/message.ts';
import { toWatchMessage, type Watch } from '../../lambda/triggers/post-change-check.ts';
import { ACCOUNT, instanceId, NOW, REGION, snapshot, type SnapshotChange } from '../support/builders.ts';
import { launchEvent } from '../support/events.ts';
import { after, failure, virtualTime, world, type World } from '../support/ports.ts';

const RULES: Rules = { existing: 'audit', exemptionHorizonDays: 90, trail: true };
const [A, B, C] = [1, 2, 3].map(instanceId) as [string, string, string];
const QUARTER = 900;

const watchOf = (id: string, over: Partial<Watch> = {}): Watch => ({
  account: ACCOUNT,
  region: REGION,
  instanceId: id,
  closedAt: after(-QUARTER),
  asked: 0,
  ...over,
});
const closed = (id: string, over: SnapshotChange = {}) =>
  snapshot({ instanceId: id, ...over, options: { HttpTokens: 'required', ...over.options } });
const refused = (ports: World, id: string, count: number, at = after(-600)) =>
  ports.metrics.set(`MetadataNoTokenRejected ${id}`, [{ at, count }]);
/** As broken messages have it. */
const told = ({ published }: World) => (published as readonly Message[]).map(({ json }) => json);
const verbs = (calls: readonly string[]) => calls.map((call) => call.split(' ')[0]);

describe('an instance on which calls are refused', () => {
  it('is told, in one message with the line that undoes it, and not looked after any more', async () => {
    const ports = world([closed(A), closed(B), closed(C)]);
    refused(ports, A, 12);
    refused(ports, B, 3);

    expect(
      await lookAfter(
        [A, B, C].map((id) => watchOf(id)),
        RULES,
        ports,
      ),
    ).toEqual([]);

    expect(told(ports)).toMatchObject([
      {
        schema: 'imdsv2-enforcer.broken/v1',
        instances: [
          {
            instanceId: A,
            rejectedCalls: 12,
            rollback: `imdsv2 rollback ${A} --region ${REGION} --for 14d --reason '...'`,
          },
          { instanceId: B, rejectedCalls: 3 },
        ],
      },
    ]);
    expect(ports.published[0]?.email).toContain(`imdsv2 rollback ${A} --region ${REGION} --for 14d --reason '...'`);
    expect(ports.rejected).toEqual([2]);
    expect(ports.watches).toEqual([watchOf(C, { asked: 1 })]);
  });

  it('is asked about with all the others at once, since the first of them was closed', async () => {
    const ports = world([closed(A), closed(B)]);

    await lookAfter([watchOf(A), watchOf(B, { closedAt: after(-3600) })], RULES, ports);

    expect(ports.calls).toEqual([
      `describe ${REGION} ${A} ${B}`,
      `measure ${REGION} MetadataNoTokenRejected ${A} ${B}`,
      `watch ${A} ${B}`,
    ]);
  });

  it('counts from the five minutes on in which it was closed', async () => {
    const closedAt = new Date('2026-11-22T11:47:31Z');
    for (const [at, broken] of [
      ['2026-11-22T11:40:00Z', 0],
      ['2026-11-22T11:45:00Z', 1],
      ['2026-11-22T11:50:00Z', 1],
    ] as const) {
      const ports = world([closed(A)]);
      refused(ports, A, 1, new Date(at));

      // Another one that was closed earlier asks for more than this one has to answer for.
      await lookAfter([watchOf(A, { closedAt }), watchOf(B, { closedAt: after(-7200) })], RULES, ports);

      expect(ports.published).toHaveLength(broken);
    }
  });
});

describe('an instance on which nothing is refused', () => {
  it('is looked after four times and never again', async () => {
    const ports = world([closed(A)]);
    let asked = 0;
    for (let next: Watch | undefined = watchOf(A); next !== undefined; next = ports.watches.shift()) {
      asked += 1;
      await lookAfter([next], RULES, ports);
    }

    expect(asked).toBe(4);
    expect(verbs(ports.calls).filter((verb) => verb === 'measure')).toHaveLength(4);
    expect(ports.published).toEqual([]);
    expect(ports.rejected).toEqual([]);
  });

  it('and whose change is pending after the fourth look is told, but is not one that is refused', async () => {
    const ports = world([closed(A, { options: { State: 'pending' } })]);

    for (const asked of [0, 1, 2]) await lookAfter([watchOf(A, { asked })], RULES, ports);
    expect(ports.published).toEqual([]);
    expect(ports.watches.map(({ asked }) => asked)).toEqual([1, 2, 3]);

    await lookAfter([watchOf(A, { asked: 3 })], RULES, ports);
    expect(told(ports)).toMatchObject([{ instances: [{ instanceId: A, state: 'pending', rejectedCalls: 0 }] }]);
    expect(ports.watches).toHaveLength(3);
    expect(ports.rejected).toEqual([]);
  });
});

it.each<readonly [string, SnapshotChange | undefined]>([
  ['opened again', { options: { HttpTokens: 'optional' } }],
  ['terminated', { state: 'terminated' }],
  ['shutting down', { state: 'shutting-down' }],
  ['gone', undefined],
])('an instance that is %s is dropped, whatever was refused', async (_, over) => {
  const ports = world(over === undefined ? [] : [closed(A, over)]);
  refused(ports, A, 5);

  expect(await lookAfter([watchOf(A)], RULES, ports)).toEqual([]);

  expect([ports.published, ports.watches, ports.rejected]).toEqual([[], [], []]);
});

it('a watch that came twice is one look, and leads to one more', async () => {
  const ports = world([closed(A)]);

  await lookAfter([watchOf(A), watchOf(A), watchOf(A, { asked: 1 })], RULES, ports);

  expect(ports.watches).toEqual([watchOf(A, { asked: 2 })]);
});

it('of an instance that was closed twice the later change counts', async () => {
  const ports = world([closed(A)]);
  const later = watchOf(A, { closedAt: after(-60) });

  await lookAfter([later, watchOf(A, { asked: 2 })], RULES, ports);

  expect(ports.watches).toEqual([{ ...later, asked: 1 }]);
});

describe('what goes wrong', () => {
  it('nobody may read what is refused: a warning, and the options are looked at all the same', async () => {
    const ports = world([closed(A), closed(B, { options: { State: 'pending' } })]);
    ports.fail('measure', failure('denied'));

    expect(await lookAfter([watchOf(A), watchOf(B, { asked: 3 })], RULES, ports)).toEqual([]);

    expect(ports.warnings).toEqual([`what is refused in ${REGION} could not be read`]);
    expect(told(ports)).toMatchObject([{ instances: [{ instanceId: B }] }]);
    expect(ports.watches).toEqual([watchOf(A, { asked: 1 })]);
  });

  it.each(['describe', 'measure'])(
    '%s is throttled to the end: all come again, and nothing is told or kept',
    async (call) => {
      const ports = world([closed(A)], virtualTime(20));
      refused(ports, A, 5);
      ports.fail(call, ...Array<Error>(50).fill(failure('throttled')));

      expect(await lookAfter([watchOf(A)], RULES, ports)).toEqual([watchOf(A)]);

      expect([ports.published, ports.watches]).toEqual([[], []]);
    },
  );

  it('in one region leaves those of another done, so that nobody is looked after once more than four times', async () => {
    const ports = world([closed(A)]);
    ports.put(closed(B), { region: 'us-east-1' });
    ports.fail('describe us-east-1', failure('denied'));
    const elsewhere = watchOf(B, { region: 'us-east-1' });

    expect(await lookAfter([watchOf(A), elsewhere], RULES, ports)).toEqual([elsewhere]);

    expect(ports.watches).toEqual([watchOf(A, { asked: 1 })]);
  });

  it('a queue that does not keep the later looks: those come again, and what broke is told once', async () => {
    const ports = world([closed(A), closed(B)]);
    refused(ports, A, 5);
    ports.fail('watch', failure('denied'));

    expect(await lookAfter([watchOf(A), watchOf(B)], RULES, ports)).toEqual([watchOf(B)]);

    expect(told(ports)).toMatchObject([{ instances: [{ instanceId: A }] }]);
  });

  it('SNS refuses: the message waits on the work queue; that neither takes, the broken ones come again', async () => {
    const ports = world([closed(A), closed(B)]);
    refused(ports, A, 5);
    ports.fail('publish', failure('unavailable'));
    expect(await lookAfter([watchOf(A)], RULES, ports)).toEqual([]);
    expect(ports.unsent).toHaveLength(1);

    ports.fail('publish', failure('unavailable'));
    ports.fail('keep', failure('unavailable'));
    expect(await lookAfter([watchOf(A), watchOf(B)], RULES, ports)).toEqual([watchOf(A)]);
    expect(ports.rejected).toEqual([1]);
    expect(ports.watches).toEqual([watchOf(B, { asked: 1 })]);
  });

  it('a bug is thrown, not taken for a failure', async () => {
    const ports = world([closed(A)]);
    ports.fail('measure', new TypeError('x is not a function'));

    await expect(lookAfter([watchOf(A)], RULES, ports)).rejects.toThrow(TypeError);
  });
});

describe('in a batch of the work queue', () => {
  const messages = (...contents: readonly unknown[]): QueueRecord[] =>
    contents.map((content, index) => ({ messageId: `m${index + 1}`, body: JSON.stringify(content) }));

  it('a watch is looked after, beside whatever else is there', async () => {
    const ports = world([closed(A), snapshot({ instanceId: B })]);
    refused(ports, A, 5);
    const launched = launchEvent({ items: [{ instanceId: B, httpTokens: 'optional' }] });

    expect(await onBatch(messages(toWatchMessage(watchOf(A)), launched), RULES, ports)).toEqual([]);

    expect(ports.published.map(({ attributes }) => attributes.status)).toEqual([['remediated'], ['broken']]);
    expect(ports.watches).toMatchObject([{ instanceId: B, asked: 0, closedAt: NOW }]);
    expect(ports.notUnderstood).toEqual([]);
  });

  it('exactly the watches come again that could not be looked after', async () => {
    const ports = world([closed(A)], virtualTime(20));
    ports.fail('describe us-east-1', ...Array<Error>(50).fill(failure('throttled')));
    const elsewhere = watchOf(B, { region: 'us-east-1' });

    const bodies = [watchOf(A), elsewhere, watchOf(C, { region: 'us-east-1' })].map(toWatchMessage);
    expect(await onBatch(messages(...bodies), RULES, ports)).toEqual(['m2', 'm3']);
  });

  it('one that cannot be read is not understood, and does not come again', async () => {
    const ports = world();
    const bad = { ...toWatchMessage(watchOf(A)), detail: { instanceId: A, asked: -1 } };

    expect(await onBatch(messages(bad), RULES, ports)).toEqual([]);
    expect(ports.notUnderstood).toHaveLength(1);
  });
});
