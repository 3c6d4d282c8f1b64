import { randomUUID } from 'node:crypto';
import { handleBatch } from '../../lambda/app/handle-batch.ts';
import type { EventRules } from '../../lambda/app/handle-events.ts';
import { PING } from '../../lambda/contract.ts';
import { MAX_RECEIVES } from '../../lambda/core/delivery.ts';
import { after, failure, virtualTime, world } from '../support/ports.ts';
import { ACCOUNT, instanceId, REGION, snapshot } from '../support/builders.ts';
import {
  driftEvent,
  largeLaunchEvent,
  launchEvent,
  queueRecords as messages,
  runningEvent,
} from '../support/events.ts';

const RULES: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };
const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];

const launched = (id: string) =>
  launchEvent({ id: `event-${id}`, items: [{ instanceId: id, httpTokens: 'optional' }] });

const running = (id: string) => runningEvent({ instanceId: id, time: after(-100).toISOString() });

describe('handleBatch', () => {
  it('returns exactly the messages whose instances failed in a way that a retry may fix', async () => {
    const ports = world([A, B, C].map((id) => snapshot({ instanceId: id })));
    ports.fail(`modify ${REGION} ${B}`, failure('unknown'));
    ports.fail(`modify ${REGION} ${C}`, failure('denied'));

    expect(await handleBatch(messages(launched(A), launched(B), launched(C), {}), RULES, ports)).toEqual(['m2']);
    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 1, failed: 1 } } }]);
  });

  it('returns all messages of an instance that must be retried, including duplicates', async () => {
    const ports = world([A, B].map((id) => snapshot({ instanceId: id })));
    ports.fail(`modify ${REGION} ${B}`, failure('unknown'));

    expect(await handleBatch(messages(launched(B), launched(A), launched(B)), RULES, ports)).toEqual(['m1', 'm3']);
    expect(ports.findings).toEqual([]);
  });

  it('distinguishes events with equal or missing ids by their messages', async () => {
    const ports = world([A, B].map((id) => snapshot({ instanceId: id })));
    ports.fail(`modify ${REGION} ${B}`, failure('unknown'));
    const [first, second] = [launched(B), launched(A)];

    expect(await handleBatch(messages({ ...first, id: 1 }, { ...second, id: 1 }), RULES, ports)).toEqual(['m1']);
  });

  it('returns only the launch whose instances cannot be searched', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    ports.fail('find', failure('denied'));

    expect(await handleBatch(messages(launched(A), largeLaunchEvent(60)), RULES, ports)).toEqual(['m2']);
  });

  it('describes all instances in one call', async () => {
    const ports = world([A, B, C].map((id) => snapshot({ instanceId: id, options: { HttpTokens: 'required' } })));

    expect(await handleBatch(messages(...[A, B, C].map(running)), RULES, ports)).toEqual([]);
    expect(ports.calls).toEqual([`describe ${REGION} ${A} ${B} ${C}`]);
  });

  it('answers pings', async () => {
    const ports = world();
    const ping = { source: PING.source, 'detail-type': PING.detailType };

    expect(await handleBatch(messages(ping), RULES, ports)).toEqual([]);
    expect(ports.pings).toEqual([ping]);
  });

  it('finds a message with which it cannot cope by halving the batch, and returns it alone', async () => {
    const ids = Array.from({ length: 7 }, (_, index) => instanceId(index));
    const ports = world(ids.map((id) => snapshot({ instanceId: id })));
    const bad = ids[4] ?? '';
    ports.fail(`modify ${REGION} ${bad}`, ...Array.from({ length: 9 }, () => new TypeError('x is not a function')));

    expect(await handleBatch(messages(...ids.map(launched)), RULES, ports)).toEqual(['m5']);

    const named = ports.published.flatMap(({ json }) => json.groups.flatMap(({ instanceIds }) => instanceIds));
    expect(named.sort()).toEqual(ids.filter((id) => id !== bad).sort());
  });

  it('handles every message in time, although one of them crashes the function at each delivery', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => instanceId(index));
    const ports = world(ids.map((id) => snapshot({ instanceId: id })));
    let queue = messages(...ids.map(launched)).map((record) => ({ ...record, messageId: randomUUID() }));
    for (let receiveCount = 1; receiveCount < MAX_RECEIVES; receiveCount += 1) {
      const batch = queue.map((record) => ({ ...record, receiveCount }));
      const before = ports.calls.length;
      const failed = await handleBatch(batch, RULES, ports);
      const crashed = ports.calls.slice(before).some((call) => call.startsWith('describe') && call.includes(A));
      if (!crashed) queue = queue.filter(({ messageId }) => failed.includes(messageId));
    }

    expect(queue.map(({ body }) => body)).toEqual(messages(launched(A)).map(({ body }) => body));
  });

  it.each([
    ['the only one of its batch', [3]],
    ['delivered for the last time', [MAX_RECEIVES, 1]],
    ['delivered for the second time', [2, 1]],
  ])('puts no message off that is %s', async (_, receives) => {
    const ports = world([A, B].map((id) => snapshot({ instanceId: id })));
    const batch = messages(launched(A), launched(B)).slice(0, receives.length);
    const records = batch.map((record, index) => ({ ...record, receiveCount: receives[index] ?? 1 }));

    expect(await handleBatch(records, RULES, ports)).toEqual([]);
  });
});

describe('a finding of a start that another event has remediated in the meantime', () => {
  /** Drift of a new instance is handled after the start was seen and before its finding is. */
  async function driftBetween() {
    const ports = world([snapshot({ instanceId: A })]);
    await handleBatch(messages(runningEvent({ instanceId: A, time: after(-90).toISOString() })), RULES, ports);
    await handleBatch(messages(driftEvent({ instanceId: A })), RULES, ports);
    expect(ports.published).toMatchObject([{ attributes: { trigger: ['drift'], status: ['remediated'] } }]);
    return { ports, finding: messages(ports.findings[0]) };
  }

  it('is not notified a second time', async () => {
    const { ports, finding } = await driftBetween();

    await handleBatch(finding, RULES, ports);

    expect(ports.outcomes.at(-1)).toMatchObject({ status: 'already-remediated' });
    expect(ports.published).toHaveLength(1);
  });

  it('is notified if an earlier attempt may have changed it, or if there is no trail', async () => {
    for (const [over, rules, time] of [
      [{ receiveCount: 2 }, RULES, undefined],
      [{}, { ...RULES, trail: false }, undefined],
      // Moved back from the dead-letter queue.
      [{}, RULES, virtualTime(105, after(3_600))],
    ] as const) {
      const { ports, finding } = await driftBetween();

      await handleBatch(
        finding.map((message) => ({ ...message, ...over })),
        rules,
        { ...ports, time: time ?? ports.time },
      );

      expect(ports.published.at(-1)).toMatchObject({
        attributes: { trigger: ['running'], status: ['already-remediated'] },
      });
    }
  });
});

describe('events of another account', () => {
  const other = { account: '444455556666' };

  it('are skipped without a call and without a retry, and the others are handled', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    const foreign = [
      launchEvent({ ...other, id: 'launch' }),
      largeLaunchEvent(60, { ...other, id: 'large' }),
      runningEvent({ ...other, id: 'running', instanceId: B }),
    ];

    expect(await handleBatch(messages(...foreign, launched(A)), RULES, ports)).toEqual([]);

    expect(ports.otherAccounts).toEqual(['launch', 'large', 'running'].map((id) => [id, '444455556666']));
    expect(ports.outcomes).toMatchObject([{ status: 'remediated', target: { instanceId: A } }]);
    expect(ports.notUnderstood).toEqual([]);
    expect(ports.calls.slice(0, 2)).toEqual([`describe ${REGION} ${A}`, `modify ${REGION} ${A}`]);
  });
});

describe('a message that is not an event', () => {
  it.each([
    ['invalid JSON', '{"source":'],
    ['an empty body', ''],
    ['null', 'null'],
    ['a number', '42'],
    ['a list', '[]'],
    ['an object without an event', '{"requestContext":{}}'],
    [
      'a key __proto__',
      '{"__proto__":{"source":"imdsv2-enforcer","detail-type":"IMDSv1 finding recorded","detail":{}}}',
    ],
  ])('%s is reported once and not retried, and the other messages are handled', async (_, body) => {
    const ports = world([snapshot({ instanceId: A })]);

    expect(await handleBatch(messages(body, launched(A)), RULES, ports)).toEqual([]);
    expect(ports.notUnderstood).toEqual([['none', 'no trigger reads this kind of event']]);
    expect(ports.published).toHaveLength(1);
  });
});
