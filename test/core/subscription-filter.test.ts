import { passesUrgent } from '../../lambda/core/subscription-filter.ts';

const passes = (policy: unknown) =>
  passesUrgent(JSON.stringify(policy), { account: '111122223333', regions: ['eu-west-1', 'us-east-1'] });

it.each<readonly [object, boolean]>([
  [{}, true],
  [{ severity: ['HIGH', 'CRITICAL'] }, true],
  [{ severity: ['CRITICAL'] }, false],
  [{ severity: [{ 'anything-but': ['INFORMATIONAL', 'LOW'] }] }, true],
  [{ severity: [{ 'anything-but': 'HIGH' }] }, false],
  [{ severity: [{ exists: true }] }, true],
  [{ severity: [{ exists: false }] }, false],
  [{ status: ['remediated'] }, false],
  [{ status: [{ 'anything-but': 'skipped' }] }, true],
  [{ account: ['111122223333'], region: [{ prefix: 'eu-' }, { prefix: 'us-' }] }, true],
  [{ account: ['444455556666'] }, false],
  [{ region: ['eu-west-1'] }, false],
  [{ trigger: ['drift'] }, false],
  [{ unknown: ['x'] }, false],
])('%j lets every urgent alert pass: %s', (policy, expected) => {
  expect(passes(policy)).toBe(expected);
});

it('a text that is no policy does not', () => {
  expect(passesUrgent('x', { account: '', regions: [] })).toBe(false);
});
