import { expiresSoon, Inventory, type ListedInstance } from '../../lambda/core/digest.ts';
import { context, instanceId, NOW, policy, snapshot, type SnapshotChange } from '../support/builders.ts';

const scanned = context({ trigger: 'scan' });
const until = (day: string) => ({ 'imdsv2:exempt-until': day });

function inventory(
  existing: 'audit' | 'enforce' | 'enforce-when-unused',
  ...given: readonly SnapshotChange[]
): Inventory {
  const counted = new Inventory(scanned, policy({ existing }));
  given.forEach((change, index) => counted.add(snapshot({ instanceId: instanceId(index), ...change }), NOW));
  return counted;
}

test('counts each instance by its verdict, and lists the non-compliant, unreadable and exempt ones', () => {
  const { compliance, nonCompliant, exempt } = inventory(
    'audit',
    {},
    { options: { HttpTokens: undefined } },
    { tags: until('2026-12-31') },
    { tags: until('soon') },
    { options: { HttpTokens: 'required' } },
    { options: { HttpTokens: 'required', State: 'pending' } },
    { options: { HttpEndpoint: 'disabled' } },
    { awsManaged: true },
    { state: 'terminated' },
  );
  expect(compliance.counts).toEqual({
    'non-compliant': 2,
    unreadable: 1,
    exempt: 1,
    compliant: 1,
    pending: 1,
    'imds-off': 1,
    'aws-managed': 1,
  });
  expect(nonCompliant.map((listed) => listed.instanceId)).toEqual([0, 1, 3].map(instanceId));
  expect(exempt.map((listed) => listed.instanceId)).toEqual([instanceId(2)]);
});

test('decides like the scan, with the measured usage', () => {
  const counted = new Inventory(scanned, policy({ existing: 'enforce-when-unused' }));
  counted.add(snapshot(), NOW, { kind: 'unused', hours: 336 });
  counted.add(snapshot(), NOW, { kind: 'in-use', count: 1, callsPerDay: 1, lastSeen: NOW });
  counted.add(snapshot(), NOW);
  expect(counted.nonCompliant.map(({ decision }) => decision)).toEqual([
    { kind: 'remediate' },
    { kind: 'needs-review', problem: 'in-use' },
    { kind: 'needs-review', problem: 'usage-unknown' },
  ]);
  expect(counted.nonCompliant.map(({ usage }) => usage?.kind)).toEqual(['unused', 'in-use', undefined]);
});

test('marks an exemption that has expired or is wrong as overdue, whatever the setting for existing instances (4)', () => {
  for (const existing of ['audit', 'enforce'] as const) {
    const tags = ['2026-11-21', 'soon', '', '9999-12-31'].map((day) => ({ tags: until(day) }));
    const { nonCompliant } = inventory(existing, ...tags, {});
    expect(nonCompliant.map(({ overdue }) => overdue)).toEqual([
      { kind: 'expired', value: '2026-11-21' },
      { kind: 'malformed', value: 'soon' },
      { kind: 'malformed', value: '' },
      { kind: 'exceeds-maximum', value: '9999-12-31' },
      undefined,
    ]);
  }
});

test('needs review by what is known without a measurement', () => {
  const counted = new Inventory(scanned, policy({ existing: 'enforce-when-unused' }));
  counted.add(snapshot(), NOW, { kind: 'unused', hours: 336 });
  counted.add(snapshot(), NOW);
  expect(counted.nonCompliant.map(({ needsReview }) => needsReview)).toEqual([true, true]);
  expect(inventory('enforce', {}).nonCompliant.map(({ needsReview }) => needsReview)).toEqual([false]);
});

test('counts the age from the first launch, or from the last start if that is unknown', () => {
  const [first, start] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-11-01T00:00:00Z')];
  const { nonCompliant } = inventory(
    'audit',
    { firstLaunch: first, launchTime: start },
    { firstLaunch: undefined, launchTime: start },
    { firstLaunch: undefined, launchTime: undefined },
  );
  expect(nonCompliant.map(({ since }) => since)).toEqual([first, start, undefined]);
});

test.each([
  ['2026-11-22', true],
  ['2026-11-29', true],
  ['2026-11-30', false],
  ['2027-02-20', false],
  [undefined, false],
])('expiresSoon() of an exemption until %s is %p on 22 November', (day, soon) => {
  expect(expiresSoon({ verdict: { name: 'exempt', until: day } } as ListedInstance, NOW)).toBe(soon);
});
