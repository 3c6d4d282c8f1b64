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

/** The listed instances that are non-compliant or unreadable, by reason. */
const listed = ({ nonCompliant }: Inventory) => [...nonCompliant.values()].flatMap(({ first }) => first);

test('counts each instance by its verdict, and lists the non-compliant and unreadable ones by reason', () => {
  const counted = inventory(
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
  expect(counted.compliance.counts).toEqual({
    'non-compliant': 2,
    unreadable: 1,
    exempt: 1,
    compliant: 1,
    pending: 1,
    'imds-off': 1,
    'aws-managed': 1,
  });
  expect([...counted.nonCompliant].map(([reason, { first }]) => [reason, first[0]?.instanceId])).toEqual([
    ['existing-instance', instanceId(0)],
    ['unreadable', instanceId(1)],
  ]);
});

test('decides like the scan, with the measured usage', () => {
  const counted = new Inventory(scanned, policy({ existing: 'enforce-when-unused' }));
  counted.add(snapshot(), NOW, { kind: 'unused', hours: 336 });
  counted.add(snapshot(), NOW, { kind: 'in-use', count: 1, callsPerDay: 1, lastSeen: NOW });
  counted.add(snapshot(), NOW);
  expect(listed(counted).map(({ decision }) => decision)).toEqual([
    { kind: 'remediate' },
    { kind: 'needs-review', problem: 'in-use' },
    { kind: 'needs-review', problem: 'usage-unknown' },
  ]);
  expect(listed(counted).map(({ usage }) => usage?.kind)).toEqual(['unused', 'in-use', undefined]);
});

test('marks an exemption that has expired or is wrong as overdue, whatever the setting for existing instances (4)', () => {
  for (const existing of ['audit', 'enforce'] as const) {
    const tags = ['2026-11-21', 'soon', '', '9999-12-31'].map((day) => ({ tags: until(day) }));
    const counted = inventory(existing, ...tags, {});
    expect(listed(counted).map(({ overdue }) => overdue)).toEqual([
      { kind: 'expired', value: '2026-11-21' },
      { kind: 'malformed', value: 'soon' },
      { kind: 'malformed', value: '' },
      { kind: 'exceeds-maximum', value: '9999-12-31' },
      undefined,
    ]);
    expect(counted.overdue).toMatchObject({
      total: 4,
      first: [0, 1, 2, 3].map((id) => ({ instanceId: instanceId(id) })),
    });
  }
});

test('needs review by what is known without a measurement', () => {
  const counted = new Inventory(scanned, policy({ existing: 'enforce-when-unused' }));
  counted.add(snapshot(), NOW, { kind: 'unused', hours: 336 });
  counted.add(snapshot(), NOW);
  expect(counted.needsReview).toBe(2);
  expect(inventory('enforce', {}).needsReview).toBe(0);
});

test('counts the age from the first launch, or from the last start if that is unknown', () => {
  const [first, start] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-11-01T00:00:00Z')];
  const counted = inventory(
    'audit',
    { firstLaunch: undefined, launchTime: undefined },
    { firstLaunch: undefined, launchTime: start },
    { firstLaunch: first, launchTime: start },
    { firstLaunch: start, launchTime: start },
  );
  expect(listed(counted).map(({ since }) => since)).toEqual([undefined, start, first, start]);
  expect(counted.oldest).toEqual(first);
});

test('the oldest instance is one with IMDSv1 enabled, neither exempt nor unreadable', () => {
  const [first, second] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-02-01T00:00:00Z')];
  const counted = inventory(
    'audit',
    { firstLaunch: first, tags: until('2026-12-31') },
    { firstLaunch: first, options: { HttpTokens: undefined } },
    { firstLaunch: first, options: { HttpTokens: 'required' } },
    { firstLaunch: second },
  );
  expect(counted.oldest).toEqual(second);
  expect(inventory('audit', { options: { HttpTokens: 'required' } }).oldest).toBeUndefined();
});

test('keeps the first 50 instances of each list, and the number of all', () => {
  const counted = inventory(
    'audit',
    ...Array.from({ length: 51 }, () => ({ tags: until('2026-11-21') })),
    ...Array.from({ length: 52 }, () => ({ tags: until('2026-11-23') })),
    ...Array.from({ length: 53 }, () => ({ tags: until('2026-12-31') })),
  );
  const { nonCompliant, overdue, expiring } = counted;
  expect([...nonCompliant.values(), overdue, expiring].map(({ total, first }) => [total, first.length])).toEqual([
    [51, 50],
    [51, 50],
    [52, 50],
  ]);
  expect(overdue.first.map((instance) => instance.instanceId)).toEqual(
    Array.from({ length: 50 }, (_, index) => instanceId(index)),
  );
  expect(counted.compliance.counts.exempt).toBe(105);
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
