import { decide, type Decision } from '../../lambda/core/decide.ts';
import { context, existing, NOW, policy, snapshot, type SnapshotChange } from '../support/builders.ts';

type Row = readonly [rule: string, given: SnapshotChange, decision: Decision];

const TERMINATED: Decision = { kind: 'skip', reason: 'terminated' };
const AWS_MANAGED: Decision = { kind: 'skip', reason: 'aws-managed' };
const UNREADABLE: Decision = { kind: 'needs-review', problem: 'unreadable' };
const ENDPOINT_DISABLED: Decision = { kind: 'skip', reason: 'endpoint-disabled' };
const COMPLIANT: Decision = { kind: 'skip', reason: 'compliant' };
const CLOSED: Decision = { kind: 'skip', reason: 'already-remediated' };
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

describe('each row of the decision', () => {
  test.each<Row>([
    ['shutting down → skipped', { state: 'shutting-down' }, TERMINATED],
    ['terminated → skipped', { state: 'terminated' }, TERMINATED],
    ['pending → remediated', { state: 'pending' }, REMEDIATE],
    ['stopping → remediated', { state: 'stopping' }, REMEDIATE],
    ['stopped → remediated', { state: 'stopped' }, REMEDIATE],
    ['no state stated → remediated', { state: '' }, REMEDIATE],
    ['managed by an AWS service → skipped', { awsManaged: true }, AWS_MANAGED],
    ['no tokens stated → held', { options: { HttpTokens: undefined } }, UNREADABLE],
    ['no endpoint stated → held', { options: { HttpEndpoint: undefined } }, UNREADABLE],
    ['tokens of an unknown kind → held', { options: { HttpTokens: 'preferred' } }, UNREADABLE],
    ['an endpoint of an unknown kind → held', { options: { HttpEndpoint: 'limited' } }, UNREADABLE],
    ['another casing is not a value we know → held', { options: { HttpTokens: 'Optional' } }, UNREADABLE],
    ['IMDS off → left off', { options: { HttpEndpoint: 'disabled' } }, ENDPOINT_DISABLED],
    ['tokens required → compliant', { options: { HttpTokens: 'required' } }, COMPLIANT],
    ['a change that is still pending counts', { options: { HttpTokens: 'required', State: 'pending' } }, COMPLIANT],
    ['hop limit 2 is nobody’s business', { options: { HttpPutResponseHopLimit: 2 } }, REMEDIATE],
    ['IMDSv1 reachable → remediated', {}, REMEDIATE],
    ['launch times unknown on a launch → remediated', { launchTime: undefined, firstLaunch: undefined }, REMEDIATE],
  ])('%s', (_, given, decision) => {
    expect(decide(snapshot(given), unrecorded, policy(), NOW)).toEqual(decision);
  });
});

describe('where two rows apply, the earlier one wins', () => {
  const tags = exemptUntil('2026-12-31');
  const nonsense = exemptUntil('soon');
  test.each<Row>([
    ['terminated beats managed', { state: 'terminated', awsManaged: true }, TERMINATED],
    ['terminated beats unreadable', { state: 'terminated', options: { HttpTokens: undefined } }, TERMINATED],
    ['terminated beats compliant', { state: 'terminated', options: { HttpTokens: 'required' } }, TERMINATED],
    ['terminated beats a malformed exemption', { state: 'terminated', tags: nonsense }, TERMINATED],
    ['managed beats unreadable', { awsManaged: true, options: { HttpEndpoint: undefined } }, AWS_MANAGED],
    ['managed beats IMDS off', { awsManaged: true, options: { HttpEndpoint: 'disabled' } }, AWS_MANAGED],
    ['managed beats compliant', { awsManaged: true, options: { HttpTokens: 'required' } }, AWS_MANAGED],
    ['managed beats exempt', { awsManaged: true, tags }, AWS_MANAGED],
    ['unreadable tokens beat IMDS off', { options: { HttpEndpoint: 'disabled', HttpTokens: undefined } }, UNREADABLE],
    ['an unreadable endpoint beats required', { options: { HttpEndpoint: '', HttpTokens: 'required' } }, UNREADABLE],
    ['unreadable beats exempt', { options: { HttpTokens: undefined }, tags }, UNREADABLE],
    ['IMDS off beats required', { options: { HttpEndpoint: 'disabled', HttpTokens: 'required' } }, ENDPOINT_DISABLED],
    [
      'IMDS off beats a malformed exemption',
      { options: { HttpEndpoint: 'disabled' }, tags: nonsense },
      ENDPOINT_DISABLED,
    ],
    ['compliant beats exempt', { options: { HttpTokens: 'required' }, tags }, COMPLIANT],
    ['compliant beats a malformed exemption', { options: { HttpTokens: 'required' }, tags: nonsense }, COMPLIANT],
  ])('%s', (_, given, decision) => {
    expect(decide(snapshot(given), unrecorded, policy(), NOW)).toEqual(decision);
  });

  const started = context({ trigger: 'running' });
  test.each<Row>([
    ['terminated beats existing', { state: 'terminated' }, TERMINATED],
    ['compliant beats existing', { options: { HttpTokens: 'required' } }, COMPLIANT],
    ['exempt beats existing', { tags }, exempt('2026-12-31')],
    ['a malformed exemption beats existing', { tags: nonsense }, malformed('soon')],
  ])('%s', (_, given, decision) => {
    expect(decide(existing(given), started, policy(), NOW)).toEqual(decision);
  });
});

describe('exemption, seen at noon UTC of 2026-11-22', () => {
  test.each<Row>([
    ['until a later day → exempt', { tags: exemptUntil('2026-12-31') }, exempt('2026-12-31')],
    ['until today → exempt', { tags: exemptUntil('2026-11-22') }, exempt('2026-11-22')],
    ['until yesterday → remediated', { tags: exemptUntil('2026-11-21') }, REMEDIATE],
    ['up to the horizon of 90 days → exempt', { tags: exemptUntil('2027-02-20') }, exempt('2027-02-20')],
    [
      'a day beyond the horizon → held',
      { tags: exemptUntil('2027-02-21') },
      { kind: 'needs-review', problem: 'exemption-exceeds-maximum', value: '2027-02-21' },
    ],
    ['blanks around the day are forgiven', { tags: exemptUntil(' 2026-12-31\n') }, exempt('2026-12-31')],
    ['its reason is kept', { tags: exemptUntil('2026-12-31', 'old agent') }, exempt('2026-12-31', 'old agent')],
    ['a reason alone exempts nothing', { tags: { 'imdsv2:exempt-reason': 'because' } }, REMEDIATE],
    ['31 February → held', { tags: exemptUntil('2027-02-31') }, malformed('2027-02-31')],
    ['nonsense → held', { tags: exemptUntil('when done') }, malformed('when done')],
    ['empty → held', { tags: exemptUntil('') }, malformed('')],
    ['only blanks → held', { tags: exemptUntil('  ') }, malformed('  ')],
    ['another key is no exemption', { tags: { 'imdsv2:exempt-Until': '2026-12-31' } }, REMEDIATE],
  ])('%s', (_, given, decision) => {
    expect(decide(snapshot(given), unrecorded, policy(), NOW)).toEqual(decision);
  });

  test('set by the very call that launched it → self-granted', () => {
    const recorded = { HttpTokens: 'optional', HttpEndpoint: 'enabled', grantedByCall: true };
    const given = snapshot({ tags: exemptUntil('2026-12-31') });
    expect(decide(given, context({ recorded }), policy(), NOW)).toEqual({
      kind: 'exempt',
      until: '2026-12-31',
      grantReason: undefined,
      selfGranted: true,
    });
  });

  test('the horizon is the account’s', () => {
    const given = snapshot({ tags: exemptUntil('2026-11-24') });
    expect(decide(given, unrecorded, policy({ maxExemptionDays: 2 }), NOW)).toEqual(exempt('2026-11-24'));
    expect(decide(given, unrecorded, policy({ maxExemptionDays: 1 }), NOW)).toEqual({
      kind: 'needs-review',
      problem: 'exemption-exceeds-maximum',
      value: '2026-11-24',
    });
  });
});

describe('an instance that reached running', () => {
  const started = context({ trigger: 'running' });
  const launchTime = new Date('2026-11-22T11:59:00Z');
  const firstLaunch = (instant: string) => snapshot({ launchTime, firstLaunch: new Date(instant) });
  test.each<readonly [string, SnapshotChange, Decision]>([
    ['first launched with this start → remediated', { launchTime, firstLaunch: launchTime }, REMEDIATE],
    ['first launch unknown → held', { launchTime, firstLaunch: undefined }, EXISTING],
    ['this start unknown → held', { launchTime: undefined, firstLaunch: launchTime }, EXISTING],
  ])('%s', (_, given, decision) => {
    expect(decide(snapshot(given), started, policy(), NOW)).toEqual(decision);
  });

  test('first launched 15 minutes before this start → still a launch; a moment more → existing', () => {
    expect(decide(firstLaunch('2026-11-22T11:44:00.000Z'), started, policy(), NOW)).toEqual(REMEDIATE);
    expect(decide(firstLaunch('2026-11-22T11:43:59.999Z'), started, policy(), NOW)).toEqual(EXISTING);
  });

  test('existing=enforce treats an existing instance like a launch', () => {
    expect(decide(existing(), started, policy({ existing: 'enforce' }), NOW)).toEqual(REMEDIATE);
  });

  test.each(['launch', 'drift'] as const)('a %s of an older instance is not excused by its age', (trigger) => {
    expect(decide(existing(), context({ trigger }), policy(), NOW)).toEqual(REMEDIATE);
  });
});

describe('somebody set the exemption tag', () => {
  const granted = context({ trigger: 'grant' });
  const inDate: Decision = { ...exempt('2026-12-31', 'agent X'), selfGranted: true } as Decision;
  const tags = exemptUntil('2026-12-31', 'agent X');
  const beyond: Decision = { kind: 'needs-review', problem: 'exemption-exceeds-maximum', value: '2027-02-21' };
  const expired: Decision = { kind: 'needs-review', problem: 'exemption-expired', value: '2026-11-21' };

  const ROWS: readonly Row[] = [
    ['in date → exempt, by that very call', { tags }, inDate],
    ['in date, tokens required now → told all the same', { tags, options: { HttpTokens: 'required' } }, inDate],
    ['in date, IMDS off now → told all the same', { tags, options: { HttpEndpoint: 'disabled' } }, inDate],
    [
      'until today → exempt',
      { tags: exemptUntil('2026-11-22') },
      { ...exempt('2026-11-22'), selfGranted: true } as Decision,
    ],
    ['to a day that is over → held, not closed', { tags: exemptUntil('2026-11-21') }, expired],
    ['to what is no day → held', { tags: exemptUntil('soon') }, malformed('soon')],
    ['to a day beyond the horizon → held', { tags: exemptUntil('2027-02-21') }, beyond],
    ['and it is gone again → held, not closed', {}, EXISTING],
    [
      'a day that is over, tokens required → told all the same',
      { tags: exemptUntil('2026-11-21'), options: { HttpTokens: 'required' } },
      { kind: 'needs-review', problem: 'exemption-expired', value: '2026-11-21' },
    ],
    [
      'to what is no day, tokens required → told all the same',
      { tags: exemptUntil('soon'), options: { HttpTokens: 'required' } },
      malformed('soon'),
    ],
    [
      'to a day beyond the horizon, IMDS off → told all the same',
      { tags: exemptUntil('2027-02-21'), options: { HttpEndpoint: 'disabled' } },
      beyond,
    ],
    ['gone again, tokens required → compliant', { options: { HttpTokens: 'required' } }, COMPLIANT],
    ['gone again, IMDS off → left off', { options: { HttpEndpoint: 'disabled' } }, ENDPOINT_DISABLED],
    ['terminated → skipped', { tags, state: 'terminated' }, TERMINATED],
    ['managed by an AWS service → skipped', { tags, awsManaged: true }, AWS_MANAGED],
    ['options that cannot be read → held', { tags, options: { HttpTokens: undefined } }, UNREADABLE],
  ];
  describe.each(['audit', 'enforce'] as const)('existing=%s changes nothing about it', (existing) => {
    test.each<Row>(ROWS)('%s', (_, given, decision) => {
      expect(decide(snapshot(given), granted, policy({ existing }), NOW)).toEqual(decision);
    });
  });

  test('whatever the record of it says of options', () => {
    const context_ = context({ trigger: 'grant', recorded: { HttpTokens: 'optional', HttpEndpoint: 'enabled' } });
    expect(decide(snapshot(), context_, policy({ existing: 'enforce' }), NOW)).toEqual(EXISTING);
  });
});

describe('somebody removed the exemption tag', () => {
  const revoked = context({ trigger: 'revoke' });
  const tags = exemptUntil('2026-12-31');
  test.each<Row>([
    ['→ remediated', {}, REMEDIATE],
    ['tokens required → compliant', { options: { HttpTokens: 'required' } }, COMPLIANT],
    ['IMDS off → left off', { options: { HttpEndpoint: 'disabled' } }, ENDPOINT_DISABLED],
    ['and set it again → exempt, and not by that call', { tags }, exempt('2026-12-31')],
    ['and set it again to what is no day → held', { tags: exemptUntil('soon') }, malformed('soon')],
    ['and set it again to a day that is over → remediated', { tags: exemptUntil('2026-11-21') }, REMEDIATE],
    ['terminated → skipped', { state: 'terminated' }, TERMINATED],
    ['managed by an AWS service → skipped', { awsManaged: true }, AWS_MANAGED],
  ])('%s', (_, given, decision) => {
    expect(decide(snapshot(given), revoked, policy(), NOW)).toEqual(decision);
    expect(decide(existing(given), revoked, policy(), NOW)).toEqual(decision);
  });
});

describe('tokens are required now', () => {
  const compliant = snapshot({ options: { HttpTokens: 'required' } });
  test.each([
    ['the record says optional → closed', { HttpTokens: 'optional', HttpEndpoint: 'enabled' }, CLOSED],
    ['the record says optional and no more → closed', { HttpTokens: 'optional' }, CLOSED],
    ['the record says that IMDS was off → compliant', { HttpTokens: 'optional', HttpEndpoint: 'disabled' }, COMPLIANT],
    ['the record says required → compliant', { HttpTokens: 'required', HttpEndpoint: 'enabled' }, COMPLIANT],
    ['the record says only that IMDS was switched on → compliant', { HttpEndpoint: 'enabled' }, COMPLIANT],
    ['the record says nothing → compliant', undefined, COMPLIANT],
  ] as const)('%s', (_, recorded, decision) => {
    expect(decide(compliant, context({ recorded }), policy(), NOW)).toEqual(decision);
  });

  test.each(['shutting-down', 'terminated'])('closed and then %s → still told', (state) => {
    const dead = snapshot({ state, options: { HttpTokens: 'required' } });
    expect(decide(dead, context({ recorded: { HttpTokens: 'optional' } }), policy(), NOW)).toEqual(CLOSED);
  });

  test('IMDS switched off and then terminated → nothing to tell', () => {
    const dead = snapshot({ state: 'terminated', options: { HttpTokens: 'required', HttpEndpoint: 'disabled' } });
    expect(decide(dead, context({ recorded: { HttpTokens: 'optional' } }), policy(), NOW)).toEqual(TERMINATED);
  });

  test('terminated while it was open → nothing to tell', () => {
    const recorded = { HttpTokens: 'optional' };
    expect(decide(snapshot({ state: 'terminated' }), context({ recorded }), policy(), NOW)).toEqual(TERMINATED);
  });
});
