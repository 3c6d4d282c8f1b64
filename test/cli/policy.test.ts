import { main } from '../../cli/main.ts';
import { GUARD_RAILS, type GuardRailChoice, textOf } from '../../cli/policy/guard-rails.ts';
import { type AccessRequest, judge, type Statement } from '../../sandbox/aws/iam/policy.ts';
import { recordingIo } from '../support/io.ts';

const ROLE = 'arn:aws:iam::111122223333:role/BreakGlass';
const INSTANCE = 'arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c3d4e5f60718';
const CHOICE: GuardRailChoice = { partition: 'aws', breakGlassRoles: [ROLE] };
const ALLOW_ALL: Statement = { Effect: 'Allow', Action: '*', Resource: '*' };

const railOf = (name: string) => {
  const rail = GUARD_RAILS.find((one) => one.name === name);
  if (rail === undefined) throw new Error(`no guard rail ${name}`);
  return rail;
};

/** The authorization of a caller with all permissions under a guard rail. */
const verdict = (name: string, request: Partial<AccessRequest>, choice = CHOICE) => {
  const { Statement: statements } = JSON.parse(textOf(railOf(name), choice)) as { Statement: Statement[] };
  return judge([ALLOW_ALL, ...statements], { action: '', resource: INSTANCE, keys: {}, ...request });
};

describe('require-imdsv2', () => {
  const launch = (tokens?: string) =>
    verdict('require-imdsv2', { action: 'ec2:RunInstances', keys: { 'ec2:MetadataHttpTokens': tokens } });
  const modify = (keys: AccessRequest['keys'], choice?: GuardRailChoice) =>
    verdict('require-imdsv2', { action: 'ec2:ModifyInstanceMetadataOptions', keys }, choice);

  test.each([
    ['required', 'allowed'],
    ['optional', 'explicit-deny'],
    [undefined, 'explicit-deny'],
  ])('a launch with HttpTokens %s is %s', (tokens, expected) => {
    expect(launch(tokens)).toBe(expected);
  });

  test('allows RunInstances on images and subnets, which have no HttpTokens', () => {
    const resource = 'arn:aws:ec2:eu-west-1::image/ami-1';
    expect(verdict('require-imdsv2', { action: 'ec2:RunInstances', resource })).toBe('allowed');
  });

  test.each<readonly [string, string, AccessRequest['keys']]>([
    [
      'the change of this product',
      'allowed',
      { 'ec2:Attribute/HttpTokens': 'required', 'ec2:Attribute/HttpEndpoint': 'enabled' },
    ],
    ['enabling IMDSv1', 'explicit-deny', { 'ec2:Attribute/HttpTokens': 'optional' }],
    [
      'a hop limit',
      'allowed',
      {
        'ec2:Attribute/HttpPutResponseHopLimit': '2',
        'ec2:Attribute/HttpEndpoint': 'enabled',
        'ec2:MetadataHttpEndpoint': 'enabled',
        'ec2:MetadataHttpTokens': 'optional',
      },
    ],
    [
      'enabling IMDS with HttpTokens optional',
      'explicit-deny',
      {
        'ec2:Attribute/HttpEndpoint': 'enabled',
        'ec2:MetadataHttpEndpoint': 'disabled',
        'ec2:MetadataHttpTokens': 'optional',
      },
    ],
    [
      'enabling IMDS with HttpTokens required',
      'allowed',
      {
        'ec2:Attribute/HttpEndpoint': 'enabled',
        'ec2:MetadataHttpEndpoint': 'disabled',
        'ec2:MetadataHttpTokens': 'required',
      },
    ],
    ['disabling IMDS', 'allowed', { 'ec2:Attribute/HttpEndpoint': 'disabled' }],
  ])('%s is %s', (_, expected, keys) => {
    expect(modify(keys)).toBe(expected);
  });

  test('allows only the break-glass role to enable IMDSv1', () => {
    const by = (arn: string) => ({ 'ec2:Attribute/HttpTokens': 'optional', 'aws:PrincipalArn': arn });
    expect(modify(by(ROLE))).toBe('allowed');
    expect(modify(by('arn:aws:iam::444455556666:role/BreakGlass'))).toBe('explicit-deny');
    expect(modify(by(ROLE), { ...CHOICE, breakGlassRoles: [] })).toBe('explicit-deny');
    const everywhere = { ...CHOICE, breakGlassRoles: ['arn:aws:iam::*:role/BreakGlass'] };
    expect(modify(by('arn:aws:iam::444455556666:role/BreakGlass'), everywhere)).toBe('allowed');
  });
});

describe('protect-exemptions', () => {
  const tag = (action: string, keys: readonly string[], principal = 'arn:aws:iam::111122223333:role/dev') =>
    verdict('protect-exemptions', { action, keys: { 'aws:TagKeys': keys, 'aws:PrincipalArn': principal } });

  test.each([
    'ec2:CreateTags',
    'ec2:DeleteTags',
    'autoscaling:CreateOrUpdateTags',
    'autoscaling:CreateAutoScalingGroup',
  ])('allows %s with an exemption tag only for the break-glass role', (action) => {
    for (const key of ['imdsv2:exempt-until', 'imdsv2:exempt-reason']) {
      expect(tag(action, ['Name', key])).toBe('explicit-deny');
      expect(tag(action, ['Name', key], ROLE)).toBe('allowed');
    }
    expect(tag(action, ['Name'])).toBe('allowed');
  });

  test('allows a call without tags', () => {
    expect(verdict('protect-exemptions', { action: 'autoscaling:CreateAutoScalingGroup' })).toBe('allowed');
  });
});

test.each([
  ['1.0', 'explicit-deny'],
  ['2.0', 'allowed'],
  [undefined, 'allowed'],
])('deny-imdsv1-credentials: ec2:RoleDelivery %s is %s', (delivery, expected) => {
  const keys = { 'ec2:RoleDelivery': delivery };
  expect(verdict('deny-imdsv1-credentials', { action: 's3:GetObject', resource: '*', keys })).toBe(expected);
});

test('declarative policies set the default, and account-enforcement also enforces it', () => {
  const defaults = JSON.parse(textOf(railOf('account-defaults'), CHOICE)) as unknown;
  expect(defaults).toMatchObject({
    ec2_attributes: { instance_metadata_defaults: { http_tokens: { '@@assign': 'required' } } },
  });
  expect(JSON.stringify(defaults)).not.toContain('http_tokens_enforced');
  expect(JSON.parse(textOf(railOf('account-enforcement'), CHOICE))).toMatchObject({
    ec2_attributes: { instance_metadata_defaults: { http_tokens_enforced: { '@@assign': 'enabled' } } },
  });
});

describe.each(GUARD_RAILS)('$name', (rail) => {
  test.each(['aws', 'aws-us-gov', 'aws-cn'])(
    'has ARNs of partition %s only, and is within the size limit',
    (partition) => {
      const breakGlassRoles = [`arn:${partition}:iam::*:role/security/operations/IncidentResponseBreakGlass`];
      const text = textOf(rail, { partition, breakGlassRoles });
      expect(text.length).toBeLessThanOrEqual(5_120);
      const arns = [...text.matchAll(/arn:([^:]+):/g)].map(([, name]) => name);
      expect(new Set(arns).size).toBeLessThanOrEqual(1);
      for (const name of arns) expect(name).toBe(partition);
    },
  );

  test('describes in one line what it does and does not cover', () => {
    for (const text of [rail.does, rail.doesNotCover]) expect(text).toMatch(/^\S[^\n]{20,}\.$/);
  });
});

describe('the command', () => {
  const run = async (...args: readonly string[]) => {
    const { io, out, notes } = recordingIo();
    const exitCode = await main(['policy', ...args], io);
    return { exitCode, out: out.join('\n'), notes };
  };

  test('prints the document to standard output, and what it does not cover to standard error', async () => {
    const { exitCode, out, notes } = await run('require-imdsv2', '--break-glass-role', ROLE);
    expect(exitCode).toBe(0);
    expect(out).toBe(textOf(railOf('require-imdsv2'), CHOICE));
    expect(notes).toEqual([
      expect.stringMatching(/^require-imdsv2 \(SERVICE_CONTROL_POLICY\): Denies launches/),
      expect.stringMatching(/^Does not cover: .*service-linked roles/),
    ]);
  });

  test.each([[[]], [['--list']]])('lists all policies for %j', async (args) => {
    const { exitCode, out } = await run(...args);
    expect(exitCode).toBe(0);
    for (const { name, doesNotCover } of GUARD_RAILS) {
      expect(out).toContain(name);
      expect(out).toContain(doesNotCover);
    }
  });

  test('prints the named policies, or all, with --json', async () => {
    const names = async (...args: string[]) =>
      (JSON.parse((await run(...args, '--json')).out) as { name: string; document: unknown }[]).map(({ name }) => name);
    expect(await names()).toEqual(GUARD_RAILS.map(({ name }) => name));
    expect(await names('account-defaults', 'require-imdsv2')).toEqual(['account-defaults', 'require-imdsv2']);
  });

  test('uses the partition of the role, or of --partition', async () => {
    const role = 'arn:aws-us-gov:iam::*:role/BreakGlass';
    expect((await run('require-imdsv2', '--break-glass-role', role)).out).toContain('arn:aws-us-gov:ec2');
    expect((await run('require-imdsv2', '--partition', 'aws-cn')).out).toContain('arn:aws-cn:ec2');
  });

  test.each<readonly [string, readonly string[], RegExp]>([
    ['an unknown name', ['nope'], /unknown policy "nope"; accepted: require-imdsv2, /],
    ['two names', ['require-imdsv2', 'account-defaults'], /several names need --json/],
    ['not an ARN', ['--break-glass-role', 'BreakGlass'], /"BreakGlass" is not the ARN of a role; accepted: /],
    ['a user', ['--break-glass-role', 'arn:aws:iam::111122223333:user/kim'], /is not the ARN of a role/],
    [
      'a wildcard for the role name',
      ['--break-glass-role', 'arn:aws:iam::111122223333:role/*'],
      /is not the ARN of a role/,
    ],
    ['a line break', ['--break-glass-role', `${ROLE}\n`], /is not the ARN of a role/],
    [
      'an account of eleven digits',
      ['--break-glass-role', 'arn:aws:iam::11112222333:role/x'],
      /is not the ARN of a role/,
    ],
    ['an unknown partition', ['--partition', 'azure'], /"azure" is not a partition; accepted: aws, /],
    [
      'a role of another partition',
      ['require-imdsv2', '--partition', 'aws-cn', '--break-glass-role', ROLE],
      /a role of partition aws has no effect in partition aws-cn/,
    ],
    [
      'too many roles',
      ['require-imdsv2', ...Array.from({ length: 60 }, (_, index) => ['--break-glass-role', `${ROLE}${index}`]).flat()],
      /require-imdsv2 would have \d+ characters, the maximum is 5120/,
    ],
  ])('refuses %s in one line, with nothing on standard output', async (_, args, message) => {
    const { exitCode, out, notes } = await run(...args);
    expect([exitCode, out]).toEqual([1, '']);
    expect(notes.join('\n')).toMatch(message);
  });
});
