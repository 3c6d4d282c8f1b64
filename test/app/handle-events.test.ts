import { handleBatch } from '../../lambda/app/handle-batch.ts';
import type { EventRules } from '../../lambda/app/handle-events.ts';
import type { OutcomeBus } from '../../lambda/app/ports/index.ts';
import { MAX_RECEIVES } from '../../lambda/core/delivery.ts';
import type { OutcomeEvent } from '../../lambda/core/outcome-event.ts';
import { toFinding } from '../../lambda/triggers/finding.ts';
import { withKnown } from '../../lambda/triggers/launch.ts';
import { ACCOUNT, EVENT_ID, IMDSV1, INSTANCE, instanceId, REGION, snapshot, target } from '../support/builders.ts';
import {
  driftEvent,
  failedLaunchEvent,
  largeLaunchEvent,
  launchEvent,
  queueRecords,
  runningEvent,
} from '../support/events.ts';
import { after, failure, virtualTime, world, type World } from '../support/ports.ts';

const RULES: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };
const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];
const launchOf = (...ids: readonly string[]) =>
  launchEvent({ items: ids.map((id) => ({ instanceId: id, httpTokens: 'optional' })) });
const verbs = (calls: readonly string[]) => calls.map((call) => call.split(' ')[0]);
const handle = (ports: World, ...events: readonly unknown[]) => handleBatch(queueRecords(...events), RULES, ports);

describe('an event', () => {
  it('of a launch with IMDSv1 is remediated and notified once', async () => {
    const ports = world([snapshot()]);

    expect(await handle(ports, launchEvent())).toEqual([]);

    expect(ports.calls).toEqual([
      `describe ${REGION} ${INSTANCE}`,
      `modify ${REGION} ${INSTANCE}`,
      `notify ${INSTANCE}`,
      `putChecks ${INSTANCE}`,
    ]);
    expect(ports.outcomes).toMatchObject([{ status: 'remediated', target: { context: { eventId: EVENT_ID } } }]);
  });

  it('of drift has a higher severity', async () => {
    const ports = world([snapshot()]);

    await handle(ports, driftEvent());

    expect(ports.published).toMatchObject([{ attributes: { severity: 'HIGH', trigger: ['drift'] } }]);
  });

  it('of five instances leads to one alert', async () => {
    const ids = [1, 2, 3, 4, 5].map(instanceId);
    const ports = world(ids.map((id) => snapshot({ instanceId: id })));

    await handle(ports, launchOf(...ids));

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 5 } } }]);
  });

  it('of a launch that failed is ignored', async () => {
    const ports = world([snapshot()]);

    await handle(ports, failedLaunchEvent());

    expect([ports.calls, ports.notUnderstood]).toEqual([[], []]);
  });

  it('of a compliant instance that started causes one describe', async () => {
    const ports = world([snapshot({ options: { HttpTokens: 'required' } })]);

    await handle(ports, runningEvent({ time: after(-100).toISOString() }));

    expect(ports.calls).toEqual([`describe ${REGION} ${INSTANCE}`]);
  });
});

describe('a failure', () => {
  it.each(['unavailable', 'unknown'] as const)(
    'of kind %s returns the message at every delivery, and is not notified',
    async (kind) => {
      const ports = world([snapshot()], virtualTime(5));
      const failures = Array.from({ length: 40 }, () => failure(kind));
      const deliver = (receiveCount: number) => {
        ports.clearFaults();
        ports.fail('modify', ...failures);
        return handleBatch([{ messageId: 'm1', body: JSON.stringify(launchEvent()), receiveCount }], RULES, ports);
      };

      for (const receiveCount of [1, 2, MAX_RECEIVES]) expect(await deliver(receiveCount)).toEqual(['m1']);
      expect(ports.published).toEqual([]);
    },
  );

  it.each([
    ['throttled', /EC2's request rate/],
    ['unavailable', /EC2 did not respond/],
    ['unknown', /for an unknown reason/],
  ] as const)(
    'of kind %s that holds drift for more than a minute is notified once, as HIGH and with its cause',
    async (kind, cause) => {
      const deliver = async (ports: World, seconds: number, event: unknown) => {
        ports.fail('modify', ...Array.from({ length: 40 }, () => failure(kind)));
        const later = { ...ports, time: virtualTime(5, after(seconds)) };
        await handleBatch(queueRecords(event), RULES, later);
        ports.clearFaults();
      };
      const ports = world([snapshot()]);
      await deliver(ports, 0, driftEvent());
      expect(ports.published).toEqual([]);

      await deliver(ports, 60, ports.findings.pop() ?? driftEvent());
      expect(ports.published).toMatchObject([{ attributes: { severity: 'HIGH', status: ['failed'] } }]);
      const [{ explanation } = { explanation: '' }] = ports.published[0]?.json.groups[0]?.outcomes ?? [];
      expect(explanation).toMatch(/^IMDSv1 was re-enabled, and is not reverted yet\. .+ It will be retried\./);
      expect(explanation).toMatch(cause);

      const handedBack = ports.findings.pop();
      expect(handedBack).toMatchObject({ detail: { isWaitNotified: true } });
      await deliver(ports, 120, handedBack);
      await deliver(ports, 240, handedBack);
      expect(ports.published).toHaveLength(1);
    },
  );

  it.each(['denied', 'unsupported', 'invalid', 'wrong-state'] as const)(
    'of kind %s returns no message and is notified as CRITICAL at once',
    async (kind) => {
      const ports = world([snapshot()]);
      ports.fail('modify', failure(kind));

      expect(await handle(ports, launchEvent())).toEqual([]);

      expect(ports.published).toMatchObject([{ attributes: { severity: 'CRITICAL', status: ['failed'] } }]);
    },
  );

  it('after the change and before the alert: the next delivery notifies that the instance is already remediated', async () => {
    const ports = world([snapshot()]);
    ports.fail('notify', new Error('crash'));
    expect(await handle(ports, launchEvent())).toEqual(['m1']);
    expect(ports.warnings).toEqual(['a batch of 1 failed']);

    expect(await handle(ports, launchEvent())).toEqual([]);

    expect(ports.published).toMatchObject([
      { json: { groups: [{ status: 'already-remediated', instanceIds: [INSTANCE] }] } },
    ]);
    expect(verbs(ports.calls).filter((verb) => verb === 'modify')).toHaveLength(1);
  });

  it('of the event bus returns the messages of the outcomes that it refuses, and no others', async () => {
    const ports = world([
      snapshot({ instanceId: A }),
      snapshot({ instanceId: B, options: { HttpTokens: 'required' } }),
    ]);
    ports.fail('notify', failure('denied'));
    const compliant = runningEvent({ instanceId: B, time: after(-100).toISOString() });

    expect(await handle(ports, compliant, launchOf(A))).toEqual(['m2']);
  });

  it('of the event bus for single events returns their messages only', async () => {
    const ports = world([A, B].map((id) => snapshot({ instanceId: id })));
    const bus: OutcomeBus = {
      put: async (events: readonly OutcomeEvent[]) => [
        ...(await ports.bus.put(events.slice(1))),
        ...events.slice(0, 1),
      ],
    };

    expect(await handle({ ...ports, bus }, launchOf(A), launchOf(B))).toEqual(['m1']);
    expect(ports.events.map(({ detail }) => detail)).toMatchObject([{ instanceId: B }]);
  });

  it('to schedule a post-change check is a warning, and delays nothing', async () => {
    const ports = world([snapshot()]);
    ports.fail('putChecks', failure('unavailable'));

    expect(await handle(ports, launchEvent())).toEqual([]);

    expect(ports.warnings).toEqual(['post-change checks could not be scheduled']);
    expect(ports.published).toHaveLength(1);
    expect(ports.time.now()).toEqual(after(0));
  });
});

describe('a launch whose ids CloudTrail omitted', () => {
  it('is searched again later with the ids found so far, and they are not recorded again', async () => {
    const ports = world([snapshot({ instanceId: A })]);
    expect(await handle(ports, largeLaunchEvent(2))).toEqual([]);
    // Half of the age of the event.
    expect(ports.calls.slice(-2)).toEqual([`putFindings ${A}`, 'putEvents in 20 s']);
    ports.put(snapshot({ instanceId: B }));

    expect(await handle(ports, ...ports.requeued)).toEqual([]);

    expect(verbs(ports.calls.slice(-2))).toEqual(['find', 'putFindings']);
    expect(ports.findings).toMatchObject([{ detail: { instanceId: A } }, { detail: { instanceId: B } }]);
    expect(ports.notUnderstood).toEqual([]);
  });

  it('is searched once for each delivery, and handed back while it is recent', async () => {
    const ports = world();

    expect(await handle(ports, largeLaunchEvent(60))).toEqual([]);

    expect(verbs(ports.calls)).toEqual(['find', 'putFindings', 'putEvents']);
    expect(ports.requeued).toMatchObject([withKnown(largeLaunchEvent(60), [])]);
  });

  it('is delivered again if it cannot be searched or handed back', async () => {
    const ports = world();
    ports.fail('find', failure('denied'));
    ports.fail('putEvents', failure('denied'));

    expect(await handle(ports, largeLaunchEvent(60), launchEvent(), largeLaunchEvent(60))).toEqual(['m1', 'm3']);
  });
});

describe('an instance that is already remediated', () => {
  const compliant = snapshot({ options: { HttpTokens: 'required' } });
  const finding = (trigger: 'running' | 'launch', occurredAt = after(-120)) =>
    toFinding(target({ trigger, occurredAt }), IMDSV1);
  const deliver = async (receiveCount: number, content: object, rules = RULES) => {
    const ports = world([compliant]);
    await handleBatch([{ messageId: 'm1', body: JSON.stringify(content), receiveCount }], rules, ports);
    return ports.published.length;
  };

  it('is not notified for a running-state event: the alert about its launch names it', async () => {
    expect(await deliver(1, finding('running'))).toBe(0);
    expect(await deliver(1, finding('launch'))).toBe(1);
  });

  it('is notified if an earlier delivery may have changed it without an alert', async () => {
    expect(await deliver(2, finding('running'))).toBe(1);
    expect(await deliver(1, finding('running', after(-3600)))).toBe(1);
  });

  it('is notified without a trail, because there is no other event', async () => {
    expect(await deliver(1, finding('running'), { ...RULES, trail: false })).toBe(1);
  });
});

it('an instance whose decision depends on a measurement does not delay the others', async () => {
  const existing = snapshot({ instanceId: C, firstLaunch: after(-86_400 * 30) });
  const ports = world([snapshot({ instanceId: A }), existing], virtualTime(5));
  ports.fail('measure', ...Array.from({ length: 40 }, () => failure('unavailable')));
  const started = runningEvent({ instanceId: C, time: after(-100).toISOString() });

  const rules: EventRules = { ...RULES, existing: 'enforce-when-unused' };
  await handleBatch(queueRecords(started, launchOf(A)), rules, ports);

  expect(ports.outcomes).toMatchObject([
    { target: { instanceId: C }, status: 'needs-review', reason: 'usage-unknown' },
    { target: { instanceId: A }, status: 'remediated', at: after(0) },
  ]);
});

describe('an unknown event', () => {
  it.each([
    ['an empty object', {}],
    ['null', null],
    ['a list', [launchEvent()]],
    ['an unknown source', { id: EVENT_ID, source: 'aws.s3', 'detail-type': 'Object Created', detail: {} }],
  ])('%s is reported once and causes neither a call nor a retry', async (_, event) => {
    const ports = world([snapshot()]);

    expect(await handle(ports, event)).toEqual([]);

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

    await handle(ports, launchEvent({ items: [...bad, { httpTokens: 'optional' }] }));

    expect(ports.notUnderstood).toHaveLength(1);
    expect(ports.published).toHaveLength(1);
  });
});
