import { handleBatch, handleEvent, type QueueRecord, type EventRules } from '../../lambda/app/handle-events.ts';
import { toMessages } from '../../lambda/core/message.ts';
import { toUndelivered } from '../../lambda/core/undelivered-alert.ts';
import { after, failure, virtualTime, world } from '../support/ports.ts';
import { ACCOUNT, instanceId, outcome, REGION, snapshot } from '../support/builders.ts';
import { driftEvent, largeLaunchEvent, launchEvent, runningEvent } from '../support/events.ts';

const RULES: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };
const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];

/** Queue messages m1, m2, ... with these contents. */
const messages = (...contents: readonly unknown[]): QueueRecord[] =>
  contents.map((content, index) => ({
    messageId: `m${index + 1}`,
    body: typeof content === 'string' ? content : JSON.stringify(content),
  }));

const launched = (id: string) =>
  launchEvent({ id: `event-${id}`, items: [{ instanceId: id, httpTokens: 'optional' }] });
const [alert] = toMessages([outcome()], RULES);
if (alert === undefined) throw new Error('no alert to test with');

describe('handleBatch', () => {
  it('returns exactly the messages whose instances must be retried', async () => {
    const ports = world([snapshot({ instanceId: A }), snapshot({ instanceId: C })]);
    ports.fail(`modify ${REGION} ${C}`, failure('denied'));

    expect(await handleBatch(messages(launched(A), launched(B), launched(C), {}), RULES, ports)).toEqual(['m2']);
    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 1, failed: 1 } } }]);
  });

  it('returns all messages of an instance that must be retried, including duplicates', async () => {
    const ports = world([snapshot({ instanceId: A })]);

    expect(await handleBatch(messages(launched(B), launched(A), launched(B)), RULES, ports)).toEqual(['m1', 'm3']);
    expect(ports.findings).toEqual([]);
  });

  it('queues the remaining targets of a message instead of returning the message', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    const [partly, fully] = [
      [A, B],
      [B, C],
    ].map((ids) => launchEvent({ items: ids.map((id) => ({ instanceId: id, httpTokens: 'optional' })) }));

    expect(await handleBatch(messages(partly, fully), RULES, ports)).toEqual(['m2']);
    expect(ports.findings).toMatchObject([{ detail: { instanceId: B, recorded: { HttpTokens: 'optional' } } }]);
  });

  it('distinguishes events with equal or missing ids by their messages', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    const [first, second] = [runningEvent({ instanceId: B }), runningEvent({ instanceId: A })];

    expect(await handleBatch(messages({ ...first, id: 1 }, { ...second, id: 1 }), RULES, ports)).toEqual(['m1']);
  });

  it('returns only the launch whose instances cannot be searched', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    ports.fail('find', failure('denied'));

    expect(await handleBatch(messages(launched(A), largeLaunchEvent(60)), RULES, ports)).toEqual(['m2']);
  });

  it('describes all instances in one call', async () => {
    const ports = world([A, B, C].map((id) => snapshot({ instanceId: id, options: { HttpTokens: 'required' } })));

    expect(
      await handleBatch(messages(...[A, B, C].map((id) => runningEvent({ instanceId: id }))), RULES, ports),
    ).toEqual([]);
    expect(ports.calls).toEqual([`describe ${REGION} ${A} ${B} ${C}`]);
  });

  it('throws if neither SNS nor the work queue accepts the alerts', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    ports.fail('publish', failure('unavailable'));
    ports.fail('putUndelivered', failure('unavailable', 'SQS is unavailable'));

    await expect(handleBatch(messages(launched(A)), RULES, ports)).rejects.toThrow('SQS is unavailable');
  });
});

describe('a finding of a start that another event has remediated in the meantime (9)', () => {
  /** Drift of a new instance is handled after the start was seen and before its finding is. */
  async function driftBetween() {
    const ports = world([snapshot({ instanceId: A })]);
    await handleBatch(messages(runningEvent({ instanceId: A })), RULES, ports);
    await handleEvent(driftEvent({ instanceId: A }), RULES, ports);
    expect(ports.published).toMatchObject([{ attributes: { trigger: 'drift', status: ['remediated'] } }]);
    return { ports, finding: messages(ports.findings[0]).map((message) => ({ ...message, receiveCount: 1 })) };
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
      [{ receiveCount: undefined }, RULES, undefined],
      [{}, { ...RULES, trail: false }, undefined],
      // Moved back from the dead-letter queue.
      [{}, RULES, virtualTime(105, after(1_800))],
    ] as const) {
      const { ports, finding } = await driftBetween();

      await handleBatch(
        finding.map((message) => ({ ...message, ...over })),
        rules,
        { ...ports, time: time ?? ports.time },
      );

      expect(ports.published.at(-1)).toMatchObject({
        attributes: { trigger: 'running', status: ['already-remediated'] },
      });
    }
  });
});

describe('events of another account (7)', () => {
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

describe('an undelivered alert', () => {
  it('is published unchanged', async () => {
    const ports = world();

    expect(await handleBatch(messages(toUndelivered(alert)), RULES, ports)).toEqual([]);
    expect(ports.published).toEqual([JSON.parse(JSON.stringify(alert))]);
    expect(ports.notUnderstood).toEqual([]);
  });

  it('is returned alone, and not queued a second time, if SNS refuses it again', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    ports.fail('publish [IMDSv2 MEDIUM] eu-west-1: 1 remediated i-0a', failure('unavailable'));

    expect(await handleBatch(messages(launched(A), toUndelivered(alert)), RULES, ports)).toEqual(['m2']);
    expect(ports.published).toHaveLength(1);
    expect(ports.undelivered).toEqual([]);
  });

  it('is published from the dead-letter queue, too', async () => {
    const ports = world();

    await handleBatch(messages({ requestContext: {}, requestPayload: toUndelivered(alert) }), RULES, ports);

    expect(ports.published).toHaveLength(1);
  });
});

describe('a record of the on-failure destination', () => {
  const envelope = (requestPayload: unknown) => ({
    version: '1.0',
    timestamp: after(-60).toISOString(),
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    requestPayload,
    responseContext: { statusCode: 200, functionError: 'Unhandled' },
    responsePayload: { errorType: 'RetryableError' },
  });

  it('is unwrapped, and its event handled like any other', async () => {
    const ports = world([snapshot({ instanceId: A })]);

    expect(await handleBatch(messages(envelope(launched(A))), RULES, ports)).toEqual([]);
    expect(ports.outcomes).toMatchObject([{ status: 'remediated', target: { context: { eventId: `event-${A}` } } }]);
  });

  it('is returned if its event fails again', async () => {
    expect(await handleBatch(messages(envelope(launched(A))), RULES, world())).toEqual(['m1']);
  });

  it.each([undefined, null, 'text', {}])('with the content %p is not understood', async (content) => {
    const ports = world();

    expect(await handleBatch(messages(envelope(content)), RULES, ports)).toEqual([]);
    expect(ports.notUnderstood).toHaveLength(1);
  });
});

describe('a message that is not an event', () => {
  it.each([
    ['invalid JSON', '{"source":'],
    ['an empty body', ''],
    ['null', 'null'],
    ['a number', '42'],
    ['a list', '[]'],
    ['a record without an event', '{"requestContext":{}}'],
    [
      'a key __proto__',
      '{"__proto__":{"source":"imdsv2-enforcer","detail-type":"UndeliveredAlert alert","detail":{}}}',
    ],
    ['an alert of null', '{"source":"imdsv2-enforcer","detail-type":"UndeliveredAlert alert","detail":null}'],
    ['an alert of text', '{"source":"imdsv2-enforcer","detail-type":"UndeliveredAlert alert","detail":"text"}'],
    [
      'an alert without attributes',
      '{"source":"imdsv2-enforcer","detail-type":"UndeliveredAlert alert","detail":{"subject":"","email":"","json":{},"attributes":null}}',
    ],
  ])('%s is reported once and not retried, and the other messages are handled', async (_, body) => {
    const ports = world([snapshot({ instanceId: A })]);

    expect(await handleBatch(messages(body, launched(A)), RULES, ports)).toEqual([]);
    expect(ports.notUnderstood).toEqual([['none', 'no trigger reads this kind of event']]);
    expect(ports.published).toHaveLength(1);
  });
});
