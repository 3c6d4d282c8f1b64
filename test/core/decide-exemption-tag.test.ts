import { decide, type Decision } from '../../lambda/core/decide.ts';
import { context, existing, NOW, policy, snapshot, type SnapshotChange } from '../support/builders.ts';

type Row = readonly [title: string, given: SnapshotChange, decision: Decision];

const TERMINATED: Decision = { kind: 'skip', reason: 'terminated' };
const AWS_MANAGED: Decision = { kind: 'skip', reason: 'aws-managed' };
const UNREADABLE: Decision = { kind: 'needs-review', problem: 'unreadable' };
const ENDPOINT_DISABLED: Decision = { kind: 'skip', reason: 'endpoint-disabled' };
const COMPLIANT: Decision = { kind: 'skip', reason: 'compliant' };
const REMEDIATE: Decision = { kind: 'remediate' };
const EXISTING: Decision = { kind: 'needs-review', problem: 'existing-instance' };

const exemptUntil = (until: string, reason?: string) => ({
  'imdsv2:exempt-until': until,
  ...(reason === undefined ? {} : { 'imdsv2:exempt-reason': reason }),
});
const exempt = (until: string, grantReason?: string): Decision => ({
  kind: 'exempt',
  until,
  grantReason,
  selfGranted: false,
});
const malformed = (value: string): Decision => ({ kind: 'needs-review', problem: 'exemption-malformed', value });

describe('decide() when the exemption tag was set', () => {
  const granted = context({ trigger: 'grant' });
  const inDate: Decision = { ...exempt('2026-12-31', 'agent X'), selfGranted: true } as Decision;
  const tags = exemptUntil('2026-12-31', 'agent X');
  const beyond: Decision = { kind: 'needs-review', problem: 'exemption-exceeds-maximum', value: '2027-02-21' };
  const expired: Decision = { kind: 'needs-review', problem: 'exemption-expired', value: '2026-11-21' };

  const ROWS: readonly Row[] = [
    ['exempts, as self-granted', { tags }, inDate],
    ['exempts a compliant instance too', { tags, options: { HttpTokens: 'required' } }, inDate],
    ['exempts an instance with IMDS disabled too', { tags, options: { HttpEndpoint: 'disabled' } }, inDate],
    [
      'exempts until today',
      { tags: exemptUntil('2026-11-22') },
      { ...exempt('2026-11-22'), selfGranted: true } as Decision,
    ],
    ['asks for a review of a past date', { tags: exemptUntil('2026-11-21') }, expired],
    ['asks for a review of a value that is no date', { tags: exemptUntil('soon') }, malformed('soon')],
    ['asks for a review of a date that exceeds the maximum', { tags: exemptUntil('2027-02-21') }, beyond],
    ['asks for a review if the tag was removed again', {}, EXISTING],
    [
      'asks for a review of a past date on a compliant instance too',
      { tags: exemptUntil('2026-11-21'), options: { HttpTokens: 'required' } },
      { kind: 'needs-review', problem: 'exemption-expired', value: '2026-11-21' },
    ],
    [
      'asks for a review of a value that is no date on a compliant instance too',
      { tags: exemptUntil('soon'), options: { HttpTokens: 'required' } },
      malformed('soon'),
    ],
    [
      'asks for a review of a date that exceeds the maximum with IMDS disabled too',
      { tags: exemptUntil('2027-02-21'), options: { HttpEndpoint: 'disabled' } },
      beyond,
    ],
    ['skips a compliant instance if the tag was removed again', { options: { HttpTokens: 'required' } }, COMPLIANT],
    [
      'skips an instance with IMDS disabled if the tag was removed again',
      { options: { HttpEndpoint: 'disabled' } },
      ENDPOINT_DISABLED,
    ],
    ['skips a terminated instance', { tags, state: 'terminated' }, TERMINATED],
    ['skips an instance that an AWS service operates', { tags, awsManaged: true }, AWS_MANAGED],
    ['asks for a review of unreadable options', { tags, options: { HttpTokens: undefined } }, UNREADABLE],
  ];
  describe.each(['audit', 'enforce'] as const)('with existing=%s', (existing) => {
    test.each<Row>(ROWS)('%s', (_, given, decision) => {
      expect(decide(snapshot(given), granted, policy({ existing }), NOW)).toEqual(decision);
    });
  });

  test('never remediates, whatever options are recorded', () => {
    const recordedAsEnabled = context({
      trigger: 'grant',
      recorded: { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
    });
    expect(decide(snapshot(), recordedAsEnabled, policy({ existing: 'enforce' }), NOW)).toEqual(EXISTING);
  });
});

describe('decide() when the exemption tag was removed', () => {
  const revoked = context({ trigger: 'revoke' });
  const tags = exemptUntil('2026-12-31');
  test.each<Row>([
    ['remediates', {}, REMEDIATE],
    ['skips a compliant instance', { options: { HttpTokens: 'required' } }, COMPLIANT],
    ['skips an instance with IMDS disabled', { options: { HttpEndpoint: 'disabled' } }, ENDPOINT_DISABLED],
    ['exempts if the tag was set again, not as self-granted', { tags }, exempt('2026-12-31')],
    ['remediates if the tag was set again to a value that is no date', { tags: exemptUntil('soon') }, REMEDIATE],
    ['remediates if the tag was set again to a past date', { tags: exemptUntil('2026-11-21') }, REMEDIATE],
    ['skips a terminated instance', { state: 'terminated' }, TERMINATED],
    ['skips an instance that an AWS service operates', { awsManaged: true }, AWS_MANAGED],
  ])('%s', (_, given, decision) => {
    expect(decide(snapshot(given), revoked, policy(), NOW)).toEqual(decision);
    expect(decide(existing(given), revoked, policy(), NOW)).toEqual(decision);
  });
});
