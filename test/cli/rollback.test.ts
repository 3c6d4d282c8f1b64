import { TAG } from '../../lambda/contract.ts';
import type { Instance } from '../../sandbox/aws/ec2/instance.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, imdsv2, leaveAws, mutations, old } from '../support/cli.ts';
import { NOW } from '../support/builders.ts';

const IMDSV2 = { HttpTokens: 'required', HttpPutResponseHopLimit: 2, InstanceMetadataTags: 'enabled' };

let sandbox: Sandbox;
let instance: Instance;

beforeEach(async () => {
  sandbox = await sandboxOf({ startAt: NOW });
  instance = sandbox.fleet().add(old({ options: IMDSV2 }));
  enterAws(sandbox);
});
afterEach(stopAll);
afterAll(leaveAws);

const OPTIONS = ['--for', '14d', '--reason', 'agent X'];
const rollback = async (...args: readonly string[]) => imdsv2(['rollback', instance.id, ...args]);
const undoCommand = () => `imdsv2 exempt revoke ${instance.id} --region us-east-1`;
const exemption = () => [instance.tags.get(TAG.exemptUntil), instance.tags.get(TAG.exemptReason)];
const deny = (...denied: readonly string[]) => {
  const policies = [
    { Effect: 'Allow', Action: '*', Resource: '*' } as const,
    { Effect: 'Deny', Action: denied, Resource: '*' } as const,
  ];
  sandbox.callers.add('AKIATEST', { arn: 'arn:aws:iam::111122223333:user/kim', policies });
};

it('sets both tags in one call, then HttpTokens=optional, and nothing else', async () => {
  const before = instance.options;

  const { exitCode, out } = await rollback(...OPTIONS, '--yes');

  expect(exitCode).toBe(0);
  expect(out).toEqual([
    `${instance.id} in us-east-1 is exempt until 2026-12-06, and IMDSv1 is enabled again`,
    `To undo: ${undoCommand()}`,
  ]);
  expect(mutations(sandbox)).toEqual([
    'ModifyInstanceMetadataOptions DryRunOperation',
    'CreateTags ok',
    'ModifyInstanceMetadataOptions ok',
  ]);
  expect(instance.options).toEqual({ ...before, HttpTokens: 'optional' });
  expect(exemption()).toEqual(['2026-12-06', 'agent X']);
});

it('asks first, and prints JSON', async () => {
  const args = ['rollback', instance.id, '--for', '2026-12-31', '--reason', 'agent X', '--json'];
  const { exitCode, out, questions } = await imdsv2(args, { confirm: [true] });

  expect(exitCode).toBe(0);
  expect(questions).toEqual([`Exempt ${instance.id} in us-east-1 until 2026-12-31, then enable IMDSv1?`]);
  expect(JSON.parse(out.join(''))).toMatchObject({
    until: '2026-12-31',
    instances: [
      {
        instanceId: instance.id,
        status: 'allowed',
        after: { HttpTokens: 'optional', HttpPutResponseHopLimit: 2 },
      },
    ],
  });
});

it('only sets the exemption if IMDSv1 is enabled already', async () => {
  instance.options = { ...instance.options, HttpTokens: 'optional' };

  const { exitCode, out } = await rollback(...OPTIONS, '--yes');

  expect(exitCode).toBe(0);
  expect(out[0]).toBe(`${instance.id} in us-east-1 is exempt until 2026-12-06; IMDSv1 was already enabled`);
  expect(mutations(sandbox)).toEqual(['CreateTags ok']);
});

describe('changes nothing if', () => {
  it.each<[string, () => void, RegExp]>([
    [
      'IMDS is disabled',
      () => (instance.options = { ...instance.options, HttpEndpoint: 'disabled' }),
      /IMDS is disabled on i-/,
    ],
    ['the instance is terminated', () => (instance.state = 'shutting-down'), /is terminated; nothing was changed$/],
    [
      'the account enforces IMDSv2',
      () => setDefaults({ HttpTokensEnforced: 'enabled' }),
      /HttpTokensEnforced is enabled for the account in us-east-1; .*; nothing was changed$/,
    ],
    ['EC2 would refuse', () => deny('ec2:ModifyInstanceMetadataOptions'), /missing permission ec2:ModifyInst/],
  ])('%s', async (_, arrange, problem) => {
    arrange();

    const { exitCode, notes, out } = await rollback(...OPTIONS, '--yes');

    expect([exitCode, out, notes.length]).toEqual([1, [], 1]);
    expect(notes[0]).toMatch(problem);
    expect(exemption()).toEqual([undefined, undefined]);
    expect(mutations(sandbox).filter((call) => /(Tags|Options) ok/.test(call))).toEqual([]);
  });

  it('the instance is managed by an AWS service', async () => {
    instance = sandbox.fleet().add(old({ operator: { principal: 'eks.amazonaws.com', hiddenByDefault: true } }));

    expect((await rollback(...OPTIONS, '--yes')).notes[0]).toContain('is managed by an AWS service');
    expect(mutations(sandbox)).toEqual([]);
  });

  it('the instance is not found', async () => {
    const { exitCode, notes } = await imdsv2(['rollback', 'i-0123456789abcdef0', ...OPTIONS, '--yes']);

    expect([exitCode, notes]).toEqual([
      1,
      ['imdsv2: instance i-0123456789abcdef0 not found in us-east-1; nothing was changed'],
    ]);
  });
});

describe('invalid input', () => {
  it.each([
    ['a date in the past', ['--for', '2026-11-21', '--reason', 'x'], '2026-11-21 is in the past; accepted: 1d to 90d'],
    [
      'more than the maximum duration',
      ['--for', '91d', '--reason', 'x'],
      '2027-02-21 exceeds the maximum exemption duration',
    ],
    [
      'more than a shorter maximum duration',
      ['--for', '31d', '--reason', 'x', '--max-exemption-days', '30'],
      'a date from 2026-11-22 to 2026-12-22',
    ],
    [
      'a date that does not exist',
      ['--for', '2026-02-30', '--reason', 'x'],
      '"2026-02-30" is not a duration or a date',
    ],
    ['a word', ['--for', 'ever', '--reason', 'x'], '"ever" is not a duration or a date'],
    ['no duration', ['--reason', 'x'], '--for is missing'],
    ['no reason', ['--for', '14d'], '--reason is missing'],
    ['an empty reason', ['--for', '14d', '--reason', '  '], '--reason is missing'],
    ['a reason that is too long', ['--for', '14d', '--reason', 'x'.repeat(257)], 'at most 256 characters'],
    ['a reason of two lines', ['--for', '14d', '--reason', 'a\nb'], 'one line'],
  ])('%s is refused in one line, without a call', async (_, args, problem) => {
    const { exitCode, notes } = await rollback(...args, '--yes');

    expect([exitCode, notes.length]).toEqual([1, 1]);
    expect(notes[0]).toContain(problem);
    expect(sandbox.calls.all()).toEqual([]);
  });

  it('an invalid id', async () => {
    expect((await imdsv2(['rollback', 'web-1', ...OPTIONS])).notes).toEqual([
      'imdsv2: "web-1" is not an instance id; accepted: ids such as i-0a1b2c3d4e5f60718',
    ]);
  });

  it('no terminal', async () => {
    expect((await rollback(...OPTIONS)).notes).toEqual([
      'imdsv2: Not a terminal, cannot prompt. Nothing was changed. Re-run with --yes.',
    ]);
    expect(exemption()).toEqual([undefined, undefined]);
  });

  it('the answer no', async () => {
    const { exitCode, notes } = await imdsv2(['rollback', instance.id, ...OPTIONS], { confirm: [false] });

    expect([exitCode, notes, exemption()]).toEqual([1, ['Nothing was changed.'], [undefined, undefined]]);
  });
});

it('prints what was done and how to undo it if the second step fails', async () => {
  let attempts = 0;
  // The first attempt is the dry run.
  sandbox.faults.resets = ({ action }) => {
    if (action === 'ModifyInstanceMetadataOptions' && ++attempts === 1) setDefaults({ HttpTokensEnforced: 'enabled' });
    return undefined;
  };

  const { exitCode, notes, out } = await rollback(...OPTIONS, '--yes');

  expect([exitCode, out]).toEqual([1, []]);
  expect(notes[0]).toMatch(
    /^imdsv2: the rollback of i-\w+ in us-east-1 is incomplete: UnsupportedOperation: You can't set httpTokens to 'optional'/,
  );
  expect(notes.slice(1)).toEqual([
    `  done:      ${instance.id} in us-east-1 is exempt until 2026-12-06`,
    '  not done:  IMDSv1 is not enabled; run the same command again to continue',
    `  to undo:   ${undoCommand()}`,
  ]);
  expect(exemption()).toEqual(['2026-12-06', 'agent X']);
  expect(instance.options.HttpTokens).toBe('required');
});

it('does without the account defaults, which only forecast what EC2 refuses', async () => {
  deny('ec2:GetInstanceMetadataDefaults');

  const { exitCode, notes } = await rollback(...OPTIONS, '--yes');

  expect([exitCode, instance.options.HttpTokens]).toEqual([0, 'optional']);
  expect(notes[0]).toMatch(
    /^Whether HttpTokensEnforced prevents a rollback in us-east-1 is not visible from here: missing permission ec2:GetInstanceMeta/,
  );
});

it('changes nothing if the tags cannot be set', async () => {
  deny('ec2:CreateTags');

  const { exitCode, notes } = await rollback(...OPTIONS, '--yes');

  expect([exitCode, notes.length]).toEqual([1, 1]);
  expect(notes[0]).toContain('missing permission ec2:CreateTags');
  expect(instance.options.HttpTokens).toBe('required');
});

describe('several instances', () => {
  const OTHER = 'eu-west-1';
  let other: Instance;

  beforeEach(async () => {
    sandbox = await sandboxOf({ startAt: NOW, regions: ['us-east-1', OTHER] });
    instance = sandbox.fleet().add(old({ options: IMDSV2 }));
    other = sandbox.fleet(OTHER).add(old({ options: IMDSV2 }));
    enterAws(sandbox);
  });

  const both = (change: Parameters<typeof imdsv2>[1], ...args: readonly string[]) =>
    imdsv2(['rollback', instance.id, other.id, '--regions', 'all', ...OPTIONS, ...args], change);
  const tokens = () => [instance, other].map(({ options }) => options.HttpTokens);

  it('asks once, rolls each back in its Region, and prints one command that undoes all', async () => {
    const { exitCode, out, questions } = await both({ confirm: [true] });

    expect(exitCode).toBe(0);
    expect(questions).toEqual([
      `Exempt 2 instances (${instance.id} in us-east-1, ${other.id} in ${OTHER}) until 2026-12-06, then enable IMDSv1 on 2 instances?`,
    ]);
    expect(out).toEqual([
      `${instance.id} in us-east-1 is exempt until 2026-12-06, and IMDSv1 is enabled again`,
      `${other.id} in ${OTHER} is exempt until 2026-12-06, and IMDSv1 is enabled again`,
      `To undo: imdsv2 exempt revoke ${instance.id} ${other.id} --regions us-east-1,${OTHER}`,
    ]);
    expect(tokens()).toEqual(['optional', 'optional']);
  });

  it('begins none if one is not possible, and says which', async () => {
    other.options = { ...other.options, HttpEndpoint: 'disabled' };

    const { exitCode, out, notes } = await both({}, '--yes');

    expect([exitCode, out]).toEqual([1, []]);
    expect(notes).toEqual([
      `imdsv2: IMDS is disabled on ${other.id}, and the rollback would enable it; nothing was changed`,
      'imdsv2: no rollback was begun, because 1 of 2 are not possible',
    ]);
    expect(mutations(sandbox).filter((call) => /(Tags|Options) ok/.test(call))).toEqual([]);
  });

  it('goes on after a failure, and returns 1 with the result of each', async () => {
    const Condition = { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } };
    const policies = [
      { Effect: 'Allow', Action: '*', Resource: '*' } as const,
      { Effect: 'Deny', Action: 'ec2:CreateTags', Resource: '*', Condition } as const,
    ];
    sandbox.callers.add('AKIATEST', { arn: 'arn:aws:iam::111122223333:user/kim', policies });

    const { exitCode, out, notes } = await both({}, '--yes');

    expect(exitCode).toBe(1);
    expect(out).toEqual([
      `${other.id} in ${OTHER} is exempt until 2026-12-06, and IMDSv1 is enabled again`,
      `To undo: imdsv2 exempt revoke ${other.id} --region ${OTHER}`,
    ]);
    expect(notes[0]).toMatch(new RegExp(`^imdsv2: not changed: ${instance.id} in us-east-1: missing permission`));
    expect(notes[1]).toBe('imdsv2: rolled back 1 of 2 instances; the same command continues');
    expect(tokens()).toEqual(['required', 'optional']);
  });

  it('stops at Ctrl-C, and names what was not started', async () => {
    const interrupt = new AbortController();
    sandbox.faults.resets = ({ action }) => {
      if (action === 'CreateTags') interrupt.abort();
      return undefined;
    };

    const { exitCode, notes } = await both({ interrupted: interrupt.signal }, '--yes');

    expect(exitCode).toBe(1);
    expect(notes).toContain(`imdsv2: not started: ${other.id} in ${OTHER}`);
    expect(notes.at(-1)).toMatch(/^imdsv2: rolled back \d of 2 instances; the same command continues$/);
    expect(tokens()[1]).toBe('required');
  });
});

function setDefaults(change: object): void {
  const call = { service: 'ec2', action: 'ModifyInstanceMetadataDefaults', params: { ...change } };
  void sandbox.call(call);
}
