import { handleBatch, handleEvent, type EventRules, RetryableError } from '../../lambda/app/handle-events.ts';
import { withKnown } from '../../lambda/triggers/launch.ts';
import { failure, virtualTime, world, type World } from '../support/ports.ts';
import { ACCOUNT, EVENT_ID, INSTANCE, instanceId, REGION, snapshot } from '../support/builders.ts';
import { driftEvent, failedLaunchEvent, largeLaunchEvent, launchEvent, runningEvent } from '../support/events.ts';

const RULES: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };
const [A, B] = [instanceId(1), instanceId(2)];
const two = launchEvent({ items: [A, B].map((id) => ({ instanceId: id, httpTokens: 'optional' })) });
const verbs = (calls: readonly string[]) => calls.map((call) => call.split(' ')[0]);

describe('handleEvent', () => {
  it('remediates a launch with IMDSv1 and notifies once', async () => {
    const ports = world([snapshot()]);

    await handleEvent(launchEvent(), RULES, ports);

    expect(ports.calls).toEqual([
      `describe ${REGION} ${INSTANCE}`,
      `modify ${REGION} ${INSTANCE}`,
      `publish [IMDSv2 MEDIUM] ${REGION}: 1 remediated ${INSTANCE}`,
      `putChecks ${INSTANCE}`,
    ]);
    expect(ports.outcomes).toMatchObject([{ status: 'remediated', target: { context: { eventId: EVENT_ID } } }]);
  });

  it('reports drift with a higher severity', async () => {
    const ports = world([snapshot()]);

    await handleEvent(driftEvent(), RULES, ports);

    expect(ports.published).toMatchObject([{ attributes: { severity: 'HIGH', trigger: 'drift' } }]);
  });

  it('sends one alert about five instances of one call', async () => {
    const ids = [1, 2, 3, 4, 5].map(instanceId);
    const ports = world(ids.map((id) => snapshot({ instanceId: id })));

    await handleEvent(
      launchEvent({ items: ids.map((id) => ({ instanceId: id, httpTokens: 'optional' })) }),
      RULES,
      ports,
    );

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 5 } } }]);
  });

  it('ignores a launch that failed', async () => {
    const ports = world([snapshot()]);

    await handleEvent(failedLaunchEvent(), RULES, ports);

    expect([ports.calls, ports.notUnderstood]).toEqual([[], []]);
  });

  it('skips an event of another account, which is not a failure (7)', async () => {
    const ports = world();

    await handleEvent(driftEvent({ account: '444455556666' }), RULES, ports);

    expect([ports.calls, ports.outcomes]).toEqual([[], []]);
    expect(ports.otherAccounts).toEqual([[EVENT_ID, '444455556666']]);
  });

  it('only describes a compliant instance that starts', async () => {
    const ports = world([snapshot({ options: { HttpTokens: 'required' } })]);

    await handleEvent(runningEvent(), RULES, ports);

    expect(ports.calls).toEqual([`describe ${REGION} ${INSTANCE}`]);
  });
});

describe('a retry', () => {
  it('is requested if it may succeed', async () => {
    const ports = world();

    await expect(handleEvent(two, RULES, ports)).rejects.toEqual(
      new RetryableError(`event ${EVENT_ID}: ${A} not-visible`),
    );

    expect(ports.outcomes.map(({ status }) => status)).toEqual(['failed', 'failed']);
    expect(ports.findings).toEqual([]);
  });

  it.each(['throttled', 'unavailable', 'unknown'] as const)(
    'is requested after %s, which is also notified',
    async (kind) => {
      const ports = world([snapshot()], virtualTime(5));
      ports.fail('modify', ...Array.from({ length: 20 }, () => failure(kind)));

      await expect(handleEvent(launchEvent(), RULES, ports)).rejects.toThrow(RetryableError);
      expect(ports.published).toMatchObject([{ json: { outcomes: [{ status: 'failed', reason: kind }] } }]);
    },
  );

  it.each(['denied', 'unsupported', 'invalid', 'wrong-state'] as const)(
    'is not requested after %s, which is notified as CRITICAL',
    async (kind) => {
      const ports = world([snapshot()]);
      ports.fail('modify', failure(kind));

      await handleEvent(launchEvent(), RULES, ports);

      expect(ports.published).toMatchObject([{ attributes: { severity: 'CRITICAL', status: ['failed'] } }]);
    },
  );

  it('is requested if no instance of a launch without ids is found', async () => {
    const ports = world();

    await expect(handleEvent(largeLaunchEvent(60), RULES, ports)).rejects.toEqual(
      new RetryableError(
        `event ${EVENT_ID}: found 0 of at least 60 instances of a launch whose ids CloudTrail omitted`,
      ),
    );
    expect(verbs(ports.calls)).toEqual(['find', 'find', 'find', 'find', 'putFindings']);
  });

  it('notifies that the instance is already remediated if the first attempt crashed before the alert', async () => {
    const ports = world([snapshot()]);
    ports.fail('publish', new Error('crash'));
    await expect(handleEvent(launchEvent(), RULES, ports)).rejects.toThrow('crash');

    await handleEvent(launchEvent(), RULES, ports);

    expect(ports.published).toMatchObject([
      { json: { outcomes: [{ instanceId: INSTANCE, status: 'already-remediated' }] } },
    ]);
    expect(verbs(ports.calls).filter((verb) => verb === 'modify')).toHaveLength(1);
  });

  it('is requested if neither SNS nor the work queue accepts the alert', async () => {
    const ports = world([snapshot()]);
    ports.fail('publish', failure('unavailable'));
    ports.fail('putUndelivered', failure('unavailable', 'SQS is unavailable'));

    await expect(handleEvent(launchEvent(), RULES, ports)).rejects.toThrow('SQS is unavailable');
  });

  it('is not requested if the work queue accepts the alert that SNS refused', async () => {
    const ports = world([snapshot()]);
    ports.fail('publish', failure('unavailable'));

    await handleEvent(launchEvent(), RULES, ports);

    expect(ports.undelivered).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
  });
});

describe('remaining targets of an event', () => {
  const messagesOf = ({ findings }: World) =>
    findings.map((finding, index) => ({ messageId: `m${index + 1}`, body: JSON.stringify(finding) }));

  it('are queued for as long as Lambda waits, after the others were notified', async () => {
    const ports = world([snapshot({ instanceId: A })]);

    await handleEvent(two, RULES, ports);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
    expect(ports.outcomes.map(({ status }) => status)).toEqual(['remediated', 'failed']);
    expect(ports.calls.slice(-3)).toEqual([
      expect.stringMatching('^publish'),
      `putChecks ${A}`,
      `putFindings ${B} in 60 s`,
    ]);
  });

  it('are notified with the caller and the record of the event, and nothing is notified twice', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    await handleEvent(two, RULES, ports);
    ports.put(snapshot({ instanceId: B }));

    expect(await handleBatch(messagesOf(ports), RULES, ports)).toEqual([]);

    expect(ports.published).toMatchObject([
      { json: { outcomes: [{ instanceId: A, status: 'remediated' }] } },
      {
        json: {
          outcomes: [{ instanceId: B, status: 'remediated', caller: { principal: expect.any(String) } }],
        },
        attributes: { trigger: 'launch' },
      },
    ]);
  });

  it('are notified if they were remediated in the meantime', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    await handleEvent(two, RULES, ports);
    ports.put(snapshot({ instanceId: B, options: { HttpTokens: 'required' } }));

    await handleBatch(messagesOf(ports), RULES, ports);

    expect(ports.published[1]).toMatchObject({ json: { outcomes: [{ instanceId: B, status: 'already-remediated' }] } });
  });

  it('of a launch without ids are searched later, and the others are not recorded again', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    await handleEvent(largeLaunchEvent(2), RULES, ports);
    expect(ports.calls.slice(-2)).toEqual([`putFindings ${A}`, 'putEvent in 60 s']);
    ports.put(snapshot({ instanceId: B }));

    const [event] = ports.requeued;
    expect(await handleBatch([{ messageId: 'm1', body: JSON.stringify(event) }], RULES, ports)).toEqual([]);

    expect(verbs(ports.calls.slice(-2))).toEqual(['find', 'putFindings']);
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }, { detail: { instanceId: B } }]);
    expect(ports.notUnderstood).toEqual([]);
  });

  it('return their message if a later search finds no more', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    const message = { messageId: 'm1', body: JSON.stringify(withKnown(largeLaunchEvent(2), [A])) };

    expect(await handleBatch([message], RULES, ports)).toEqual(['m1']);
    expect([ports.findings, ports.requeued]).toEqual([[], []]);
  });

  it('are retried with the whole event if the queue does not accept them', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    ports.fail(`putFindings ${B}`, failure('denied', 'no permission'));

    await expect(handleEvent(two, RULES, ports)).rejects.toEqual(
      new RetryableError(`event ${EVENT_ID}: ${B} not-visible`),
    );

    expect(ports.published).toHaveLength(1);
    expect(ports.warnings).toEqual([
      'the remaining targets of an event could not be queued; the whole event is retried',
    ]);
  });
});

describe('an unknown event', () => {
  it.each([
    ['an empty object', {}],
    ['null', null],
    ['a string', 'launch'],
    ['a list', [launchEvent()]],
    ['an unknown source', { id: EVENT_ID, source: 'aws.s3', 'detail-type': 'Object Created', detail: {} }],
    [
      'an undelivered alert outside the work queue',
      { source: 'imdsv2-enforcer', 'detail-type': 'Undelivered alert', detail: null },
    ],
  ])('%s is reported once and causes neither a call nor a retry', async (_, event) => {
    const ports = world([snapshot()]);

    await handleEvent(event, RULES, ports);

    const id = (event as { id?: string } | null)?.id ?? 'none';
    expect(ports.notUnderstood).toEqual([[id, 'no trigger reads this kind of event']]);
    expect(ports.calls).toEqual([]);
  });

  it('with a thousand invalid ids is reported once, and its valid id is handled', async () => {
    const ports = world([snapshot()]);
    const bad = Array.from({ length: 1000 }, (_, index) => ({
      instanceId: `i-../../${index}`,
      httpTokens: 'optional',
    }));

    await handleEvent(launchEvent({ items: [...bad, { httpTokens: 'optional' }] }), RULES, ports);

    expect(ports.notUnderstood).toHaveLength(1);
    expect(ports.published).toHaveLength(1);
  });
});
