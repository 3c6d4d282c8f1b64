import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, imdsv2, leaveAws, mutations } from '../support/cli.ts';
import { NOW } from '../support/builders.ts';
import { data, IMAGE, launchSources, reference } from '../support/launch-sources.ts';

const REGION = 'us-east-1';

let sandbox: Sandbox;
let aws: ReturnType<typeof launchSources>;

beforeEach(async () => {
  sandbox = await sandboxOf({ regions: [REGION, 'eu-west-1'], startAt: NOW });
  sandbox.fleet().addImage(IMAGE, {});
  enterAws(sandbox);
  aws = launchSources(sandbox);
});
afterEach(async () => {
  aws.ec2.destroy();
  aws.groups.destroy();
  await stopAll();
});
afterAll(leaveAws);

const templates = async (...args: readonly string[]) => imdsv2(['prevent', 'templates', ...args]);
const tokens = () =>
  sandbox
    .fleet()
    .instances()
    .map(({ options }) => options.HttpTokens);
const changes = () =>
  mutations(sandbox).filter((line) => /^(CreateLaunchTemplateVersion|ModifyLaunchT|Update)/.test(line));
const stateOf = async () => (await imdsv2(['readiness'])).out[1]?.replace(/^.*\d {2}/, '');

interface LeftOut {
  readonly name: string;
  readonly version: number;
  readonly why: string;
}

const leftOutOf = async (...args: readonly string[]) => {
  const { exitCode, out } = await templates('--json', '--dry-run', ...args);
  const { plan } = JSON.parse(out.join('')) as { readonly plan: readonly { readonly leftOut: readonly LeftOut[] }[] };
  return { exitCode, leftOut: plan.flatMap(({ leftOut }) => leftOut) };
};

it('makes a Region ready whose instances are compliant, but whose template in use is not', async () => {
  const id = await aws.template('shop', [data('required'), data('optional')]);
  await aws.group('web', reference(id, '2'));
  expect(await stateOf()).toBe('NOT READY: 1 blocker');
  const refused = await imdsv2(['prevent', 'enforcement', '--yes']);
  expect([refused.exitCode, refused.out.join(' ')]).toEqual([2, expect.stringMatching(/NOT READY: 1 blocker/)]);

  const { exitCode, out } = await templates('--yes');

  expect(exitCode).toBe(0);
  const text = out.join('\n');
  expect(text).toContain(`shop (${id})  new version of 2 with HttpTokens=required`);
  expect(text).toContain('Auto Scaling group web: from 2 to the one made of 2');
  expect(text).toContain('1 version created, 1 reference moved\n');
  expect(text).toContain('Undo: imdsv2 prevent templates --undo --regions us-east-1\nus-east-1: READY');
  await aws.scale('web', 1);
  expect([tokens(), await stateOf()]).toEqual([['required'], 'READY']);
  expect((await imdsv2(['prevent', 'enforcement', '--yes'])).exitCode).toBe(0);
  await aws.scale('web', 2);
  expect([tokens(), await stateOf()]).toEqual([['required', 'required'], 'ENFORCED']);
});

it('asks first, and changes nothing without an answer, in a dry run, or twice', async () => {
  await aws.group('web', reference(await aws.template('shop', [data('optional')]), '1'));
  const no = await imdsv2(['prevent', 'templates'], { confirm: [false] });
  expect([no.exitCode, no.questions]).toEqual([1, ['Change 1 launch template?']]);
  expect((await templates('--dry-run')).exitCode).toBe(2);
  expect(changes()).toEqual([]);
  expect((await templates('--yes')).exitCode).toBe(0);
  const count = changes().length;
  const again = await templates('--yes');
  expect([again.exitCode, again.out]).toEqual([0, ['Nothing to change.']]);
  expect(changes()).toHaveLength(count);
});

it('raises the hop limit of container hosts only', async () => {
  const options = (HttpPutResponseHopLimit: number) => ({ HttpTokens: 'optional' as const, HttpPutResponseHopLimit });
  const userData = Buffer.from('#!/bin/sh\necho ECS_CLUSTER=prod >> /etc/ecs/ecs.config').toString('base64');
  const ids = [
    await aws.template('hosts', [data(undefined, { MetadataOptions: options(1), UserData: userData })]),
    await aws.template('far', [data(undefined, { MetadataOptions: options(3), UserData: userData })]),
    await aws.template('web', [data(undefined, { MetadataOptions: options(1) })]),
  ];
  for (const [index, id] of ids.entries()) await aws.group(`group-${index}`, reference(id, '1'));
  await templates('--yes');
  const limits = await Promise.all(
    ids.map(async (id) => {
      const { MetadataOptions } =
        (await aws.versions(id)).find((one) => one.VersionNumber === 2)?.LaunchTemplateData ?? {};
      return [MetadataOptions?.HttpTokens, MetadataOptions?.HttpPutResponseHopLimit];
    }),
  );
  expect(limits).toEqual([
    ['required', 2],
    ['required', 3],
    ['required', 1],
  ]);
});

describe('leaves out', () => {
  it('what follows $Default, unless --set-default moves it', async () => {
    const id = await aws.template('shop', [data('optional')]);
    await aws.group('web', reference(id));
    const { exitCode, leftOut } = await leftOutOf();
    expect([exitCode, leftOut]).toEqual([
      2,
      [expect.objectContaining({ name: 'web', version: 1, why: expect.stringMatching(/--set-default/) })],
    ]);
    expect((await templates('--yes')).exitCode).toBe(2);
    expect(changes()).toEqual([]);
    expect((await templates('--yes', '--set-default')).exitCode).toBe(0);
    expect((await aws.describeGroup('web'))?.LaunchTemplate?.Version).toBeUndefined();
    await aws.scale('web', 1);
    expect(tokens()).toEqual(['required']);
  });

  it('an older version where something follows $Latest, or may', async () => {
    const different = data('required', { InstanceType: 't3.large' });
    const followed = await aws.template('followed', [data('optional'), different]);
    await aws.group('old', reference(followed, '1'));
    await aws.group('new', reference(followed, '$Latest'));
    const launched = await aws.template('launched', [data('optional'), different]);
    await aws.group('pinned', reference(launched, '1'));
    await aws.ec2.send(
      new RunInstancesCommand({
        LaunchTemplate: { LaunchTemplateId: launched, Version: '2' },
        MinCount: 1,
        MaxCount: 1,
      }),
    );
    const { leftOut } = await leftOutOf();
    expect(leftOut.map(({ name, why }) => [name, why])).toEqual([
      [
        'old',
        expect.stringMatching(
          /would become \$Latest in place of version 2, and Auto Scaling group new follows \$Latest/,
        ),
      ],
      [
        'pinned',
        expect.stringMatching(/i-\w+ was launched from the template by something else, which may follow \$Latest/),
      ],
    ]);
  });

  it('an older version where not everything that may follow $Latest could be looked at', async () => {
    const id = await aws.template('shop', [data('optional'), data('required', { InstanceType: 't3.large' })]);
    await aws.group('web', reference(id, '1'));
    sandbox.callers.serviceControlPolicies.push({ Effect: 'Deny', Action: 'ec2:DescribeFleets', Resource: '*' });
    expect((await leftOutOf()).leftOut).toMatchObject([{ why: expect.stringMatching(/not looked at: EC2 Fleets/) }]);
  });

  it.each([
    [{ 'eks:cluster-name': 'prod', 'eks:nodegroup-name': 'blue' }, /a service made the template/, false],
    [{ ManagedBy: 'terraform' }, /Terraform seems to own .*--even-if-managed/, true],
  ])('templates of a group with the tags %j', async (tags, why, isAllowed) => {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value, PropagateAtLaunch: true }));
    await aws.group('web', { ...reference(await aws.template('shop', [data('optional')]), '1'), Tags });
    expect((await leftOutOf()).leftOut).toMatchObject([{ why: expect.stringMatching(why) }]);
    const { leftOut } = await leftOutOf('--even-if-managed', '--set-default');
    expect(leftOut).toHaveLength(isAllowed ? 0 : 1);
  });
});

it('needs to see templates and groups', async () => {
  await aws.group('web', reference(await aws.template('shop', [data('optional')]), '1'));
  const Action = 'autoscaling:DescribeAutoScalingGroups';
  sandbox.callers.serviceControlPolicies.push({ Effect: 'Deny', Action, Resource: '*' });
  const { exitCode, notes } = await templates('--yes');
  expect([exitCode, notes.join(' ')]).toEqual([1, expect.stringContaining(`missing permission ${Action}`)]);
  expect(changes()).toEqual([]);
});

it('changes only the selected templates', async () => {
  const [a, b] = [await aws.template('a-shop', [data('optional')]), await aws.template('b-shop', [data('optional')])];
  await aws.group('a', reference(a, '1'));
  await aws.group('b', reference(b, '1'));
  await templates('--yes', '--template', b);
  expect([(await aws.versions(a)).length, (await aws.versions(b)).length]).toEqual([1, 2]);
  const unknown = await templates('--yes', '--template', 'lt-0a1b2c3d4e5f60718');
  expect([unknown.exitCode, unknown.notes]).toEqual([
    1,
    ['imdsv2: launch template lt-0a1b2c3d4e5f60718 not found in us-east-1; nothing was changed'],
  ]);
});

it.each([60, 80, 120])('fits into %i columns', async (columns) => {
  const id = await aws.template('launch-template-of-the-whole-shop', [data('optional')]);
  for (const name of ['web', 'api']) await aws.group(`shop-production-${name}`, reference(id, '1'));
  await aws.group('shop-production-default', reference(id));
  const { out } = await imdsv2(['prevent', 'templates', '--yes'], { columns });
  expect(out.filter((line) => line.length > columns && !line.startsWith('Undo: '))).toEqual([]);
});
