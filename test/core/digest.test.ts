import { Inventory, endsSoon, type Named } from '../../lambda/core/digest.ts';
import { context, instanceId, NOW, policy, snapshot, type SnapshotChange } from '../support/builders.ts';

const scanned = context({ trigger: 'scan' });
const until = (day: string) => ({ 'imdsv2:exempt-until': day });

function inventory(
  existing: 'audit' | 'enforce' | 'enforce-when-unused',
  ...given: readonly SnapshotChange[]
): Inventory {
  const made = new Inventory(scanned, policy({ existing }));
  given.forEach((change, index) => made.add(snapshot({ instanceId: instanceId(index), ...change }), NOW));
  return made;
}

test('each instance counts once, as its verdict; the open, unreadable and exempt are named', () => {
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
    open: 2,
    unreadable: 1,
    exempt: 1,
    compliant: 1,
    pending: 1,
    'imds-off': 1,
    'aws-managed': 1,
  });
  expect(nonCompliant.map((named) => named.instanceId)).toEqual([0, 1, 3].map(instanceId));
  expect(exempt.map((named) => named.instanceId)).toEqual([instanceId(2)]);
});

test('the decision is that of the scan, with what was measured', () => {
  const made = new Inventory(scanned, policy({ existing: 'enforce-when-unused' }));
  made.add(snapshot(), NOW, { kind: 'unused', hours: 336 });
  made.add(snapshot(), NOW, { kind: 'in-use', count: 1, callsPerDay: 1, lastSeen: NOW });
  made.add(snapshot(), NOW);
  expect(made.nonCompliant.map(({ decision }) => decision)).toEqual([
    { kind: 'remediate' },
    { kind: 'needs-review', problem: 'in-use' },
    { kind: 'needs-review', problem: 'usage-unknown' },
  ]);
  expect(made.nonCompliant.map(({ usage }) => usage?.kind)).toEqual(['unused', 'in-use', undefined]);
});

test('an exemption that ended is overdue, whatever the account chose for existing instances', () => {
  for (const existing of ['audit', 'enforce'] as const) {
    const { nonCompliant } = inventory(existing, { tags: until('2026-11-21') }, {}, { tags: until('soon') });
    expect(nonCompliant.map(({ overdue }) => overdue)).toEqual(['2026-11-21', undefined, undefined]);
  }
});

test('since when it is open is since its first launch, as far as that is known', () => {
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
])('an exemption until %s, seen on 22 November, ends soon: %p', (day, soon) => {
  expect(endsSoon({ verdict: { name: 'exempt', until: day } } as Named, NOW)).toBe(soon);
});
