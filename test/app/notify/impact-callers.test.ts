import type { RecordedCall } from '../../../lambda/core/callers/calls.ts';
import { toWorkloadImpactDetails, type WorkloadImpactDetail } from '../../../lambda/core/workload-impact.ts';
import { ACCOUNT, instanceId, NOW, REGION, snapshot } from '../../support/builders.ts';
import { asEvent, notifier, RULES } from '../../support/notifier.ts';
import { failure } from '../../support/ports.ts';

const call = (userAgent: string, delivery = '1.0'): RecordedCall => ({
  at: NOW,
  service: 'ec2',
  delivery,
  userAgent,
  sourceAddress: '10.0.1.5',
});
const OLD = call('Botocore/1.12.92 Python/3.6.5');

function impactOf(count: number, rejected = 3, tags: Record<string, string> = {}) {
  const impacts = Array.from({ length: count }, (_, index) => ({
    snapshot: snapshot({
      instanceId: instanceId(index),
      options: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      tags,
    }),
    remediatedAt: NOW,
    rejected,
  }));
  return toWorkloadImpactDetails(ACCOUNT, REGION, impacts, RULES).map((detail) => asEvent(detail));
}

test('the alert names the software that used IMDSv1 before the change', async () => {
  const { handle, sent, callHistory } = notifier();
  callHistory.set(instanceId(0), [OLD, call('aws-sdk-go/1.44.0 (go1.19)'), call('Boto3/1.34.0', '2.0')]);

  await handle(...impactOf(1, 3, { 'eks:cluster-name': 'shop' }));

  const [message] = sent;
  expect((message?.json as WorkloadImpactDetail).instances[0]?.callers).toMatchObject([
    { software: 'botocore 1.12.92', diagnosis: 'upgrade', calls: 1 },
    { software: 'AWS SDK for Go 1.44.0', diagnosis: 'hop-limit', calls: 1 },
  ]);
  expect(message?.email).toContain(
    'Software: botocore 1.12.92 (1 call, last 2026-11-22T12:00Z): upgrade botocore 1.12.92 to 1.13.25 or later\n',
  );
  expect(message?.email).toContain('the token does not reach the container: raise the hop limit to 2\nWhat now: ');
});

test('without such calls the alert says what else reads metadata', async () => {
  const { handle, sent } = notifier();

  await handle(...impactOf(1));

  expect(sent[0]?.email).toContain('Software: no calls with credentials of IMDSv1; the software reads metadata other');
});

test.each([
  ['denied', 'not visible from here: missing permission cloudtrail:LookupEvents'],
  ['invalid', 'CloudTrail did not answer: invalid'],
] as const)('without history the alert is sent and says so: %s', async (kind, note) => {
  const { handle, sent, base } = notifier();
  base.fail('lookUpCalls', failure(kind));

  await handle(...impactOf(1));

  expect(sent[0]?.email).toContain(`Software: ${note}\n`);
  expect(sent[0]?.email).not.toContain('no calls with credentials');
});

test('lookups delay the alert for a few seconds only, one lookup a second', async () => {
  const { handle, sent, base, callHistory } = notifier();
  for (let index = 0; index < 60; index += 1) callHistory.set(instanceId(index), [OLD]);
  const startedAt = base.time.now().getTime();

  await handle(...impactOf(60));

  const lookups = base.calls.filter((made) => made.startsWith('lookUpCalls')).length;
  expect(sent).toHaveLength(4);
  expect(lookups).toBeLessThanOrEqual(16);
  expect(base.time.now().getTime() - startedAt).toBeLessThanOrEqual(20_000);
  expect(sent.map(({ email }) => email).join('\n')).toContain('CloudTrail was too slow to look up all calls');
});

test('nothing is looked up of an instance whose change is pending', async () => {
  const { handle, base } = notifier();

  await handle(...impactOf(1, 0));

  expect(base.calls.filter((made) => made.startsWith('lookUpCalls'))).toEqual([]);
});
