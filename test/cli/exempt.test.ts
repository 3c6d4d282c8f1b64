import { TAG } from '../../lambda/contract.ts';
import type { ExistingInstance } from '../../sandbox/aws/ec2/fleet.ts';
import type { Instance } from '../../sandbox/aws/ec2/instance.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, imdsv2, leaveAws, mutations, old } from '../support/cli.ts';
import { NOW } from '../support/builders.ts';

const OTHER = 'eu-west-1';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await sandboxOf({ regions: ['us-east-1', OTHER], startAt: NOW });
  enterAws(sandbox);
});
afterEach(stopAll);
afterAll(leaveAws);

const exempt = async (...args: readonly string[]) => imdsv2(['exempt', ...args]);
const tagged = (until: string, more: object = {}, region?: string): Instance =>
  sandbox
    .fleet(region)
    .add(old({ tags: { Name: 'web', [TAG.exemptUntil]: until, [TAG.exemptReason]: 'agent' }, ...more }));
const tagsOf = ({ tags }: Instance) => [tags.get(TAG.exemptUntil), tags.get(TAG.exemptReason)];

describe('grant', () => {
  it.each([
    ['--for', '30d', '2026-12-22'],
    ['--for', '2026-12-31', '2026-12-31'],
    ['--until', '2026-12-31', '2026-12-31'],
    ['--until', '1d', '2026-11-23'],
  ])('%s %s sets both tags on all instances in one call', async (flag, period, until) => {
    const instances = [old(), old({ options: { HttpTokens: 'required' } })].map((one) => sandbox.fleet().add(one));
    const ids = instances.map(({ id }) => id);

    const { exitCode, out } = await exempt('grant', ...ids, flag, period, '--reason', ' agent X ');

    expect(exitCode).toBe(0);
    expect(out).toEqual([
      `${ids[0]} in us-east-1 is exempt until ${until}: IMDSv1 stays enabled`,
      `${ids[1]} in us-east-1 is exempt until ${until}: IMDSv1 is not enabled, and may be enabled until then`,
    ]);
    expect(instances.map(tagsOf)).toEqual([
      [until, 'agent X'],
      [until, 'agent X'],
    ]);
    expect(mutations(sandbox)).toEqual(['CreateTags ok']);
  });

  it('prints JSON', async () => {
    const { id } = sandbox.fleet().add(old());

    const { out } = await exempt('grant', id, '--for', '1d', '--reason', 'x', '--json');

    expect(JSON.parse(out.join(''))).toEqual({
      until: '2026-11-23',
      reason: 'x',
      instances: [{ region: 'us-east-1', instanceId: id, status: 'exempt' }],
    });
  });

  it.each<[string, string[], Partial<ExistingInstance>, string]>([
    ['an unknown id', ['i-0123456789abcdef0'], {}, 'instance i-0123456789abcdef0 not found in us-east-1'],
    ['a terminated instance', [], { state: 'terminated' }, 'is terminated; nothing was changed'],
    ['an AWS-managed instance', [], { operator: { principal: 'eks', hiddenByDefault: false } }, 'an AWS service'],
    ['an invalid id', ['web'], {}, '"web" is not an instance id'],
    ['both flags', ['--until', '3d'], {}, '--for and --until cannot be combined'],
  ])('refuses %s in one line and changes nothing', async (_, args, over, problem) => {
    const { id } = sandbox.fleet().add(old(over));

    const { exitCode, notes, out } = await exempt('grant', id, ...args, '--for', '1d', '--reason', 'x');

    expect([exitCode, out, notes.length]).toEqual([1, [], 1]);
    expect(notes[0]).toContain(problem);
    expect(mutations(sandbox)).toEqual([]);
  });
});

describe('revoke', () => {
  it('removes both tags, also of an invalid exemption, and prints the effect', async () => {
    const nonCompliant = tagged('2026-12-31');
    const compliant = tagged('soon', { options: { HttpTokens: 'required' } });
    const none = sandbox.fleet().add(old());

    const { exitCode, out } = await exempt('revoke', nonCompliant.id, compliant.id, none.id);

    expect(exitCode).toBe(0);
    expect(out).toEqual([
      `${nonCompliant.id} in us-east-1 is no longer exempt: IMDSv1 is enabled, and whether a deployment remediates it is unknown: stack "Imdsv2Enforcer" not found in us-east-1: use --stack, --region`,
      `${compliant.id} in us-east-1 is no longer exempt; IMDSv1 is not enabled`,
      `${none.id} in us-east-1 has no exemption; nothing was changed`,
    ]);
    expect([...nonCompliant.tags.keys()]).toEqual(['Name']);
    expect([...compliant.tags.keys()]).toEqual(['Name']);
    expect(mutations(sandbox)).toEqual(['DeleteTags ok']);
  });

  it.each([
    [{ Mode: 'enforce', Trail: 'existing' }, 'the deployed function remediates it within a minute'],
    [{ Mode: 'audit', Trail: 'create' }, 'Imdsv2Enforcer has mode=audit, and only reports it'],
    [
      { Mode: 'enforce', Trail: 'none', Existing: 'audit' },
      'Imdsv2Enforcer has trail=none, so its next scheduled scan decides, with existing=audit',
    ],
  ])('says what a deployment with %j does about it', async (settings, effect) => {
    const Outputs = Object.fromEntries(Object.entries(settings).map(([name, Value]) => [name, { Value }]));
    sandbox = await sandboxOf({ startAt: NOW, stacks: [{ template: { Outputs }, name: 'Imdsv2Enforcer' }] });
    enterAws(sandbox);
    const { id } = tagged('2026-12-31');

    expect((await exempt('revoke', id)).out).toEqual([
      `${id} in us-east-1 is no longer exempt: IMDSv1 is enabled, and ${effect}`,
    ]);
  });

  it('prints JSON, and accepts instances without exemption', async () => {
    const { id } = sandbox.fleet().add(old());

    const { exitCode, out } = await exempt('revoke', id, '--json');

    expect(exitCode).toBe(0);
    expect(JSON.parse(out.join(''))).toEqual({
      instances: [{ region: 'us-east-1', instanceId: id, status: 'not-exempt' }],
    });
    expect(mutations(sandbox)).toEqual([]);
  });

  it('prints a missing permission', async () => {
    const nonCompliant = tagged('2026-12-31');
    sandbox.callers.add('AKIATEST', {
      arn: 'arn:aws:iam::111122223333:user/kim',
      policies: [{ Effect: 'Allow', Action: 'ec2:Describe*', Resource: '*' }],
    });

    const { exitCode, notes } = await exempt('revoke', nonCompliant.id);

    expect([exitCode, notes.length]).toEqual([1, 1]);
    expect(notes[0]).toContain('missing permission ec2:DeleteTags');
    expect(tagsOf(nonCompliant)).toEqual(['2026-12-31', 'agent']);
  });
});

describe('in several Regions', () => {
  const denyIn = (region: string, Action: string) =>
    sandbox.callers.add('AKIATEST', {
      arn: 'arn:aws:iam::111122223333:user/kim',
      policies: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action, Resource: '*', Condition: { StringEquals: { 'aws:RequestedRegion': region } } },
      ],
    });
  const PERIOD = ['--for', '1d', '--reason', 'x', '--regions', 'all'];

  it('finds the Region of each instance, and makes one call in each', async () => {
    const instances = [undefined, OTHER, undefined].map((region) => sandbox.fleet(region).add(old()));
    const ids = instances.map(({ id }) => id);

    const granted = await exempt('grant', ...ids, ...PERIOD);

    expect(granted.exitCode).toBe(0);
    expect(granted.out.map((line) => line.split(' is ')[0])).toEqual([
      `${ids[0]} in us-east-1`,
      `${ids[1]} in ${OTHER}`,
      `${ids[2]} in us-east-1`,
    ]);
    expect(instances.map(tagsOf)).toEqual(ids.map(() => ['2026-11-23', 'x']));
    expect((await exempt('revoke', ...ids, '--regions', `us-east-1,${OTHER}`)).exitCode).toBe(0);
    expect(instances.map(tagsOf)).toEqual(ids.map(() => [undefined, undefined]));
    expect(mutations(sandbox)).toEqual(['CreateTags ok', 'CreateTags ok', 'DeleteTags ok', 'DeleteTags ok']);
  });

  it('changes nothing if an instance is in none of them', async () => {
    const { id } = sandbox.fleet(OTHER).add(old());

    const { exitCode, notes, out } = await exempt('grant', id, 'i-0123456789abcdef0', ...PERIOD);

    expect([exitCode, out, notes]).toEqual([
      1,
      [],
      [`imdsv2: instance i-0123456789abcdef0 not found in ${OTHER}, us-east-1; nothing was changed`],
    ]);
    expect(mutations(sandbox)).toEqual([]);
  });

  it.each([
    ['grant', PERIOD, 'ec2:CreateTags', 'exempt'],
    ['revoke', ['--regions', 'all'], 'ec2:DeleteTags', 'revoked'],
  ])('%s prints what was done and what was not if a Region fails', async (command, options, action, done) => {
    const first = tagged('2026-12-31');
    const other = tagged('2026-12-31', {}, OTHER);
    denyIn(OTHER, action);

    const { exitCode, out, notes } = await exempt(command, first.id, other.id, ...options);

    expect(exitCode).toBe(1);
    expect(out).toEqual([expect.stringMatching(new RegExp(`^${first.id} in us-east-1 is `))]);
    const problem = `imdsv2: not changed: ${other.id} in ${OTHER}: missing permission ${action}`;
    expect(notes).toEqual([expect.stringContaining(problem)]);
    expect(tagsOf(other)).toEqual(['2026-12-31', 'agent']);
    const json = await exempt(command, first.id, other.id, ...options, '--json');
    const { instances } = JSON.parse(json.out.join('')) as { instances: { status: string; detail?: string }[] };
    // The second time, the exemption of the first instance is revoked already.
    expect(instances.map(({ status }) => status)).toEqual([done === 'revoked' ? 'not-exempt' : done, 'failed']);
    expect(instances[1]?.detail).toContain(action);
    expect(json.exitCode).toBe(1);
  });

  it('names a Region that it may not read only if an instance is not found', async () => {
    denyIn(OTHER, 'ec2:DescribeInstances');
    const { id } = tagged('2026-12-31');

    expect((await exempt('revoke', id, '--regions', 'all')).notes).toEqual([]);
    expect((await exempt('revoke', 'i-0123456789abcdef0', '--regions', 'all')).notes).toEqual([
      expect.stringMatching(new RegExp(`^${OTHER} is not visible from here: missing permission`)),
      'imdsv2: instance i-0123456789abcdef0 not found in us-east-1; nothing was changed',
    ]);
  });
});

describe('list', () => {
  it('prints all exemptions, including invalid ones, sorted by date', async () => {
    tagged('2026-12-22');
    tagged('2026-11-22', { options: { HttpTokens: 'required' } }, OTHER);
    tagged('2026-11-12');
    tagged('next summer\u202e\n');
    tagged('2028-01-01');
    tagged('2026-12-22', { state: 'terminated' });
    sandbox.fleet().add(old());

    const { exitCode, out } = await exempt('list', '--regions', 'all');

    expect(exitCode).toBe(0);
    const columns = out.slice(1).map((line) => line.split(/ {2,}/));
    expect(columns.map(([until, kind, region, , , days]) => [until, kind, region, days])).toEqual([
      ['2026-11-12', 'expired', 'us-east-1', '-10'],
      ['2026-11-22', 'valid', OTHER, '0'],
      ['2026-12-22', 'valid', 'us-east-1', '30'],
      ['2028-01-01', 'exceeds maximum', 'us-east-1', '405'],
      ['next summer', 'not a date', 'us-east-1', 'agent'],
    ]);
    const [call] = sandbox.calls.of('DescribeInstances');
    expect(JSON.stringify(call?.params)).toContain('tag-key');
  });

  it('prints JSON', async () => {
    const { id } = tagged('2026-11-21');

    const { out } = await exempt('list', '--json');

    expect(JSON.parse(out.join(''))).toEqual({
      exemptions: [
        {
          region: 'us-east-1',
          instanceId: id,
          name: 'web',
          reason: 'agent',
          kind: 'expired',
          until: '2026-11-21',
          daysLeft: -1,
          verdict: 'non-compliant',
        },
      ],
      unreadRegions: [],
    });
  });

  it('prints a note without exemptions', async () => {
    expect((await exempt('list')).out).toEqual(['No exemptions found.']);
  });

  it('prints the error of a region, and lists the exemptions in the others', async () => {
    tagged('2026-12-22');

    const { exitCode, out, notes } = await exempt('list', '--regions', 'ap-south-1,us-east-1');

    expect([exitCode, out.length]).toEqual([1, 2]);
    expect(notes[0]).toMatch(/^ap-south-1 could not be read/);
  });
});

it('prints its subcommands without one', async () => {
  const { exitCode, notes } = await imdsv2(['exempt']);

  expect(exitCode).toBe(1);
  expect(notes.join('\n')).toMatch(/grant .*\n.*list .*\n.*revoke /);
});
