import { FINDINGS, type Verdict, verdictOf, VERDICTS } from '../../lambda/core/verdict.ts';
import { existing, NOW, type SnapshotChange, snapshot } from '../support/builders.ts';

const REQUIRED = { HttpTokens: 'required' };
const until = (day: string, reason?: string): Readonly<Record<string, string>> => ({
  'imdsv2:exempt-until': day,
  ...(reason === undefined ? {} : { 'imdsv2:exempt-reason': reason }),
});

describe('verdictOf()', () => {
  test.each<readonly [string, SnapshotChange, Verdict | undefined]>([
    ['is non-compliant with IMDSv1 enabled', {}, { name: 'non-compliant' }],
    ['is non-compliant if stopped', { state: 'stopped' }, { name: 'non-compliant' }],
    ['is non-compliant with an expired exemption', { tags: until('2026-11-21') }, { name: 'non-compliant' }],
    [
      'is non-compliant with a malformed exemption',
      { tags: until('soon') },
      { name: 'non-compliant', problem: 'exemption-malformed', value: 'soon' },
    ],
    [
      'is non-compliant with an exemption that exceeds the maximum',
      { tags: until('2027-02-21') },
      { name: 'non-compliant', problem: 'exemption-exceeds-maximum', value: '2027-02-21' },
    ],
    [
      'is unreadable if EC2 did not return the options',
      { options: { HttpTokens: undefined } },
      { name: 'unreadable', problem: 'unreadable' },
    ],
    [
      'is exempt, with date and reason',
      { tags: until('2026-12-31', 'agent X') },
      { name: 'exempt', until: '2026-12-31', reason: 'agent X' },
    ],
    ['is imds-off with IMDS disabled', { options: { HttpEndpoint: 'disabled' } }, { name: 'imds-off' }],
    ['is aws-managed if an AWS service operates it', { awsManaged: true }, { name: 'aws-managed' }],
    ['is compliant with IMDSv2 required', { options: REQUIRED }, { name: 'compliant' }],
    ['is pending until the change is applied', { options: { ...REQUIRED, State: 'pending' } }, { name: 'pending' }],
    [
      'is compliant if EC2 does not return a state',
      { options: { ...REQUIRED, State: undefined } },
      { name: 'compliant' },
    ],
    ['is undefined if shutting down', { state: 'shutting-down' }, undefined],
    ['is undefined if terminated', { state: 'terminated', options: REQUIRED }, undefined],
  ])('%s', (_, given, verdict) => {
    expect(verdictOf(snapshot(given), 90, NOW)).toEqual(verdict);
    expect(verdictOf(existing(given), 90, NOW)).toEqual(verdict);
  });
});

test('verdictOf() uses the maximum duration of the account', () => {
  const given = snapshot({ tags: until('2027-02-21') });
  expect(verdictOf(given, 91, NOW)).toEqual({ name: 'exempt', until: '2027-02-21' });
});

test('FINDINGS are non-compliant and unreadable, and VERDICTS start with the worst', () => {
  expect(FINDINGS).toEqual(['non-compliant', 'unreadable']);
  expect(VERDICTS).toEqual([
    'non-compliant',
    'unreadable',
    'pending',
    'exempt',
    'imds-off',
    'aws-managed',
    'compliant',
  ]);
});
