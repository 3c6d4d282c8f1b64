import { TAG } from '../../lambda/contract.ts';
import type { Instance } from '../../sandbox/aws/ec2/instance.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, imdsv2, leaveAws, mutations, old } from '../support/cli.ts';
import { NOW } from '../support/builders.ts';

const CLOSED = { HttpTokens: 'required', HttpPutResponseHopLimit: 2, InstanceMetadataTags: 'enabled' };

let sandbox: Sandbox;
let instance: Instance;

beforeEach(async () => {
  sandbox = await sandboxOf({ startAt: NOW });
  instance = sandbox.fleet().add(old({ options: CLOSED }));
  enterAws(sandbox);
});
afterEach(stopAll);
afterAll(leaveAws);

const TYPED = ['--for', '14d', '--reason', 'agent X'];
const rollback = async (...args: readonly string[]) => imdsv2(['rollback', instance.id, ...args]);
const takeBack = () => `imdsv2 exempt revoke ${instance.id} --region us-east-1`;
const exemption = () => [instance.tags.get(TAG.exemptUntil), instance.tags.get(TAG.exemptReason)];
const policies = (...denied: readonly string[]) => {
  const policies = [
    { Effect: 'Allow', Action: '*', Resource: '*' } as const,
    { Effect: 'Deny', Action: denied, Resource: '*' } as const,
  ];
  sandbox.callers.add('AKIATEST', { arn: 'arn:aws:iam::111122223333:user/kim', policies });
};

it('writes both tags in one call, and then makes tokens optional and nothing else', async () => {
  const before = instance.options;

  const { exitCode, out } = await rollback(...TYPED, '--yes');

  expect(exitCode).toBe(0);
  expect(out).toEqual([
    `${instance.id} is exempt until 2026-12-06, and IMDSv1 is reachable on it again`,
    `To take it back: ${takeBack()}`,
  ]);
  expect(mutations(sandbox)).toEqual([
    'ModifyInstanceMetadataOptions DryRunOperation',
    'CreateTags ok',
    'ModifyInstanceMetadataOptions ok',
  ]);
  expect(instance.options).toEqual({ ...before, HttpTokens: 'optional' });
  expect(exemption()).toEqual(['2026-12-06', 'agent X']);
});

it('until a day, as JSON, after a question', async () => {
  const args = ['rollback', instance.id, '--for', '2026-12-31', '--reason', 'agent X', '--json'];
  const { exitCode, out, questions } = await imdsv2(args, { confirm: [true] });

  expect(exitCode).toBe(0);
  expect(questions).toEqual([`Exempt ${instance.id} in us-east-1 until 2026-12-31, then allow IMDSv1 on it?`]);
  expect(JSON.parse(out.join(''))).toMatchObject({
    instanceId: instance.id,
    until: '2026-12-31',
    status: 'allowed',
    after: { HttpTokens: 'optional', HttpPutResponseHopLimit: 2 },
  });
});

it('of an instance that is open only writes the exemption', async () => {
  instance.options = { ...instance.options, HttpTokens: 'optional' };

  const { exitCode, out } = await rollback(...TYPED, '--yes');

  expect(exitCode).toBe(0);
  expect(out[0]).toBe(`IMDSv1 was reachable on ${instance.id} already; it is exempt until 2026-12-06`);
  expect(mutations(sandbox)).toEqual(['CreateTags ok']);
});

describe('what cannot work is said beforehand, and changes nothing', () => {
  it.each<[string, () => void, RegExp]>([
    ['IMDS is off', () => (instance.options = { ...instance.options, HttpEndpoint: 'disabled' }), /IMDS is off on i-/],
    ['it is terminated', () => (instance.state = 'shutting-down'), /is terminated; nothing was changed$/],
    [
      'the account enforces tokens',
      () => setDefaults({ HttpTokensEnforced: 'enabled' }),
      /HttpTokensEnforced is enabled for the account in us-east-1 .*; nothing was changed$/,
    ],
    ['EC2 would refuse', () => policies('ec2:ModifyInstanceMetadataOptions'), /missing permission ec2:ModifyInst/],
    ['the defaults cannot be read', () => policies('ec2:GetInstance*'), /missing permission ec2:GetInstanceMeta/],
  ])('%s', async (_, given, said) => {
    given();

    const { exitCode, notes, out } = await rollback(...TYPED, '--yes');

    expect([exitCode, out, notes.length]).toEqual([1, [], 1]);
    expect(notes[0]).toMatch(said);
    expect(exemption()).toEqual([undefined, undefined]);
    expect(mutations(sandbox).filter((call) => /(Tags|Options) ok/.test(call))).toEqual([]);
  });

  it('an AWS service operates it', async () => {
    instance = sandbox.fleet().add(old({ operator: { principal: 'eks.amazonaws.com', hiddenByDefault: true } }));

    expect((await rollback(...TYPED, '--yes')).notes[0]).toContain('is operated by an AWS service');
    expect(mutations(sandbox)).toEqual([]);
  });

  it('EC2 does not show it', async () => {
    const { exitCode, notes } = await imdsv2(['rollback', 'i-0123456789abcdef0', ...TYPED, '--yes']);

    expect([exitCode, notes]).toEqual([
      1,
      ['imdsv2: EC2 shows no i-0123456789abcdef0 in us-east-1; nothing was changed'],
    ]);
  });
});

describe('bad input', () => {
  it.each([
    ['a period that is over', ['--for', '2026-11-21', '--reason', 'x'], '2026-11-21 is over; accepted: 1d to 90d'],
    ['beyond the horizon', ['--for', '91d', '--reason', 'x'], '2027-02-21 is too far away'],
    [
      'beyond a shorter horizon',
      ['--for', '31d', '--reason', 'x', '--max-exemption-days', '30'],
      'a day from 2026-11-22 to 2026-12-22',
    ],
    ['no day of the calendar', ['--for', '2026-02-30', '--reason', 'x'], '"2026-02-30" is no period and no date'],
    ['nonsense', ['--for', 'ever', '--reason', 'x'], '"ever" is no period and no date'],
    ['no period', ['--reason', 'x'], '--for is missing'],
    ['no reason', ['--for', '14d'], '--reason is missing'],
    ['an empty reason', ['--for', '14d', '--reason', '  '], '--reason is missing'],
    ['a reason that is too long', ['--for', '14d', '--reason', 'x'.repeat(257)], 'at most 256 characters'],
    ['a reason of two lines', ['--for', '14d', '--reason', 'a\nb'], 'one line'],
  ])('%s: one line and no call', async (_, args, said) => {
    const { exitCode, notes } = await rollback(...args, '--yes');

    expect([exitCode, notes.length]).toEqual([1, 1]);
    expect(notes[0]).toContain(said);
    expect(sandbox.calls.all()).toEqual([]);
  });

  it('an id that is none', async () => {
    expect((await imdsv2(['rollback', 'web-1', ...TYPED])).notes).toEqual([
      'imdsv2: "web-1" is not an instance id; accepted: ids such as i-0a1b2c3d4e5f60718',
    ]);
  });

  it('nobody answers', async () => {
    expect((await rollback(...TYPED)).notes).toEqual([
      'imdsv2: nobody is there to answer, and nothing was changed: give --yes',
    ]);
    expect(exemption()).toEqual([undefined, undefined]);
  });

  it('no', async () => {
    const { exitCode, notes } = await imdsv2(['rollback', instance.id, ...TYPED], { confirm: [false] });

    expect([exitCode, notes, exemption()]).toEqual([1, ['Nothing was changed.'], [undefined, undefined]]);
  });
});

it('the second step fails: says what was done and the line that takes it back', async () => {
  let tries = 0;
  // The first try is the dry run.
  sandbox.faults.resets = ({ action }) => {
    if (action === 'ModifyInstanceMetadataOptions' && ++tries === 1) setDefaults({ HttpTokensEnforced: 'enabled' });
    return undefined;
  };

  const { exitCode, notes, out } = await rollback(...TYPED, '--yes');

  expect([exitCode, out]).toEqual([1, []]);
  expect(notes[0]).toMatch(
    /^imdsv2: half of it was done \(UnsupportedOperation: You can't modify instances to use IMDSv1/,
  );
  expect(notes.slice(1)).toEqual([
    `  done:      ${instance.id} is exempt until 2026-12-06`,
    '  not done:  IMDSv1 is still not allowed on it; the same command again goes on',
    `  take the exemption back:  ${takeBack()}`,
  ]);
  expect(exemption()).toEqual(['2026-12-06', 'agent X']);
  expect(instance.options.HttpTokens).toBe('required');
});

it('the tags cannot be written: nothing was changed, and the permission is named', async () => {
  policies('ec2:CreateTags');

  const { exitCode, notes } = await rollback(...TYPED, '--yes');

  expect([exitCode, notes.length]).toEqual([1, 1]);
  expect(notes[0]).toContain('missing permission ec2:CreateTags');
  expect(instance.options.HttpTokens).toBe('required');
});

function setDefaults(change: object): void {
  const call = { service: 'ec2', action: 'ModifyInstanceMetadataDefaults', params: { ...change } };
  void sandbox.call(call);
}
