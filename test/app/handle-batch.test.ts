import { onBatch, type QueueRecord, type Rules } from '../../lambda/app/handle-events.ts';
import { toMessages } from '../../lambda/core/message.ts';
import { toUndelivered } from '../../lambda/core/undelivered-alert.ts';
import { after, failure, world } from '../support/ports.ts';
import { instanceId, outcome, REGION, snapshot } from '../support/builders.ts';
import { largeLaunchEvent, launchEvent, runningEvent } from '../support/events.ts';

const RULES: Rules = { existing: 'audit', maxExemptionDays: 90, trail: true };
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

describe('of a batch', () => {
  it('exactly the messages come again whose instances failed for now', async () => {
    const ports = world([snapshot({ instanceId: A }), snapshot({ instanceId: C })]);
    ports.fail(`modify ${REGION} ${C}`, failure('denied'));

    expect(await onBatch(messages(launched(A), launched(B), launched(C), {}), RULES, ports)).toEqual(['m2']);
    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 1, failed: 1 } } }]);
  });

  it('every message comes again that named an instance which failed for now, duplicates too', async () => {
    const ports = world([snapshot({ instanceId: A })]);

    expect(await onBatch(messages(launched(B), launched(A), launched(B)), RULES, ports)).toEqual(['m1', 'm3']);
    expect(ports.findings).toEqual([]);
  });

  it('a message of which only a part failed for now does not come again: the rest of it does', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    const [both, none] = [
      [A, B],
      [B, C],
    ].map((ids) => launchEvent({ items: ids.map((id) => ({ instanceId: id, httpTokens: 'optional' })) }));

    expect(await onBatch(messages(both, none), RULES, ports)).toEqual(['m2']);
    expect(ports.findings).toMatchObject([{ detail: { instanceId: B, recorded: { HttpTokens: 'optional' } } }]);
  });

  it('events with the same id, or none, are told apart by their messages', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    const [first, second] = [runningEvent({ instanceId: B }), runningEvent({ instanceId: A })];

    expect(await onBatch(messages({ ...first, id: 1 }, { ...second, id: 1 }), RULES, ports)).toEqual(['m1']);
  });

  it('a launch without ids comes again when it cannot be looked for, alone', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    ports.fail('find', failure('denied'));

    expect(await onBatch(messages(launched(A), largeLaunchEvent(60)), RULES, ports)).toEqual(['m2']);
  });

  it('all instances are looked at with one call', async () => {
    const ports = world([A, B, C].map((id) => snapshot({ instanceId: id, options: { HttpTokens: 'required' } })));

    expect(await onBatch(messages(...[A, B, C].map((id) => runningEvent({ instanceId: id }))), RULES, ports)).toEqual(
      [],
    );
    expect(ports.calls).toEqual([`describe ${REGION} ${A} ${B} ${C}`]);
  });

  it('all come again when what happened cannot be told', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    ports.fail('publish', failure('unavailable'));
    ports.fail('keep', failure('unavailable', 'SQS is away'));

    await expect(onBatch(messages(launched(A)), RULES, ports)).rejects.toThrow('SQS is away');
  });
});

describe('an alert that SNS had refused', () => {
  it('is sent as it was', async () => {
    const ports = world();

    expect(await onBatch(messages(toUndelivered(alert)), RULES, ports)).toEqual([]);
    expect(ports.published).toEqual([JSON.parse(JSON.stringify(alert))]);
    expect(ports.notUnderstood).toEqual([]);
  });

  it('and refuses again comes again, alone, and is not put on the queue a second time', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    ports.fail('publish [IMDSv2 MEDIUM] eu-west-1: 1 remediated i-0a', failure('unavailable'));

    expect(await onBatch(messages(launched(A), toUndelivered(alert)), RULES, ports)).toEqual(['m2']);
    expect(ports.published).toHaveLength(1);
    expect(ports.undelivered).toEqual([]);
  });

  it('from the dead-letter queue is sent too', async () => {
    const ports = world();

    await onBatch(messages({ requestContext: {}, requestPayload: toUndelivered(alert) }), RULES, ports);

    expect(ports.published).toHaveLength(1);
  });
});

describe('the envelope of the on-failure destination', () => {
  const envelope = (requestPayload: unknown) => ({
    version: '1.0',
    timestamp: after(-60).toISOString(),
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    requestPayload,
    responseContext: { statusCode: 200, functionError: 'Unhandled' },
    responsePayload: { errorType: 'TryAgainError' },
  });

  it('is taken off, and the event in it handled like any other', async () => {
    const ports = world([snapshot({ instanceId: A })]);

    expect(await onBatch(messages(envelope(launched(A))), RULES, ports)).toEqual([]);
    expect(ports.outcomes).toMatchObject([{ status: 'remediated', target: { context: { eventId: `event-${A}` } } }]);
  });

  it('around an event that still fails comes again', async () => {
    expect(await onBatch(messages(envelope(launched(A))), RULES, world())).toEqual(['m1']);
  });

  it.each([undefined, null, 'text', {}])('around %p is not understood', async (content) => {
    const ports = world();

    expect(await onBatch(messages(envelope(content)), RULES, ports)).toEqual([]);
    expect(ports.notUnderstood).toHaveLength(1);
  });
});

describe('a message that is no event', () => {
  it.each([
    ['no JSON', '{"source":'],
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '42'],
    ['a list', '[]'],
    ['an envelope without content', '{"requestContext":{}}'],
    ['a prototype', '{"__proto__":{"source":"imdsv2-enforcer","detail-type":"UndeliveredAlert alert","detail":{}}}'],
    ['an alert that is none', '{"source":"imdsv2-enforcer","detail-type":"UndeliveredAlert alert","detail":null}'],
    ['an alert of text', '{"source":"imdsv2-enforcer","detail-type":"UndeliveredAlert alert","detail":"text"}'],
    [
      'an alert without attributes',
      '{"source":"imdsv2-enforcer","detail-type":"UndeliveredAlert alert","detail":{"subject":"","email":"","json":{},"attributes":null}}',
    ],
  ])('%s → one warning, no retry, and the others are handled', async (_, body) => {
    const ports = world([snapshot({ instanceId: A })]);

    expect(await onBatch(messages(body, launched(A)), RULES, ports)).toEqual([]);
    expect(ports.notUnderstood).toEqual([['none', 'no trigger knows this kind of event']]);
    expect(ports.published).toHaveLength(1);
  });
});
