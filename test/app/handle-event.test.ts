import { onBatch, onEvent, type Rules, TryAgainError } from '../../lambda/app/handle-events.ts';
import { withKnown } from '../../lambda/triggers/launch.ts';
import { failure, virtualTime, world, type World } from '../support/ports.ts';
import { EVENT_ID, INSTANCE, instanceId, REGION, snapshot } from '../support/builders.ts';
import { driftEvent, failedLaunchEvent, largeLaunchEvent, launchEvent, runningEvent } from '../support/events.ts';

const RULES: Rules = { existing: 'audit', maxExemptionDays: 90, trail: true };
const [A, B] = [instanceId(1), instanceId(2)];
const two = launchEvent({ items: [A, B].map((id) => ({ instanceId: id, httpTokens: 'optional' })) });
const verbs = (calls: readonly string[]) => calls.map((call) => call.split(' ')[0]);

describe('an event of the bus', () => {
  it('a launch with IMDSv1 → changed, and told once', async () => {
    const ports = world([snapshot()]);

    await onEvent(launchEvent(), RULES, ports);

    expect(ports.calls).toEqual([
      `describe ${REGION} ${INSTANCE}`,
      `modify ${REGION} ${INSTANCE}`,
      `publish [IMDSv2 MEDIUM] ${REGION}: 1 remediated ${INSTANCE}`,
      `check ${INSTANCE}`,
    ]);
    expect(ports.outcomes).toMatchObject([{ status: 'remediated', target: { context: { eventId: EVENT_ID } } }]);
  });

  it('a set-back → changed, and told as more severe', async () => {
    const ports = world([snapshot()]);

    await onEvent(driftEvent(), RULES, ports);

    expect(ports.published).toMatchObject([{ attributes: { severity: 'HIGH', trigger: 'drift' } }]);
  });

  it('five instances in one call → one message', async () => {
    const ids = [1, 2, 3, 4, 5].map(instanceId);
    const ports = world(ids.map((id) => snapshot({ instanceId: id })));

    await onEvent(launchEvent({ items: ids.map((id) => ({ instanceId: id, httpTokens: 'optional' })) }), RULES, ports);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 5 } } }]);
  });

  it('a launch that failed → nothing', async () => {
    const ports = world([snapshot()]);

    await onEvent(failedLaunchEvent(), RULES, ports);

    expect([ports.calls, ports.notUnderstood]).toEqual([[], []]);
  });

  it('a compliant instance that starts → one look, and nothing else', async () => {
    const ports = world([snapshot({ options: { HttpTokens: 'required' } })]);

    await onEvent(runningEvent(), RULES, ports);

    expect(ports.calls).toEqual([`describe ${REGION} ${INSTANCE}`]);
  });
});

describe('a retry', () => {
  it('is asked for when something failed that it may undo', async () => {
    const ports = world();

    await expect(onEvent(two, RULES, ports)).rejects.toEqual(new TryAgainError(`event ${EVENT_ID}: ${A} not-visible`));

    expect(ports.outcomes.map(({ status }) => status)).toEqual(['failed', 'failed']);
    expect(ports.findings).toEqual([]);
  });

  it.each(['throttled', 'unavailable', 'unknown'] as const)('is asked for after %s, which is told', async (kind) => {
    const ports = world([snapshot()], virtualTime(5));
    ports.fail('modify', ...Array.from({ length: 20 }, () => failure(kind)));

    await expect(onEvent(launchEvent(), RULES, ports)).rejects.toThrow(TryAgainError);
    expect(ports.published).toMatchObject([{ json: { outcomes: [{ status: 'failed', reason: kind }] } }]);
  });

  it.each(['denied', 'unsupported', 'invalid', 'wrong-state'] as const)(
    'is not asked for after %s, for it would not help; that is told as critical',
    async (kind) => {
      const ports = world([snapshot()]);
      ports.fail('modify', failure(kind));

      await onEvent(launchEvent(), RULES, ports);

      expect(ports.published).toMatchObject([{ attributes: { severity: 'CRITICAL', status: ['failed'] } }]);
    },
  );

  it('is asked for when no instance of a launch without ids can be found', async () => {
    const ports = world();

    await expect(onEvent(largeLaunchEvent(60), RULES, ports)).rejects.toEqual(
      new TryAgainError(`event ${EVENT_ID}: 0 of at least 60 instances of a launch without ids could be found`),
    );
    expect(verbs(ports.calls)).toEqual(['find', 'find', 'find', 'find', 'sight']);
  });

  it('of an invocation that died between change and alert tells that the instance is closed', async () => {
    const ports = world([snapshot()]);
    ports.fail('publish', new Error('the function dies here'));
    await expect(onEvent(launchEvent(), RULES, ports)).rejects.toThrow('the function dies here');

    await onEvent(launchEvent(), RULES, ports);

    expect(ports.published).toMatchObject([
      { json: { outcomes: [{ instanceId: INSTANCE, status: 'already-remediated' }] } },
    ]);
    expect(verbs(ports.calls).filter((verb) => verb === 'modify')).toHaveLength(1);
  });

  it('is asked for when neither SNS nor the queue takes the alert', async () => {
    const ports = world([snapshot()]);
    ports.fail('publish', failure('unavailable'));
    ports.fail('keep', failure('unavailable', 'SQS is away'));

    await expect(onEvent(launchEvent(), RULES, ports)).rejects.toThrow('SQS is away');
  });

  it('is not asked for when the queue took the alert that SNS refused', async () => {
    const ports = world([snapshot()]);
    ports.fail('publish', failure('unavailable'));

    await onEvent(launchEvent(), RULES, ports);

    expect(ports.undelivered).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
  });
});

describe('an event of which only a part can be done', () => {
  const kept = ({ findings }: World) =>
    findings.map((finding, index) => ({ messageId: `m${index + 1}`, body: JSON.stringify(finding) }));

  it('→ the rest waits on the work queue for as long as Lambda would, after what was done is told', async () => {
    const ports = world([snapshot({ instanceId: A })]);

    await onEvent(two, RULES, ports);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
    expect(ports.outcomes.map(({ status }) => status)).toEqual(['remediated', 'failed']);
    expect(ports.calls.slice(-3)).toEqual([expect.stringMatching('^publish'), `check ${A}`, `sight ${B} in 60 s`]);
  });

  it('→ the rest is told with the caller and the record of the event, and nothing is told twice', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    await onEvent(two, RULES, ports);
    ports.put(snapshot({ instanceId: B }));

    expect(await onBatch(kept(ports), RULES, ports)).toEqual([]);

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

  it('→ should the rest have been closed meanwhile, the record of the event still leads to an alert', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    await onEvent(two, RULES, ports);
    ports.put(snapshot({ instanceId: B, options: { HttpTokens: 'required' } }));

    await onBatch(kept(ports), RULES, ports);

    expect(ports.published[1]).toMatchObject({ json: { outcomes: [{ instanceId: B, status: 'already-remediated' }] } });
  });

  it('→ what is missing of a launch without ids is looked for later, and what was found is no finding again', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    await onEvent(largeLaunchEvent(2), RULES, ports);
    expect(ports.calls.slice(-2)).toEqual([`sight ${A}`, 'again in 60 s']);
    ports.put(snapshot({ instanceId: B }));

    const [again] = ports.again;
    expect(await onBatch([{ messageId: 'm1', body: JSON.stringify(again) }], RULES, ports)).toEqual([]);

    expect(verbs(ports.calls.slice(-2))).toEqual(['find', 'sight']);
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }, { detail: { instanceId: B } }]);
    expect(ports.notUnderstood).toEqual([]);
  });

  it('→ a later look that finds nothing more comes again with its message', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    const again = { messageId: 'm1', body: JSON.stringify(withKnown(largeLaunchEvent(2), [A])) };

    expect(await onBatch([again], RULES, ports)).toEqual(['m1']);
    expect([ports.findings, ports.again]).toEqual([[], []]);
  });

  it('→ should the queue refuse, the event comes again as a whole', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    ports.fail(`sight ${B}`, failure('denied', 'no queue for you'));

    await expect(onEvent(two, RULES, ports)).rejects.toEqual(new TryAgainError(`event ${EVENT_ID}: ${B} not-visible`));

    expect(ports.published).toHaveLength(1);
    expect(ports.warnings).toEqual(['the rest of an event could not be kept; all of it comes again']);
  });
});

describe('what is no event we know', () => {
  it.each([
    ['an empty object', {}],
    ['null', null],
    ['a string', 'launch'],
    ['a list', [launchEvent()]],
    ['an unknown source', { id: EVENT_ID, source: 'aws.s3', 'detail-type': 'Object Created', detail: {} }],
    [
      'an alert that belongs on the queue',
      { source: 'imdsv2-enforcer', 'detail-type': 'Undelivered alert', detail: null },
    ],
  ])('%s → one warning, no call and no retry', async (_, event) => {
    const ports = world([snapshot()]);

    await onEvent(event, RULES, ports);

    const id = (event as { id?: string } | null)?.id ?? 'none';
    expect(ports.notUnderstood).toEqual([[id, 'no trigger knows this kind of event']]);
    expect(ports.calls).toEqual([]);
  });

  it('a thousand unusable ids in one event are one warning, and hide no usable one', async () => {
    const ports = world([snapshot()]);
    const bad = Array.from({ length: 1000 }, (_, index) => ({
      instanceId: `i-../../${index}`,
      httpTokens: 'optional',
    }));

    await onEvent(launchEvent({ items: [...bad, { httpTokens: 'optional' }] }), RULES, ports);

    expect(ports.notUnderstood).toHaveLength(1);
    expect(ports.published).toHaveLength(1);
  });
});
