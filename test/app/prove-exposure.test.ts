import fc from 'fast-check';
import { handleBatch } from '../../lambda/app/handle-batch.ts';
import type { EventRules } from '../../lambda/app/handle-events.ts';
import type { UsagePoint } from '../../lambda/core/usage.ts';
import { ACCOUNT, INSTANCE, instanceId, LAUNCHED, REGION, snapshot, type SnapshotChange } from '../support/builders.ts';
import { type BusEvent, driftEvent, launchEvent, queueRecords } from '../support/events.ts';
import { after, failure, world, type World } from '../support/ports.ts';

const RULES: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };

/** Launched in 2021 and running since, with IMDSv1 enabled. */
const old = (over: SnapshotChange = {}) => {
  const launched = new Date('2021-03-01T08:00:00Z');
  return snapshot({ launchTime: launched, firstLaunch: launched, ...over });
};

/** Zeros of the periods that end this many minutes before noon, 40 seconds after the call. */
const points = (from: number, until: number) =>
  Array.from({ length: (from - until) / 5 + 1 }, (_, index) => ({ at: after(-60 * (from + 5 - 5 * index)), count: 0 }));

type History = 'enabled' | 'required' | 'off' | 'remediated' | 'late';
function setHistory(ports: World, history: History, id = INSTANCE): void {
  const histories: Readonly<Record<History, readonly [UsagePoint[], UsagePoint[]]>> = {
    enabled: [points(180, 10), []],
    required: [[], points(180, 10)],
    off: [[], []],
    remediated: [points(180, 65), points(60, 10)],
    // CloudWatch has not received anything for hours.
    late: [points(180, 120), []],
  };
  const [noToken, rejected] = histories[history];
  ports.metrics.set(`MetadataNoToken ${id}`, noToken).set(`MetadataNoTokenRejected ${id}`, rejected);
}

const HOP_LIMIT = { HttpPutResponseHopLimit: 2, HttpEndpoint: 'enabled' };
const IPV6 = { HttpProtocolIpv6: 'enabled', HttpEndpoint: 'enabled' };
const ALL_OPTIONS = { HttpTokens: 'optional', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1 };
const ENABLE = { HttpEndpoint: 'enabled' };

/** Handles an event and the findings that it leads to. */
async function handle(event: BusEvent, ports: World, rules = RULES): Promise<void> {
  await handleBatch(queueRecords(event), rules, ports);
  const records = queueRecords(...ports.findings.splice(0));
  if (records.length > 0) expect(await handleBatch(records, rules, ports)).toEqual([]);
}
const verbs = ({ calls }: World, verb: string) => calls.filter((call) => call.startsWith(verb));

describe('a change of metadata options of an instance of 2021 with IMDSv1 enabled', () => {
  test.each<readonly [string, object]>([
    ['raises the hop limit, in the documented form', HOP_LIMIT],
    ['enables IPv6', IPV6],
    ['sends all options as before', ALL_OPTIONS],
    ['enables the endpoint, which was enabled', ENABLE],
  ])('that %s leads to nothing: no change, no alert', async (_, request) => {
    const ports = world([old()]);
    setHistory(ports, 'enabled');

    await handle(driftEvent({ request: { ...request } }), ports);

    expect(ports.calls).toEqual([`describe ${REGION} ${INSTANCE}`, `history ${REGION} ${INSTANCE}`]);
    expect(ports.published).toEqual([]);
    expect(ports.outcomes).toMatchObject([{ status: 'needs-review', reason: 'existing-instance' }]);
  });

  test.each<readonly [string, object, History]>([
    ['raises the hop limit while IMDS was off', HOP_LIMIT, 'off'],
    ['enables IPv6 while IMDS was off', IPV6, 'off'],
    ['sends all options while IMDS was off', ALL_OPTIONS, 'off'],
    ['enables the endpoint while IMDS was off', ENABLE, 'off'],
    ['re-enables IMDSv1 after a remediation', ALL_OPTIONS, 'remediated'],
    ['re-enables IMDSv1 on a compliant instance', ALL_OPTIONS, 'required'],
  ])('that %s is remediated, and notified as drift', async (_, request, history) => {
    const ports = world([old()]);
    setHistory(ports, history);

    await handle(driftEvent({ request: { ...request } }), ports);

    expect(ports.outcomes.at(-1)).toMatchObject({ status: 'remediated', target: { instanceId: INSTANCE } });
    expect(ports.published).toMatchObject([{ attributes: { severity: 'HIGH', trigger: ['drift'] } }]);
    expect(verbs(ports, 'history')).toHaveLength(1);
    expect(verbs(ports, 'measure')).toEqual([]);
  });

  test.each<readonly [string, object, boolean]>([
    ['a hop limit', HOP_LIMIT, false],
    ['IPv6', IPV6, false],
    ['all options', ALL_OPTIONS, true],
    ['the endpoint alone', ENABLE, true],
  ])('and unreadable metrics: %s', async (_, request, remediated) => {
    const denied = world([old()]);
    denied.fail('history', failure('denied'));
    const [late, stopped, throttled] = [world([old()]), world([old({ state: 'stopped' })]), world([old()])];
    setHistory(late, 'late');
    setHistory(stopped, 'enabled');
    throttled.fail('history', failure('throttled'));

    for (const ports of [denied, late, stopped, throttled]) {
      await handle(driftEvent({ request: { ...request } }), ports);

      expect(verbs(ports, 'modify')).toHaveLength(remediated ? 1 : 0);
      expect(ports.published).toHaveLength(remediated ? 1 : 0);
      expect(verbs(ports, 'history')).toHaveLength(ports === stopped ? 0 : 1);
    }
  });

  test('is no drift under existing=enforce either, but what that setting remediates', async () => {
    const ports = world([old()]);
    setHistory(ports, 'enabled');

    await handle(driftEvent({ request: HOP_LIMIT }), ports, { ...RULES, existing: 'enforce' });

    expect(ports.published).toMatchObject([{ attributes: { severity: 'MEDIUM', status: ['remediated'] } }]);
    expect(ports.published[0]?.email).toContain('What happened: IMDSv1 was enabled. IMDSv2 was requested');
    expect(verbs(ports, 'history')).toHaveLength(1);
  });

  test('is left to the scan under existing=enforce-when-unused, without another call to CloudWatch', async () => {
    const ports = world([old()]);
    setHistory(ports, 'enabled');

    await handle(driftEvent({ request: HOP_LIMIT }), ports, { ...RULES, existing: 'enforce-when-unused' });

    expect(ports.calls).toEqual([`describe ${REGION} ${INSTANCE}`, `history ${REGION} ${INSTANCE}`]);
    expect(ports.published).toEqual([]);
  });

  test('covered by an exemption is notified only if it is drift', async () => {
    const tags = { 'imdsv2:exempt-until': '2026-12-31' };
    const [harmless, drift] = [world([old({ tags })]), world([old({ tags })])];
    setHistory(harmless, 'enabled');
    setHistory(drift, 'required');

    await handle(driftEvent({ request: ALL_OPTIONS }), harmless);
    await handle(driftEvent({ request: ALL_OPTIONS }), drift);

    expect(harmless.published).toEqual([]);
    expect(drift.published).toMatchObject([{ attributes: { severity: 'HIGH', status: ['exempt'] } }]);
  });
});

describe('metrics', () => {
  test('are read by no launch, however old the instances that its record names', async () => {
    const ports = world([snapshot({ instanceId: instanceId(1) }), old({ instanceId: instanceId(2) })]);
    const items = [1, 2].map((index) => ({ instanceId: instanceId(index), httpTokens: 'optional' }));

    await handle(launchEvent({ items }), ports);

    expect(verbs(ports, 'modify')).toEqual([`modify ${REGION} ${instanceId(1)}`]);
    expect(verbs(ports, 'history')).toEqual([]);
    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
  });

  test('are read once for a batch, 250 instances a call', async () => {
    const ids = Array.from({ length: 251 }, (_, index) => instanceId(index));
    const ports = world(ids.map((id) => old({ instanceId: id })));
    const records = queueRecords(...ids.map((id) => driftEvent({ instanceId: id, request: HOP_LIMIT })));

    await handleBatch(records, RULES, ports);

    expect(verbs(ports, 'history').map((call) => call.split(' ').length - 2)).toEqual([250, 1]);
  });

  test('of one failed call do not affect the others', async () => {
    const ports = world([old({ instanceId: instanceId(1) }), old({ instanceId: instanceId(2) })]);
    ports.fail('history', failure('denied'));
    const at = [LAUNCHED, after(-6 * 3600)].map((time) => time.toISOString());
    const records = queueRecords(
      ...[1, 2].map((index) =>
        driftEvent({ id: `e${index}`, instanceId: instanceId(index), request: HOP_LIMIT, time: at[index - 1] ?? '' }),
      ),
    );

    await handleBatch(records, RULES, ports);

    expect(verbs(ports, 'history')).toHaveLength(2);
    expect(ports.outcomes.map(({ status, reason }) => [status, reason])).toEqual([
      ['needs-review', 'existing-instance'],
      // IMDS was off.
      ['skipped', 'recorded'],
    ]);
  });

  test('are not read for a call of more than 63 days ago, of which CloudWatch has nothing', async () => {
    for (const [request, remediated] of [
      [HOP_LIMIT, 0],
      [ALL_OPTIONS, 1],
    ] as const) {
      const ports = world([old()]);
      await handle(driftEvent({ request, time: '2026-09-20T12:00:00Z' }), ports);
      expect(verbs(ports, 'history')).toEqual([]);
      expect(verbs(ports, 'modify')).toHaveLength(remediated);
    }
  });
});

test('under existing=audit, an old instance is remediated exactly if its exposure is new', async () => {
  const anyHistory = fc.constantFrom<History>('enabled', 'required', 'off', 'remediated', 'late');
  const anyRequest = fc.constantFrom(HOP_LIMIT, IPV6, ALL_OPTIONS, ENABLE);
  await fc.assert(
    fc.asyncProperty(anyHistory, anyRequest, fc.boolean(), async (history, request, denied) => {
      const ports = world([old()]);
      setHistory(ports, history);
      if (denied) ports.fail('history', failure('denied'));

      await handle(driftEvent({ request }), ports);

      const proof = denied || history === 'late' ? 'unknown' : history;
      const isNew = proof === 'unknown' ? request === ALL_OPTIONS || request === ENABLE : proof !== 'enabled';
      expect(verbs(ports, 'modify')).toHaveLength(isNew ? 1 : 0);
      expect(ports.published).toHaveLength(isNew ? 1 : 0);
    }),
  );
});
