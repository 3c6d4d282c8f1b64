import { section } from '../../lambda/core/email.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { existing, outcome, snapshot, target } from '../support/builders.ts';

const DIRECT = 'launched directly (no Auto Scaling, CloudFormation, EKS or Beanstalk tag)';

const lines = (over: Partial<Outcome>, maxExemptionDays = 90): string[] =>
  section(outcome(over), { maxExemptionDays }).split('\n');

/** The labels of a section, in order. Commands have no label. */
const labels = (over: Partial<Outcome>): string[] => lines(over).flatMap((line) => /^ {2}(\w+) /.exec(line)?.[1] ?? []);

const line = (over: Partial<Outcome>, label: string): string | undefined =>
  lines(over)
    .find((text) => text.startsWith(`  ${label} `))
    ?.slice(11);

describe('the section about an exemption that was set', () => {
  const granted = {
    status: 'exempt',
    reason: 'exempt-self-granted',
    target: target({ trigger: 'grant', occurredAt: new Date('2026-11-22T11:59:50Z') }),
    snapshot: existing({ options: { HttpTokens: 'required' }, tags: { 'imdsv2:exempt-until': '2026-12-31' } }),
    detail: '2026-12-31: agent X',
  } as const;

  test('has the caller, the date, the reason and how to revoke it', () => {
    expect(lines(granted)).toEqual([
      'i-0a1b2c3d4e5f60718: EXEMPT (MEDIUM)',
      '  what     The exemption tag was set. Until that date the instance is not remediated, whether or not IMDSv1 is enabled. Check that it was approved.',
      '  detail   2026-12-31: agent X',
      '  options  HttpTokens required, HttpEndpoint enabled, HttpPutResponseHopLimit 1',
      '  who      arn:aws:sts::111122223333:assumed-role/deployer/kim, from 198.51.100.23, with aws-cli/2.31.0',
      '  when     launched 2026-11-22T11:59:20Z; exemption set 2026-11-22T11:59:50Z; checked 2026-11-22T12:00:00Z',
      `  source   ${DIRECT}`,
      '  revoke   Revokes the exemption. Unless in audit mode, the instance then requires IMDSv2 within minutes.',
      '             aws ec2 delete-tags --region eu-west-1 --resources i-0a1b2c3d4e5f60718 --tags Key=imdsv2:exempt-until',
    ]);
  });

  test('until a past date shows how to revoke it, and does not advise to change the launch source', () => {
    const unchanged = {
      ...granted,
      status: 'needs-review',
      reason: 'exemption-expired',
      detail: '2026-11-21',
    } as const;
    expect(lines(unchanged)[0]).toBe('i-0a1b2c3d4e5f60718: NEEDS-REVIEW (HIGH)');
    expect(labels(unchanged)).toEqual(['what', 'detail', 'options', 'who', 'when', 'source', 'revoke']);
  });

  test('and removed again does not show how to revoke it', () => {
    const unchanged = {
      ...granted,
      status: 'needs-review',
      reason: 'existing-instance',
      snapshot: snapshot(),
    } as const;
    expect(labels({ ...unchanged, detail: undefined })).toEqual(['what', 'options', 'who', 'when', 'source']);
  });

  test('on an instance that could not be read does not show how to revoke it', () => {
    const failed = { ...granted, status: 'failed', reason: 'denied', snapshot: undefined, detail: undefined } as const;
    expect(labels(failed)).toEqual(['what', 'options', 'who', 'when', 'source']);
  });

  test('earlier does not show how to revoke it', () => {
    expect(labels({ ...granted, target: target() })).not.toContain('revoke');
  });
});

describe('the section about an exemption that was removed', () => {
  const revoked = {
    target: target({ trigger: 'revoke', occurredAt: new Date('2026-11-22T11:59:50Z') }),
    snapshot: existing(),
    exposedSeconds: 10,
  };

  test('has the caller, the time until the remediation and how to undo it', () => {
    expect(lines(revoked)[0]).toBe('i-0a1b2c3d4e5f60718: REMEDIATED (MEDIUM)');
    expect(line(revoked, 'who')).toContain('assumed-role/deployer/kim');
    expect(line(revoked, 'when')).toBe(
      'launched 2026-11-22T11:59:20Z; exemption removed 2026-11-22T11:59:50Z; remediated 10 s later, 2026-11-22T12:00:00Z',
    );
    expect(labels(revoked)).toEqual(['what', 'options', 'who', 'when', 'source', 'prevent', 'undo']);
  });

  test('says that all tags were removed if the call named none', () => {
    const allTagsRemoved = target({ ...revoked.target.context, recorded: { allTags: true } });
    const unchanged = {
      ...revoked,
      target: allTagsRemoved,
      status: 'needs-review',
      reason: 'existing-instance',
    } as const;
    expect(line({ ...unchanged, exposedSeconds: undefined }, 'when')).toMatch(
      /; all tags removed 2026-11-22T11:59:50Z; checked /,
    );
  });

  test('has the time of the check in audit mode', () => {
    expect(line({ ...revoked, status: 'would-remediate', exposedSeconds: undefined }, 'when')).toMatch(
      /exemption removed 2026-11-22T11:59:50Z; checked 2026-11-22T12:00:00Z$/,
    );
  });
});
