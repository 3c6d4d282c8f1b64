import { onBatch, type QueueRecord, type Rules } from '../../lambda/app/handle-events.ts';
import { checkAfterChange } from '../../lambda/app/post-change-checks.ts';
import type { Message } from '../../lambda/core/message.ts';
import { toCheckMessage, type PostChangeCheck } from '../../lambda/triggers/post-change-check.ts';
import { ACCOUNT, instanceId, NOW, REGION, snapshot, type SnapshotChange } from '../support/builders.ts';
import { launchEvent } from '../support/events.ts';
import { after, failure, virtualTime, world, type World } from '../support/ports.ts';

const RULES: Rules = { existing: 'audit', maxExemptionDays: 90, trail: true };
const [A, B, C] = [1, 2, 3].map(instanceId) as [string, string, string];
const QUARTER = 900;

const checkOf = (id: string, over: Partial<PostChangeCheck> = {}): PostChangeCheck => ({
  account: ACCOUNT,
  region: REGION,
  instanceId: id,
  remediatedAt: after(-QUARTER),
  checksDone: 0,
  ...over,
});
const closed = (id: string, over: SnapshotChange = {}) =>
  snapshot({ instanceId: id, ...over, options: { HttpTokens: 'required', ...over.options } });
const refused = (ports: World, id: string, count: number, at = after(-600)) =>
  ports.metrics.set(`MetadataNoTokenRejected ${id}`, [{ at, count }]);
/** As impacts messages have it. */
const told = ({ published }: World) => (published as readonly Message[]).map(({ json }) => json);
const verbs = (calls: readonly string[]) => calls.map((call) => call.split(' ')[0]);

describe('an instance on which calls are refused', () => {
  it('is told, in one message with the line that undoes it, and not looked after any more', async () => {
    const ports = world([closed(A), closed(B), closed(C)]);
    refused(ports, A, 12);
    refused(ports, B, 3);

    expect(
      await checkAfterChange(
        [A, B, C].map((id) => checkOf(id)),
        RULES,
        ports,
      ),
    ).toEqual([]);

    expect(told(ports)).toMatchObject([
      {
        schema: 'imdsv2-enforcer.workload-impact/v1',
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
    expect(ports.checks).toEqual([checkOf(C, { checksDone: 1 })]);
  });

  it('is checksDone about with all the others at once, since the first of them was closed', async () => {
    const ports = world([closed(A), closed(B)]);

    await checkAfterChange([checkOf(A), checkOf(B, { remediatedAt: after(-3600) })], RULES, ports);

    expect(ports.calls).toEqual([
      `describe ${REGION} ${A} ${B}`,
      `measure ${REGION} MetadataNoTokenRejected ${A} ${B}`,
      `check ${A} ${B}`,
    ]);
  });

  it('counts from the five minutes on in which it was closed', async () => {
    const remediatedAt = new Date('2026-11-22T11:47:31Z');
    for (const [at, impacts] of [
      ['2026-11-22T11:40:00Z', 0],
      ['2026-11-22T11:45:00Z', 1],
      ['2026-11-22T11:50:00Z', 1],
    ] as const) {
      const ports = world([closed(A)]);
      refused(ports, A, 1, new Date(at));

      // Another one that was closed earlier asks for more than this one has to answer for.
      await checkAfterChange([checkOf(A, { remediatedAt }), checkOf(B, { remediatedAt: after(-7200) })], RULES, ports);

      expect(ports.published).toHaveLength(impacts);
    }
  });
});

describe('an instance on which nothing is refused', () => {
  it('is looked after four times and never again', async () => {
    const ports = world([closed(A)]);
    let checksDone = 0;
    for (let next: PostChangeCheck | undefined = checkOf(A); next !== undefined; next = ports.checks.shift()) {
      checksDone += 1;
      await checkAfterChange([next], RULES, ports);
    }

    expect(checksDone).toBe(4);
    expect(verbs(ports.calls).filter((verb) => verb === 'measure')).toHaveLength(4);
    expect(ports.published).toEqual([]);
    expect(ports.rejected).toEqual([]);
  });

  it('and whose change is pending after the fourth look is told, but is not one that is refused', async () => {
    const ports = world([closed(A, { options: { State: 'pending' } })]);

    for (const checksDone of [0, 1, 2]) await checkAfterChange([checkOf(A, { checksDone })], RULES, ports);
    expect(ports.published).toEqual([]);
    expect(ports.checks.map(({ checksDone }) => checksDone)).toEqual([1, 2, 3]);

    await checkAfterChange([checkOf(A, { checksDone: 3 })], RULES, ports);
    expect(told(ports)).toMatchObject([{ instances: [{ instanceId: A, state: 'pending', rejectedCalls: 0 }] }]);
    expect(ports.checks).toHaveLength(3);
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

  expect(await checkAfterChange([checkOf(A)], RULES, ports)).toEqual([]);

  expect([ports.published, ports.checks, ports.rejected]).toEqual([[], [], []]);
});

it('a check that came twice is one look, and leads to one more', async () => {
  const ports = world([closed(A)]);

  await checkAfterChange([checkOf(A), checkOf(A), checkOf(A, { checksDone: 1 })], RULES, ports);

  expect(ports.checks).toEqual([checkOf(A, { checksDone: 2 })]);
});

it('of an instance that was closed twice the later change counts', async () => {
  const ports = world([closed(A)]);
  const later = checkOf(A, { remediatedAt: after(-60) });

  await checkAfterChange([later, checkOf(A, { checksDone: 2 })], RULES, ports);

  expect(ports.checks).toEqual([{ ...later, checksDone: 1 }]);
});

describe('what goes wrong', () => {
  it('nobody may read what is refused: a warning, and the options are looked at all the same', async () => {
    const ports = world([closed(A), closed(B, { options: { State: 'pending' } })]);
    ports.fail('measure', failure('denied'));

    expect(await checkAfterChange([checkOf(A), checkOf(B, { checksDone: 3 })], RULES, ports)).toEqual([]);

    expect(ports.warnings).toEqual([`what is refused in ${REGION} could not be read`]);
    expect(told(ports)).toMatchObject([{ instances: [{ instanceId: B }] }]);
    expect(ports.checks).toEqual([checkOf(A, { checksDone: 1 })]);
  });

  it.each(['describe', 'measure'])(
    '%s is throttled to the end: all come again, and nothing is told or kept',
    async (call) => {
      const ports = world([closed(A)], virtualTime(20));
      refused(ports, A, 5);
      ports.fail(call, ...Array<Error>(50).fill(failure('throttled')));

      expect(await checkAfterChange([checkOf(A)], RULES, ports)).toEqual([checkOf(A)]);

      expect([ports.published, ports.checks]).toEqual([[], []]);
    },
  );

  it('in one region leaves those of another done, so that nobody is looked after once more than four times', async () => {
    const ports = world([closed(A)]);
    ports.put(closed(B), { region: 'us-east-1' });
    ports.fail('describe us-east-1', failure('denied'));
    const elsewhere = checkOf(B, { region: 'us-east-1' });

    expect(await checkAfterChange([checkOf(A), elsewhere], RULES, ports)).toEqual([elsewhere]);

    expect(ports.checks).toEqual([checkOf(A, { checksDone: 1 })]);
  });

  it('a queue that does not keep the later looks: those come again, and what broke is told once', async () => {
    const ports = world([closed(A), closed(B)]);
    refused(ports, A, 5);
    ports.fail('check', failure('denied'));

    expect(await checkAfterChange([checkOf(A), checkOf(B)], RULES, ports)).toEqual([checkOf(B)]);

    expect(told(ports)).toMatchObject([{ instances: [{ instanceId: A }] }]);
  });

  it('SNS refuses: the message waits on the work queue; that neither takes, the impacts ones come again', async () => {
    const ports = world([closed(A), closed(B)]);
    refused(ports, A, 5);
    ports.fail('publish', failure('unavailable'));
    expect(await checkAfterChange([checkOf(A)], RULES, ports)).toEqual([]);
    expect(ports.undelivered).toHaveLength(1);

    ports.fail('publish', failure('unavailable'));
    ports.fail('keep', failure('unavailable'));
    expect(await checkAfterChange([checkOf(A), checkOf(B)], RULES, ports)).toEqual([checkOf(A)]);
    expect(ports.rejected).toEqual([1]);
    expect(ports.checks).toEqual([checkOf(B, { checksDone: 1 })]);
  });

  it('a bug is thrown, not taken for a failure', async () => {
    const ports = world([closed(A)]);
    ports.fail('measure', new TypeError('x is not a function'));

    await expect(checkAfterChange([checkOf(A)], RULES, ports)).rejects.toThrow(TypeError);
  });
});

describe('in a batch of the work queue', () => {
  const messages = (...contents: readonly unknown[]): QueueRecord[] =>
    contents.map((content, index) => ({ messageId: `m${index + 1}`, body: JSON.stringify(content) }));

  it('a check is looked after, beside whatever else is there', async () => {
    const ports = world([closed(A), snapshot({ instanceId: B })]);
    refused(ports, A, 5);
    const launched = launchEvent({ items: [{ instanceId: B, httpTokens: 'optional' }] });

    expect(await onBatch(messages(toCheckMessage(checkOf(A)), launched), RULES, ports)).toEqual([]);

    expect(ports.published.map(({ attributes }) => attributes.status)).toEqual([['remediated'], ['workload-impact']]);
    expect(ports.checks).toMatchObject([{ instanceId: B, checksDone: 0, remediatedAt: NOW }]);
    expect(ports.notUnderstood).toEqual([]);
  });

  it('exactly the checks come again that could not be looked after', async () => {
    const ports = world([closed(A)], virtualTime(20));
    ports.fail('describe us-east-1', ...Array<Error>(50).fill(failure('throttled')));
    const elsewhere = checkOf(B, { region: 'us-east-1' });

    const bodies = [checkOf(A), elsewhere, checkOf(C, { region: 'us-east-1' })].map(toCheckMessage);
    expect(await onBatch(messages(...bodies), RULES, ports)).toEqual(['m2', 'm3']);
  });

  it('one that cannot be read is not understood, and does not come again', async () => {
    const ports = world();
    const bad = { ...toCheckMessage(checkOf(A)), detail: { instanceId: A, checksDone: -1 } };

    expect(await onBatch(messages(bad), RULES, ports)).toEqual([]);
    expect(ports.notUnderstood).toHaveLength(1);
  });
});
