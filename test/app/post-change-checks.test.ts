import { handleBatch } from '../../lambda/app/handle-batch.ts';
import type { EventRules } from '../../lambda/app/handle-events.ts';
import { runPostChangeChecks } from '../../lambda/app/post-change-checks.ts';
import type { Message } from '../../lambda/core/message.ts';
import { toCheckMessage, type PostChangeCheck } from '../../lambda/triggers/post-change-check.ts';
import { ACCOUNT, instanceId, NOW, REGION, snapshot, type SnapshotChange } from '../support/builders.ts';
import { driftEvent, launchEvent, queueRecords as messages } from '../support/events.ts';
import { after, failure, virtualTime, world, type World } from '../support/ports.ts';

const RULES: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };
const [A, B, C] = [1, 2, 3].map(instanceId) as [string, string, string];
const QUARTER_HOUR = 900;

const checkOf = (id: string, over: Partial<PostChangeCheck> = {}): PostChangeCheck => ({
  account: ACCOUNT,
  region: REGION,
  instanceId: id,
  remediatedAt: after(-QUARTER_HOUR),
  checksDone: 0,
  ...over,
});
const remediated = (id: string, over: SnapshotChange = {}) =>
  snapshot({ instanceId: id, ...over, options: { HttpTokens: 'required', ...over.options } });
const reject = (ports: World, id: string, count: number, at = after(-600)) =>
  ports.metrics.set(`MetadataNoTokenRejected ${id}`, [{ at, count }]);
/** The JSON of the published messages. */
const published = (ports: World) => (ports.published as readonly Message[]).map(({ json }) => json);
const verbs = (calls: readonly string[]) => calls.map((call) => call.split(' ')[0]);

describe('an instance on which IMDSv1 was re-enabled right after its remediation', () => {
  const launched = new Date('2021-03-01T08:00:00Z');
  const reEnabled = (over: SnapshotChange = {}) =>
    snapshot({ instanceId: A, launchTime: launched, firstLaunch: launched, ...over });

  it('is remediated as drift at the next check, because the metrics of the call still show what was before', async () => {
    const ports = world([reEnabled()]);
    const points = [30, 25, 20].map((minutes) => ({ at: after(-60 * minutes), count: 3 }));
    ports.metrics.set(`MetadataNoToken ${A}`, points);
    const call = driftEvent({ instanceId: A, time: after(-540).toISOString() });

    await handleBatch(messages(call), RULES, ports);
    expect(ports.published).toEqual([]);
    await handleBatch(messages(toCheckMessage(checkOf(A))), RULES, ports);
    await handleBatch(messages(...ports.findings.splice(0)), RULES, ports);

    expect(ports.outcomes.at(-1)).toMatchObject({ status: 'remediated', target: { instanceId: A } });
    expect(ports.published).toMatchObject([{ attributes: { severity: 'HIGH', trigger: ['drift'] } }]);
    expect(ports.checks).toMatchObject([{ instanceId: A, remediatedAt: NOW, checksDone: 0 }]);
  });

  it('is left alone with an exemption in date', async () => {
    const ports = world([reEnabled({ tags: { 'imdsv2:exempt-until': '2026-12-31' } })]);

    expect(await runPostChangeChecks([checkOf(A)], RULES, ports)).toEqual([]);

    expect([ports.findings, ports.checks, ports.published]).toEqual([[], [], []]);
  });

  it('is checked again if the queue does not accept the finding', async () => {
    const ports = world([reEnabled()]);
    ports.fail('putFindings', failure('denied'));

    expect(await runPostChangeChecks([checkOf(A)], RULES, ports)).toEqual([checkOf(A)]);
  });
});

describe('an instance with rejected calls', () => {
  it('is notified with the command that undoes the change, and not checked again', async () => {
    const ports = world([remediated(A), remediated(B), remediated(C)]);
    reject(ports, A, 12);
    reject(ports, B, 3);

    expect(
      await runPostChangeChecks(
        [A, B, C].map((id) => checkOf(id)),
        RULES,
        ports,
      ),
    ).toEqual([]);

    expect(published(ports)).toMatchObject([
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

  it('is measured together with the others, since the first of the changes', async () => {
    const ports = world([remediated(A), remediated(B)]);

    await runPostChangeChecks([checkOf(A), checkOf(B, { remediatedAt: after(-3600) })], RULES, ports);

    expect(ports.calls).toEqual([
      `describe ${REGION} ${A} ${B}`,
      `measure ${REGION} MetadataNoTokenRejected ${A} ${B}`,
      `putChecks ${A} ${B}`,
    ]);
  });

  it('is measured from the five-minute period of the change', async () => {
    const remediatedAt = new Date('2026-11-22T11:47:31Z');
    for (const [at, impacts] of [
      ['2026-11-22T11:40:00Z', 0],
      ['2026-11-22T11:45:00Z', 1],
      ['2026-11-22T11:50:00Z', 1],
    ] as const) {
      const ports = world([remediated(A)]);
      reject(ports, A, 1, new Date(at));

      // An earlier change of another instance makes the measured window longer.
      await runPostChangeChecks(
        [checkOf(A, { remediatedAt }), checkOf(B, { remediatedAt: after(-7200) })],
        RULES,
        ports,
      );

      expect(ports.published).toHaveLength(impacts);
    }
  });
});

describe('an instance without rejected calls', () => {
  it('is checked four times within the hour, and measured at the first and the last check', async () => {
    const ports = world([remediated(A)]);
    let checksDone = 0;
    for (let next: PostChangeCheck | undefined = checkOf(A); next !== undefined; next = ports.checks.shift()) {
      checksDone += 1;
      await runPostChangeChecks([next], RULES, ports);
    }

    expect(checksDone).toBe(4);
    expect(verbs(ports.calls).filter((verb) => verb !== 'putChecks')).toEqual([
      ...['describe', 'measure'],
      ...['describe', 'describe'],
      ...['describe', 'measure'],
    ]);
    expect(ports.published).toEqual([]);
    expect(ports.rejected).toEqual([]);
  });

  it('is notified if its change is still pending at the fourth check, but not counted as rejected', async () => {
    const ports = world([remediated(A, { options: { State: 'pending' } })]);

    for (const checksDone of [0, 1, 2]) await runPostChangeChecks([checkOf(A, { checksDone })], RULES, ports);
    expect(ports.published).toEqual([]);
    expect(ports.checks.map(({ checksDone }) => checksDone)).toEqual([1, 2, 3]);

    await runPostChangeChecks([checkOf(A, { checksDone: 3 })], RULES, ports);
    expect(published(ports)).toMatchObject([{ instances: [{ instanceId: A, state: 'pending', rejectedCalls: 0 }] }]);
    expect(ports.checks).toHaveLength(3);
    expect(ports.rejected).toEqual([]);
  });
});

it.each<readonly [string, SnapshotChange | undefined]>([
  ['non-compliant again', { options: { HttpTokens: 'optional' } }],
  ['terminated', { state: 'terminated' }],
  ['shutting down', { state: 'shutting-down' }],
  ['gone', undefined],
])('does not check an instance that is %s', async (_, over) => {
  const ports = world(over === undefined ? [] : [remediated(A, over)]);
  reject(ports, A, 5);

  expect(await runPostChangeChecks([checkOf(A)], RULES, ports)).toEqual([]);

  expect([ports.published, ports.checks, ports.rejected]).toEqual([[], [], []]);
});

it('measures no instance that is stopped, terminated or gone, and asks CloudWatch once for the others', async () => {
  const ports = world([remediated(A, { state: 'stopped' }), remediated(B, { state: 'terminated' }), remediated(C)]);
  const checks = [A, B, C, instanceId(4)].map((id) => checkOf(id));

  expect(await runPostChangeChecks(checks, RULES, ports)).toEqual([]);

  expect(ports.calls.filter((call) => call.startsWith('measure'))).toEqual([
    `measure ${REGION} MetadataNoTokenRejected ${C}`,
  ]);
  expect(ports.checks.map(({ instanceId }) => instanceId)).toEqual([A, C]);
});

it('a stopped instance whose change is pending is not notified: EC2 applies it at the next start', async () => {
  const ports = world([remediated(A, { state: 'stopped', options: { State: 'pending' } })]);

  expect(await runPostChangeChecks([checkOf(A, { checksDone: 3 })], RULES, ports)).toEqual([]);

  expect([ports.published, ports.checks]).toEqual([[], []]);
});

it('checks an instance once if its check is delivered twice', async () => {
  const ports = world([remediated(A)]);

  await runPostChangeChecks([checkOf(A), checkOf(A), checkOf(A, { checksDone: 1 })], RULES, ports);

  expect(ports.checks).toEqual([checkOf(A, { checksDone: 2 })]);
});

it('uses the later of two changes of an instance', async () => {
  const ports = world([remediated(A)]);
  const later = checkOf(A, { remediatedAt: after(-60) });

  await runPostChangeChecks([later, checkOf(A, { checksDone: 2 })], RULES, ports);

  expect(ports.checks).toEqual([{ ...later, checksDone: 1 }]);
});

describe('failures of a check', () => {
  it('only the options are checked, with a warning, if rejected calls may not be read', async () => {
    const ports = world([remediated(A), remediated(B, { options: { State: 'pending' } })]);
    ports.fail('measure', failure('denied'));

    expect(await runPostChangeChecks([checkOf(A), checkOf(B, { checksDone: 3 })], RULES, ports)).toEqual([]);

    expect(ports.warnings).toEqual([`rejected IMDSv1 calls in ${REGION} could not be read`]);
    expect(published(ports)).toMatchObject([{ instances: [{ instanceId: B }] }]);
    expect(ports.checks).toEqual([checkOf(A, { checksDone: 1 })]);
  });

  it.each(['describe', 'measure'])('all checks are retried if %s is throttled until the deadline', async (call) => {
    const ports = world([remediated(A)], virtualTime(20));
    reject(ports, A, 5);
    ports.fail(call, ...Array<Error>(50).fill(failure('throttled')));

    expect(await runPostChangeChecks([checkOf(A)], RULES, ports)).toEqual([checkOf(A)]);

    expect([ports.published, ports.checks]).toEqual([[], []]);
  });

  it('a failure in one region does not repeat the checks of another', async () => {
    const ports = world([remediated(A)]);
    ports.put(remediated(B), { region: 'us-east-1' });
    ports.fail('describe us-east-1', failure('denied'));
    const otherRegion = checkOf(B, { region: 'us-east-1' });

    expect(await runPostChangeChecks([checkOf(A), otherRegion], RULES, ports)).toEqual([otherRegion]);

    expect(ports.checks).toEqual([checkOf(A, { checksDone: 1 })]);
  });

  it('checks that cannot be scheduled are retried, and workload impact is notified once', async () => {
    const ports = world([remediated(A), remediated(B)]);
    reject(ports, A, 5);
    ports.fail('putChecks', failure('denied'));

    expect(await runPostChangeChecks([checkOf(A), checkOf(B)], RULES, ports)).toEqual([checkOf(B)]);

    expect(published(ports)).toMatchObject([{ instances: [{ instanceId: A }] }]);
  });

  it('if the event bus refuses the event, its checks are retried', async () => {
    const ports = world([remediated(A), remediated(B)]);
    reject(ports, A, 5);
    ports.fail('notify', failure('denied'));
    expect(await runPostChangeChecks([checkOf(A), checkOf(B)], RULES, ports)).toEqual([checkOf(A)]);
    expect(ports.rejected).toEqual([]);
    expect(ports.checks).toEqual([checkOf(B, { checksDone: 1 })]);
  });

  it('an error that is not a FailureError is thrown', async () => {
    const ports = world([remediated(A)]);
    ports.fail('measure', new TypeError('x is not a function'));

    await expect(runPostChangeChecks([checkOf(A)], RULES, ports)).rejects.toThrow(TypeError);
  });
});

describe('a post-change check in a batch', () => {
  it('is handled beside other messages', async () => {
    const ports = world([remediated(A), snapshot({ instanceId: B })]);
    reject(ports, A, 5);
    const launched = launchEvent({ items: [{ instanceId: B, httpTokens: 'optional' }] });

    expect(await handleBatch(messages(toCheckMessage(checkOf(A)), launched), RULES, ports)).toEqual([]);

    expect(ports.published.flatMap(({ attributes }) => attributes.status).sort()).toEqual([
      'remediated',
      'workload-impact',
    ]);
    expect(ports.checks).toMatchObject([{ instanceId: B, checksDone: 0, remediatedAt: NOW }]);
    expect(ports.notUnderstood).toEqual([]);
  });

  it('is returned if it failed, and no other is', async () => {
    const ports = world([remediated(A)], virtualTime(20));
    ports.fail('describe us-east-1', ...Array<Error>(50).fill(failure('throttled')));
    const otherRegion = checkOf(B, { region: 'us-east-1' });

    const bodies = [checkOf(A), otherRegion, checkOf(C, { region: 'us-east-1' })].map(toCheckMessage);
    expect(await handleBatch(messages(...bodies), RULES, ports)).toEqual(['m2', 'm3']);
  });

  it('is reported and not returned if it cannot be read', async () => {
    const ports = world();
    const bad = { ...toCheckMessage(checkOf(A)), detail: { instanceId: A, checksDone: -1 } };

    expect(await handleBatch(messages(bad), RULES, ports)).toEqual([]);
    expect(ports.notUnderstood).toHaveLength(1);
  });
});
