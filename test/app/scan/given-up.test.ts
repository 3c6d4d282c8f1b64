import { handleBatch } from '../../../lambda/app/handle-batch.ts';
import { onGivenUp } from '../../../lambda/app/scan/given-up.ts';
import { RESENT } from '../../../lambda/triggers/envelope.ts';
import { toFinding } from '../../../lambda/triggers/finding.ts';
import { toCheckMessage } from '../../../lambda/triggers/post-change-check.ts';
import { ACCOUNT, existing, INSTANCE, NOW, REGION, snapshot, target } from '../../support/builders.ts';
import {
  defaultsEvent,
  driftEvent,
  largeLaunchEvent,
  launchEvent,
  queueRecords,
  runningEvent,
} from '../../support/events.ts';
import { after, failure, virtualTime } from '../../support/ports.ts';
import { RUN, rules, runStep, scanWorld, type ScanWorld } from '../../support/scan.ts';

const RULES = rules({ existing: 'audit' });
const start = { ...RUN, step: 'start' } as const;
const check = toCheckMessage({
  account: ACCOUNT,
  region: REGION,
  instanceId: INSTANCE,
  remediatedAt: NOW,
  checksDone: 0,
});
/** Later than any retry, as a message is whose tries are used up. */
const anHourLater = () => virtualTime(885, after(3600));
const give = (ports: ScanWorld, ...events: readonly unknown[]) => onGivenUp(queueRecords(...events), RULES, ports);
const alerts = (ports: ScanWorld) =>
  ports.events.map(({ detail }) => (detail.schema === 'imdsv2-enforcer.outcome/v1' ? detail : undefined));

describe('a message whose tries are used up', () => {
  it.each([
    ['launch', launchEvent(), snapshot()],
    ['drift', driftEvent(), existing()],
    ['running', runningEvent(), snapshot()],
    ['revoke', toFinding(target({ trigger: 'revoke' })), existing()],
  ])('of %s is notified as CRITICAL and goes to the dead-letter queue unchanged', async (trigger, event, instance) => {
    const ports = scanWorld([instance], { time: anHourLater() });

    expect(await give(ports, event)).toEqual([]);

    expect(alerts(ports)).toMatchObject([{ severity: 'CRITICAL', status: 'failed', reason: 'given-up', trigger }]);
    expect(ports.deadLettered).toEqual([JSON.stringify(event)]);
    expect(ports.calls.filter((call) => call.startsWith('modify'))).toEqual([]);
  });

  it.each(['unavailable', 'throttled', 'denied'] as const)(
    'is given up as well if EC2 cannot be asked (%s)',
    async (kind) => {
      const ports = scanWorld([snapshot()], { time: anHourLater() });
      ports.fail('describe', ...Array.from({ length: 200 }, () => failure(kind)));

      await give(ports, launchEvent());

      expect(alerts(ports)).toMatchObject([{ severity: 'CRITICAL', status: 'failed' }]);
      expect(ports.deadLettered).toHaveLength(1);
    },
  );

  it('is dropped if the instance requires IMDSv2 by then, which is notified', async () => {
    const ports = scanWorld([snapshot({ options: { HttpTokens: 'required' } })], { time: anHourLater() });

    await give(ports, launchEvent());

    expect(alerts(ports)).toMatchObject([{ severity: 'INFORMATIONAL', status: 'already-remediated' }]);
    expect(ports.deadLettered).toEqual([]);
  });

  it.each([
    ['the instance is gone', []],
    ['it is about to be', [snapshot({ state: 'shutting-down' })]],
  ])('is dropped if %s', async (_, instances) => {
    const ports = scanWorld(instances, { time: anHourLater() });

    expect(await give(ports, launchEvent())).toEqual([]);

    expect(alerts(ports)).toEqual([]);
    expect(ports.deadLettered).toEqual([]);
  });

  it('is no failure in audit mode, where nothing would have been changed', async () => {
    const ports = scanWorld([snapshot()], { time: anHourLater() });

    await onGivenUp(queueRecords(launchEvent()), rules({ existing: 'audit', mode: 'audit' }), ports);

    expect(alerts(ports)).toMatchObject([{ status: 'would-remediate' }]);
    expect(ports.deadLettered).toEqual([]);
  });

  it('is delivered again if it cannot be notified, or the dead-letter queue refuses it', async () => {
    const ports = scanWorld([snapshot()], { time: anHourLater() });
    ports.fail('notify', failure('denied'));
    expect(await give(ports, launchEvent())).toEqual(['m1']);
    expect(ports.deadLettered).toEqual([]);

    ports.fail('giveUp', failure('denied'));
    expect(await give(ports, launchEvent())).toEqual(['m1']);
    expect(ports.warnings).toContain('messages could not be sent to the dead-letter queue; they are delivered again');
  });

  it('of a launch with omitted ids hands over what it finds, and stays for what it does not', async () => {
    const ports = scanWorld([snapshot()], { time: anHourLater() });
    await give(ports, largeLaunchEvent(1));
    expect(ports.findings).toMatchObject([{ detail: { instanceId: INSTANCE, trigger: 'launch' } }]);
    expect(ports.deadLettered).toEqual([]);

    ports.fail('find', failure('denied'));
    await give(ports, largeLaunchEvent(1));
    expect(ports.deadLettered).toHaveLength(1);
    expect(ports.warnings).toEqual(['the instances of a launch could not be found; it was given up']);
  });

  it('that is a post-change check exposes nothing, and only waits', async () => {
    const ports = scanWorld([snapshot()]);

    await give(ports, check);

    expect(alerts(ports)).toEqual([]);
    expect(ports.notUnderstood).toEqual([]);
    expect(ports.deadLettered).toEqual([JSON.stringify(check)]);
  });

  it('that is about prevention exposes nothing, waits, and is sent again', async () => {
    const ports = scanWorld();
    const event = defaultsEvent({ HttpTokens: 'optional' });

    await give(ports, event);
    expect(ports.outcomes).toEqual([]);
    expect(ports.deadLettered).toEqual([JSON.stringify(event)]);

    await runStep(start, RULES, ports);
    expect(ports.requeued).toEqual([{ ...event, [RESENT]: 1 }]);
  });

  it('that nothing can read is counted, as on the work queue', async () => {
    const ports = scanWorld();

    expect(await give(ports, { source: 'aws.s3' })).toEqual([]);

    expect(ports.notUnderstood).toHaveLength(1);
    expect(ports.deadLettered).toEqual([]);
  });
});

describe('a scan', () => {
  it('sends it again with a counter, three times at most, and says so when it was the last', async () => {
    const ports = scanWorld([snapshot()], { time: anHourLater() });
    await give(ports, launchEvent());

    for (let scans = 1; scans <= 5; scans += 1) {
      await runStep(start, RULES, ports);
      const again = ports.requeued.splice(0);
      expect(again).toEqual(scans <= 3 ? [{ ...launchEvent(), [RESENT]: scans }] : []);
      if (again.length > 0) await give(ports, ...again);
    }

    expect(alerts(ports).map((detail) => detail?.reason)).toEqual([
      'given-up',
      'given-up',
      'given-up',
      'given-up-for-good',
    ]);
    expect(ports.deadLettered).toEqual([JSON.stringify({ ...launchEvent(), [RESENT]: 3 })]);
  });

  it('remediates with it once the cause is gone', async () => {
    const ports = scanWorld([existing()], { time: anHourLater() });
    await give(ports, driftEvent());
    await runStep(start, RULES, ports);

    await handleBatch(queueRecords(...ports.requeued), { ...RULES, account: ACCOUNT }, ports);

    expect(alerts(ports)).toMatchObject([
      { severity: 'CRITICAL', status: 'failed' },
      { severity: 'HIGH', status: 'remediated', drift: true },
    ]);
    expect(ports.deadLettered).toEqual([]);
  });

  it('keeps the counter of what is handed back as a finding', async () => {
    const ports = scanWorld([snapshot()], { time: anHourLater() });
    ports.fail(`modify ${REGION}`, ...Array.from({ length: 50 }, () => failure('throttled')));

    await handleBatch(queueRecords({ ...launchEvent(), [RESENT]: 2 }), { ...RULES, account: ACCOUNT }, ports);

    expect(ports.findings).toMatchObject([{ [RESENT]: 2, detail: { instanceId: INSTANCE } }]);
  });

  it('leaves what the work queue does not take where it is', async () => {
    const ports = scanWorld();
    const others = ['not JSON', JSON.stringify({ source: 'aws.events', 'detail-type': 'Scheduled Event' })];
    ports.deadLettered.push(...others, JSON.stringify(check));

    await runStep(start, RULES, ports);

    expect(ports.requeued).toEqual([{ ...check, [RESENT]: 1 }]);
    expect(ports.deadLettered).toEqual(others);
  });

  it.each([
    ['receive', 'the dead-letter queue could not be read'],
    ['putEvents', 'messages could not be sent again'],
  ])('goes on if %s fails, and loses nothing', async (call, warning) => {
    const ports = scanWorld([snapshot()]);
    ports.deadLettered.push(JSON.stringify(launchEvent()));
    ports.fail(call, failure('denied'));

    await runStep(start, RULES, ports);

    expect(ports.queued).toHaveLength(1);
    expect(ports.warnings).toEqual([warning]);
    expect(ports.deadLettered).toHaveLength(1);
  });
});
