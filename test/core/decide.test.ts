import { decide, type Decision } from '../../lambda/core/decide.ts';
import { context, existing, NOW, policy, snapshot, type SnapshotChange } from '../support/builders.ts';

type Row = readonly [title: string, given: SnapshotChange, decision: Decision];

const TERMINATED: Decision = { kind: 'skip', reason: 'terminated' };
const AWS_MANAGED: Decision = { kind: 'skip', reason: 'aws-managed' };
const UNREADABLE: Decision = { kind: 'needs-review', problem: 'unreadable' };
const ENDPOINT_DISABLED: Decision = { kind: 'skip', reason: 'endpoint-disabled' };
const COMPLIANT: Decision = { kind: 'skip', reason: 'compliant' };
const ALREADY_REMEDIATED: Decision = { kind: 'skip', reason: 'already-remediated' };
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

const unrecorded = context({ recorded: undefined });

describe('decide() without an exemption', () => {
  test.each<Row>([
    ['skips an instance that is shutting down', { state: 'shutting-down' }, TERMINATED],
    ['skips a terminated instance', { state: 'terminated' }, TERMINATED],
    ['remediates a pending instance', { state: 'pending' }, REMEDIATE],
    ['remediates a stopping instance', { state: 'stopping' }, REMEDIATE],
    ['remediates a stopped instance', { state: 'stopped' }, REMEDIATE],
    ['remediates an instance without a state', { state: '' }, REMEDIATE],
    ['skips an instance that an AWS service operates', { awsManaged: true }, AWS_MANAGED],
    ['asks for a review without HttpTokens', { options: { HttpTokens: undefined } }, UNREADABLE],
    ['asks for a review without HttpEndpoint', { options: { HttpEndpoint: undefined } }, UNREADABLE],
    ['asks for a review of an unknown value of HttpTokens', { options: { HttpTokens: 'preferred' } }, UNREADABLE],
    ['asks for a review of an unknown value of HttpEndpoint', { options: { HttpEndpoint: 'limited' } }, UNREADABLE],
    ['asks for a review of a value in other letter case', { options: { HttpTokens: 'Optional' } }, UNREADABLE],
    ['skips an instance with IMDS disabled', { options: { HttpEndpoint: 'disabled' } }, ENDPOINT_DISABLED],
    ['skips a compliant instance', { options: { HttpTokens: 'required' } }, COMPLIANT],
    [
      'skips a compliant instance while the change is pending',
      { options: { HttpTokens: 'required', State: 'pending' } },
      COMPLIANT,
    ],
    ['remediates whatever the hop limit is', { options: { HttpPutResponseHopLimit: 2 } }, REMEDIATE],
    ['remediates an instance with IMDSv1 enabled', {}, REMEDIATE],
    ['remediates a launch whose last start is unknown', { launchTime: undefined }, REMEDIATE],
    ['asks for a review of a launch whose first launch is unknown', { firstLaunch: undefined }, EXISTING],
  ])('%s', (_, given, decision) => {
    expect(decide(snapshot(given), unrecorded, policy(), NOW)).toEqual(decision);
  });
});

describe('decide() where two rows apply takes the first:', () => {
  const tags = exemptUntil('2026-12-31');
  const malformedTag = exemptUntil('soon');
  test.each<Row>([
    ['terminated before AWS-managed', { state: 'terminated', awsManaged: true }, TERMINATED],
    ['terminated before unreadable', { state: 'terminated', options: { HttpTokens: undefined } }, TERMINATED],
    ['terminated before compliant', { state: 'terminated', options: { HttpTokens: 'required' } }, TERMINATED],
    ['terminated before a malformed exemption', { state: 'terminated', tags: malformedTag }, TERMINATED],
    ['AWS-managed before unreadable', { awsManaged: true, options: { HttpEndpoint: undefined } }, AWS_MANAGED],
    ['AWS-managed before IMDS disabled', { awsManaged: true, options: { HttpEndpoint: 'disabled' } }, AWS_MANAGED],
    ['AWS-managed before compliant', { awsManaged: true, options: { HttpTokens: 'required' } }, AWS_MANAGED],
    ['AWS-managed before exempt', { awsManaged: true, tags }, AWS_MANAGED],
    [
      'unreadable tokens before IMDS disabled',
      { options: { HttpEndpoint: 'disabled', HttpTokens: undefined } },
      UNREADABLE,
    ],
    ['an unreadable endpoint before compliant', { options: { HttpEndpoint: '', HttpTokens: 'required' } }, UNREADABLE],
    ['unreadable before exempt', { options: { HttpTokens: undefined }, tags }, UNREADABLE],
    [
      'IMDS disabled before compliant',
      { options: { HttpEndpoint: 'disabled', HttpTokens: 'required' } },
      ENDPOINT_DISABLED,
    ],
    [
      'IMDS disabled before a malformed exemption',
      { options: { HttpEndpoint: 'disabled' }, tags: malformedTag },
      ENDPOINT_DISABLED,
    ],
    ['compliant before exempt', { options: { HttpTokens: 'required' }, tags }, COMPLIANT],
    ['compliant before a malformed exemption', { options: { HttpTokens: 'required' }, tags: malformedTag }, COMPLIANT],
  ])('%s', (_, given, decision) => {
    expect(decide(snapshot(given), unrecorded, policy(), NOW)).toEqual(decision);
  });

  const started = context({ trigger: 'running' });
  test.each<Row>([
    ['terminated before existing', { state: 'terminated' }, TERMINATED],
    ['compliant before existing', { options: { HttpTokens: 'required' } }, COMPLIANT],
    ['exempt before existing', { tags }, exempt('2026-12-31')],
    ['a malformed exemption is no exemption', { tags: malformedTag }, EXISTING],
  ])('%s', (_, given, decision) => {
    expect(decide(existing(given), started, policy(), NOW)).toEqual(decision);
  });
});

describe('decide() with an exemption, at noon UTC of 2026-11-22', () => {
  test.each<Row>([
    ['exempts until a later day', { tags: exemptUntil('2026-12-31') }, exempt('2026-12-31')],
    ['exempts until today', { tags: exemptUntil('2026-11-22') }, exempt('2026-11-22')],
    ['remediates if the exemption expired yesterday', { tags: exemptUntil('2026-11-21') }, REMEDIATE],
    ['exempts for the maximum of 90 days', { tags: exemptUntil('2027-02-20') }, exempt('2027-02-20')],
    [
      'asks for a review of an exemption that exceeds the maximum by a day',
      { tags: exemptUntil('2027-02-21') },
      { kind: 'needs-review', problem: 'exemption-exceeds-maximum', value: '2027-02-21' },
    ],
    ['ignores blanks around the date', { tags: exemptUntil(' 2026-12-31\n') }, exempt('2026-12-31')],
    [
      'returns the reason of the exemption',
      { tags: exemptUntil('2026-12-31', 'old agent') },
      exempt('2026-12-31', 'old agent'),
    ],
    ['remediates if only the reason tag is set', { tags: { 'imdsv2:exempt-reason': 'because' } }, REMEDIATE],
    ['asks for a review of 31 February', { tags: exemptUntil('2027-02-31') }, malformed('2027-02-31')],
    ['asks for a review of a value that is no date', { tags: exemptUntil('when done') }, malformed('when done')],
    ['asks for a review of an empty value', { tags: exemptUntil('') }, malformed('')],
    ['asks for a review of a blank value', { tags: exemptUntil('  ') }, malformed('  ')],
    ['remediates if the tag key differs in letter case', { tags: { 'imdsv2:exempt-Until': '2026-12-31' } }, REMEDIATE],
  ])('%s', (_, given, decision) => {
    expect(decide(snapshot(given), unrecorded, policy(), NOW)).toEqual(decision);
  });

  test('marks an exemption that the launch itself set as self-granted', () => {
    const recorded = { HttpTokens: 'optional', HttpEndpoint: 'enabled', grantedByCall: true };
    const given = snapshot({ tags: exemptUntil('2026-12-31') });
    expect(decide(given, context({ recorded }), policy(), NOW)).toEqual({
      kind: 'exempt',
      until: '2026-12-31',
      grantReason: undefined,
      selfGranted: true,
    });
  });

  test('uses the maximum duration of the account', () => {
    const given = snapshot({ tags: exemptUntil('2026-11-24') });
    expect(decide(given, unrecorded, policy({ maxExemptionDays: 2 }), NOW)).toEqual(exempt('2026-11-24'));
    expect(decide(given, unrecorded, policy({ maxExemptionDays: 1 }), NOW)).toEqual({
      kind: 'needs-review',
      problem: 'exemption-exceeds-maximum',
      value: '2026-11-24',
    });
  });
});

describe('decide() on a running-state event', () => {
  const started = context({ trigger: 'running', occurredAt: new Date('2026-11-22T11:59:00Z') });
  const firstLaunch = (instant: string) => snapshot({ firstLaunch: new Date(instant) });
  test('remediates on the first start, and asks for a review if the first launch is unknown', () => {
    expect(decide(snapshot(), started, policy(), NOW)).toEqual(REMEDIATE);
    expect(decide(snapshot({ firstLaunch: undefined }), started, policy(), NOW)).toEqual(EXISTING);
  });

  test('treats a start within 15 minutes of the first launch as a launch, and a later one as existing', () => {
    expect(decide(firstLaunch('2026-11-22T11:44:00.000Z'), started, policy(), NOW)).toEqual(REMEDIATE);
    expect(decide(firstLaunch('2026-11-22T11:43:59.999Z'), started, policy(), NOW)).toEqual(EXISTING);
  });

  test('remediates an existing instance with existing=enforce', () => {
    expect(decide(existing(), started, policy({ existing: 'enforce' }), NOW)).toEqual(REMEDIATE);
  });

  test('remediates an older instance on drift', () => {
    expect(decide(existing(), context({ trigger: 'drift' }), policy(), NOW)).toEqual(REMEDIATE);
  });
});

describe('decide() on a compliant instance', () => {
  const compliant = snapshot({ options: { HttpTokens: 'required' } });
  test.each([
    [
      'reports it as already remediated if the record says optional',
      { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
      ALREADY_REMEDIATED,
    ],
    [
      'reports it as already remediated if the record says optional and nothing else',
      { HttpTokens: 'optional' },
      ALREADY_REMEDIATED,
    ],
    [
      'reports it as compliant if the record says that IMDS was disabled',
      { HttpTokens: 'optional', HttpEndpoint: 'disabled' },
      COMPLIANT,
    ],
    [
      'reports it as compliant if the record says required',
      { HttpTokens: 'required', HttpEndpoint: 'enabled' },
      COMPLIANT,
    ],
    ['reports it as compliant if the record only says that IMDS was enabled', { HttpEndpoint: 'enabled' }, COMPLIANT],
    ['reports it as compliant without a record', undefined, COMPLIANT],
  ] as const)('%s', (_, recorded, decision) => {
    expect(decide(compliant, context({ recorded }), policy(), NOW)).toEqual(decision);
  });

  test.each(['shutting-down', 'terminated'])('reports it as already remediated if it is %s too', (state) => {
    const terminated = snapshot({ state, options: { HttpTokens: 'required' } });
    expect(decide(terminated, context({ recorded: { HttpTokens: 'optional' } }), policy(), NOW)).toEqual(
      ALREADY_REMEDIATED,
    );
  });

  test('skips it if IMDS was disabled and it is terminated', () => {
    const terminated = snapshot({ state: 'terminated', options: { HttpTokens: 'required', HttpEndpoint: 'disabled' } });
    expect(decide(terminated, context({ recorded: { HttpTokens: 'optional' } }), policy(), NOW)).toEqual(TERMINATED);
  });

  test('skips a non-compliant instance that is terminated', () => {
    const recorded = { HttpTokens: 'optional' };
    expect(decide(snapshot({ state: 'terminated' }), context({ recorded }), policy(), NOW)).toEqual(TERMINATED);
  });
});
