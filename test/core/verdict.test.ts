import { FINDINGS, type Verdict, verdictOf, VERDICTS } from '../../lambda/core/verdict.ts';
import { existing, NOW, type SnapshotChange, snapshot } from '../support/builders.ts';

const REQUIRED = { HttpTokens: 'required' };
const until = (day: string, reason?: string): Readonly<Record<string, string>> => ({
  'imdsv2:exempt-until': day,
  ...(reason === undefined ? {} : { 'imdsv2:exempt-reason': reason }),
});

describe('an instance is', () => {
  test.each<readonly [string, SnapshotChange, Verdict | undefined]>([
    ['open, where IMDSv1 answers', {}, { name: 'non-compliant' }],
    ['open, stopped or not', { state: 'stopped' }, { name: 'non-compliant' }],
    ['open, its exemption being over', { tags: until('2026-11-21') }, { name: 'non-compliant' }],
    [
      'open, its exemption being nonsense',
      { tags: until('soon') },
      { name: 'non-compliant', problem: 'exemption-malformed', value: 'soon' },
    ],
    [
      'open, its exemption reaching too far',
      { tags: until('2027-02-21') },
      { name: 'non-compliant', problem: 'exemption-exceeds-maximum', value: '2027-02-21' },
    ],
    [
      'unreadable, where EC2 did not state the options',
      { options: { HttpTokens: undefined } },
      { name: 'unreadable', problem: 'unreadable' },
    ],
    [
      'exempt, with the day and the reason',
      { tags: until('2026-12-31', 'agent X') },
      { name: 'exempt', until: '2026-12-31', reason: 'agent X' },
    ],
    ['off, where nothing answers', { options: { HttpEndpoint: 'disabled' } }, { name: 'imds-off' }],
    ['a service’s own', { awsManaged: true }, { name: 'aws-managed' }],
    ['compliant', { options: REQUIRED }, { name: 'compliant' }],
    ['pending until the change has reached it', { options: { ...REQUIRED, State: 'pending' } }, { name: 'pending' }],
    ['compliant, if EC2 does not say pending', { options: { ...REQUIRED, State: undefined } }, { name: 'compliant' }],
    ['of no interest when it is going', { state: 'shutting-down' }, undefined],
    ['of no interest when it is gone', { state: 'terminated', options: REQUIRED }, undefined],
  ])('%s', (_, given, verdict) => {
    expect(verdictOf(snapshot(given), 90, NOW)).toEqual(verdict);
    expect(verdictOf(existing(given), 90, NOW)).toEqual(verdict);
  });
});

test('the horizon is the account’s', () => {
  const given = snapshot({ tags: until('2027-02-21') });
  expect(verdictOf(given, 91, NOW)).toEqual({ name: 'exempt', until: '2027-02-21' });
});

test('an auditor would write up what is open or cannot be read, and reports name the worst first', () => {
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
