import type { RecordedCall } from '../../../lambda/core/callers/calls.ts';
import { instanceId, NOW } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { DAILY, old, reported, rules, RUN, runStep, scanWorld, type ScanWorld } from '../../support/scan.ts';

const OLD_BOTOCORE = 'Botocore/1.12.92 Python/3.6.5 Linux/4.14';
const call = (over: Partial<RecordedCall> = {}): RecordedCall => ({
  at: NOW,
  service: 'ec2',
  delivery: '1.0',
  userAgent: OLD_BOTOCORE,
  sourceAddress: '10.0.1.5',
  ...over,
});

/** A region with instances in use, the last ones busier than the first. */
function inUse(count: number, group?: string): ScanWorld {
  const tags: Record<string, string> = group === undefined ? {} : { 'aws:autoscaling:groupName': group };
  const ids = Array.from({ length: count }, (_, index) => instanceId(index));
  const ports = scanWorld(ids.map((id) => old(id, { tags })));
  ids.forEach((id, index) => {
    ports.metrics.set(`MetadataNoToken ${id}`, reported(index + 1));
    ports.callHistory.set(id, [call()]);
  });
  return ports;
}

const summarize = (ports: ScanWorld, run = DAILY) =>
  runStep({ ...run, step: 'summary', requestedIds: [] }, rules({ existing: 'audit' }), ports);
const lookedUp = ({ calls }: ScanWorld) => calls.filter((made) => made.startsWith('lookUpCalls'));
const emailOf = (ports: ScanWorld) => ports.digests()[0]?.email ?? '';

test('the digest of the day names the software and what to do about it', async () => {
  const ports = inUse(5);
  ports.callHistory.set(instanceId(1), [
    call({ userAgent: 'curl/7.61.1', sourceAddress: '198.51.100.7' }),
    call({ sourceAddress: '192.0.2.4' }),
  ]);
  ports.callHistory.set(instanceId(2), [call({ delivery: '2.0' })]);
  ports.natGateways.set('192.0.2.4', 'nat-0aa');

  await summarize(ports);

  const [digest] = ports.digests();
  expect(digest?.json.callers).toEqual({
    instances: 5,
    software: [
      {
        software: 'botocore 1.12.92',
        diagnosis: 'upgrade',
        advice: 'upgrade botocore 1.12.92 to 1.13.25 or later',
        calls: 4,
        firstSeen: NOW.toISOString(),
        lastSeen: NOW.toISOString(),
        instanceIds: [4, 3, 1, 0].map(instanceId),
      },
      expect.objectContaining({ software: 'curl 7.61.1', diagnosis: 'no-sdk', instanceIds: [instanceId(1)] }),
    ],
    more: 0,
    withoutCallers: [instanceId(2)],
    unexplained: [{ instanceId: instanceId(1), address: '198.51.100.7', calls: 1, lastSeen: NOW.toISOString() }],
    notVisible: [],
  });
  expect(digest?.email).toContain(
    `Software that called AWS with credentials of IMDSv1, on the 5 instances with the most IMDSv1 calls:\n  botocore 1.12.92 on ${[4, 3, 1].map(instanceId).join(', ')} and 1 more (4 calls, last 2026-11-22T12:00Z): upgrade botocore 1.12.92 to 1.13.25 or later\n`,
  );
  expect(digest?.email).toContain(
    `  no such calls: ${instanceId(2)}; the software reads metadata other than credentials`,
  );
  expect(digest?.email).toContain(`  MEDIUM: unexplained source address 198.51.100.7 of ${instanceId(1)} (1 call, `);
  expect(digest?.email).not.toContain('192.0.2.4');
});

test('at most twenty instances are looked up, the busiest first, three of a launch source, one lookup a second', async () => {
  const [alone, group] = [inUse(30), inUse(30, 'web')];
  const startedAt = alone.time.now().getTime();

  await summarize(alone);
  await summarize(group);

  expect(lookedUp(alone)).toEqual(Array.from({ length: 20 }, (_, index) => `lookUpCalls ${instanceId(29 - index)}`));
  expect(alone.time.now().getTime() - startedAt).toBeGreaterThanOrEqual(19_000);
  expect(lookedUp(group)).toHaveLength(3);
});

test('only the first scan of a day looks them up', async () => {
  const ports = inUse(2);

  await summarize(ports, RUN);

  expect(lookedUp(ports)).toEqual([]);
});

test('nothing is looked up where nothing is in use', async () => {
  const ports = inUse(2);
  ports.metrics.clear();

  await summarize(ports);

  expect(lookedUp(ports)).toEqual([]);
  expect(ports.digests()[0]?.json.callers).toBeUndefined();
});

test.each([
  ['denied', 'not visible from here: missing permission cloudtrail:LookupEvents'],
  ['invalid', 'CloudTrail did not answer: invalid'],
] as const)('a lookup that is %s is in the digest, which is sent nevertheless', async (kind, note) => {
  const ports = inUse(3);
  ports.fail('lookUpCalls', failure(kind));

  await summarize(ports);

  expect(lookedUp(ports)).toHaveLength(1);
  expect(ports.digests()[0]?.json.callers).toMatchObject({ software: [], withoutCallers: [], notVisible: [note] });
  expect(emailOf(ports)).toContain(`\n  ${note}\n`);
});

test('without NAT gateways no address is called unexplained, and the digest says so', async () => {
  const ports = inUse(1);
  ports.callHistory.set(instanceId(0), [call({ sourceAddress: '198.51.100.7' })]);
  ports.fail('natGateways', failure('denied'));

  await summarize(ports);

  expect(ports.digests()[0]?.json.callers?.unexplained).toEqual([]);
  expect(emailOf(ports)).toContain('  NAT gateways could not be read, so no source address is called unexplained: ');
});
