import type { Sandbox } from '../../../sandbox/index.ts';
import { fifoTemplate } from '../stack.ts';
import { BRISK, FIXTURE, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

describe('a function that is invoked by a FIFO queue', () => {
  const start = async (behaviour: string, more: object = {}) => {
    const sandbox = await sandboxOf({
      timeScale: BRISK,
      stacks: [{ template: fifoTemplate({ behaviour, ...more }) }],
      bundles: FIXTURE,
      prewarm: 3,
      schedules: false,
    });
    sandbox.clock.skipIdleTime();
    return sandbox;
  };
  const recordsOf = ({ invocations }: Sandbox) =>
    invocations
      .toSorted((a, b) => a.startedAt - b.startedAt)
      .map(({ payload, startedAt, endedAt }) => {
        const [record] = (payload as { Records: { body: string; attributes: Record<string, string> }[] }).Records;
        return { body: record?.body, attributes: record?.attributes, startedAt, endedAt };
      });

  test('processes each group in order, and groups concurrently up to the limit', async () => {
    const sandbox = await start('sleep');
    const queue = sandbox.queue('Steps');
    expect(queue.name).toBe('Local-Steps.fifo');
    for (const number of [1, 2]) {
      for (const groupId of ['a', 'b', 'c', 'd']) queue.send(JSON.stringify({ groupId, number }), { groupId });
    }
    await sandbox.idle();
    const records = recordsOf(sandbox);
    expect(records).toHaveLength(8);
    expect(records.find(({ body }) => body === '{"groupId":"a","number":1}')?.attributes).toMatchObject({
      MessageGroupId: 'a',
      MessageDeduplicationId: expect.any(String),
      SequenceNumber: expect.any(String),
    });
    for (const groupId of ['a', 'b', 'c', 'd']) {
      const [first, second] = records.filter(({ attributes }) => attributes?.['MessageGroupId'] === groupId);
      expect([first, second].map((record) => record?.body)).toEqual(
        [1, 2].map((number) => JSON.stringify({ groupId, number })),
      );
      expect(second?.startedAt).toBeGreaterThanOrEqual(first?.endedAt ?? Infinity);
    }
    const concurrent = records.map(
      ({ startedAt }) => records.filter((other) => other.startedAt <= startedAt && other.endedAt > startedAt).length,
    );
    expect(Math.max(...concurrent)).toBe(3);
    expect(queue.size).toBe(0);
  });

  test('a failed message blocks its group only, and finally moves to the dead-letter queue', async () => {
    const sandbox = await start('fail');
    const queue = sandbox.queue('Steps');
    for (const fail of [true, false]) queue.send(JSON.stringify({ fail }), { groupId: 'a' });
    queue.send(JSON.stringify({ fail: false, other: true }), { groupId: 'b' });
    await sandbox.idle();
    const records = recordsOf(sandbox);
    const ofGroup = (group: string) => records.filter(({ attributes }) => attributes?.['MessageGroupId'] === group);
    const [one, two, three] = ofGroup('a');
    expect(ofGroup('a').map(({ body }) => body)).toEqual(['{"fail":true}', '{"fail":true}', '{"fail":false}']);
    for (const [earlier, later] of [
      [one, two],
      [two, three],
    ]) {
      expect((later?.startedAt ?? 0) - (earlier?.startedAt ?? 0)).toBeGreaterThan(55_000);
    }
    // Before the retry of the message that failed.
    expect(ofGroup('b')[0]?.startedAt ?? Infinity).toBeLessThan(two?.startedAt ?? 0);
    expect(sandbox.queue('DeadSteps').messages()).toMatchObject([{ body: '{"fail":true}', groupId: 'a' }]);
  });
});
