import {
  CreateFleetCommand,
  RequestSpotFleetCommand,
  RequestSpotInstancesCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, imdsv2, leaveAws, mutations } from '../support/cli.ts';
import { NOW } from '../support/builders.ts';
import { IMAGE_V2 } from '../support/launch-source-arbitraries.ts';
import { data, IMAGE, launchSources, reference } from '../support/launch-sources.ts';

const REGION = 'us-east-1';

let sandbox: Sandbox;
let aws: ReturnType<typeof launchSources>;

beforeEach(async () => {
  sandbox = await sandboxOf({ regions: [REGION, 'eu-west-1'], startAt: NOW });
  sandbox.fleet().addImage(IMAGE, {});
  sandbox.fleet().addImage(IMAGE_V2, { imdsSupport: 'v2.0' });
  enterAws(sandbox);
  aws = launchSources(sandbox);
});
afterEach(async () => {
  aws.ec2.destroy();
  aws.groups.destroy();
  await stopAll();
});
afterAll(leaveAws);

interface LaunchSource {
  readonly kind: string;
  readonly stated: string;
  readonly HttpTokens: string;
  readonly decidedBy: string;
  readonly HttpPutResponseHopLimit: number;
  readonly containerHost: boolean;
  readonly owner: { readonly kind: string; readonly control: string };
  readonly launchedBy: readonly { readonly kind: string; readonly name: string; readonly version?: string }[];
  readonly nextStep?: { readonly text: string; readonly commands: readonly string[] };
}

interface Region {
  readonly state: string;
  readonly launchSources: readonly LaunchSource[];
  readonly blockers: number;
  readonly notLookedAt: readonly { readonly what: string; readonly problem: string }[];
  readonly brokenReferences: readonly object[];
  readonly unusedTemplateVersions: readonly object[];
}

const text = async (...args: readonly string[]) => imdsv2(['readiness', ...args]);
const json = async (...args: readonly string[]) => {
  const { exitCode, out } = await imdsv2(['readiness', '--json', ...args]);
  const { regions } = JSON.parse(out.join('')) as { readonly regions: readonly Region[] };
  return { exitCode, region: regions[0] as Region, regions };
};

it('is READY where nothing launches, and changes nothing', async () => {
  const { exitCode, out } = await text('--regions', 'all');
  expect(exitCode).toBe(0);
  expect(out.slice(0, 3)).toEqual([
    'region     launch sources  refused  HttpTokensEnforced',
    'eu-west-1               0        0  READY',
    'us-east-1               0        0  READY',
  ]);
  expect(mutations(sandbox)).toEqual([]);
});

it('finds what would be refused in every form of a launch source', async () => {
  const id = await aws.template('shop', [data('required'), data('optional'), data()]);
  await aws.group('pinned', reference(id, '2'));
  await aws.group('latest', reference(id, '$Latest'));
  await aws.group('usual', reference(id));
  await aws.configuration('old', 'optional');
  await aws.group('configured', { LaunchConfigurationName: 'old' });
  await aws.group('mixed', {
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateName: 'shop', Version: '1' },
        Overrides: [{ InstanceType: 'c6g.large', LaunchTemplateSpecification: { LaunchTemplateId: id, Version: '2' } }],
      },
    },
  });
  const capacity = { TotalTargetCapacity: 0, DefaultTargetCapacityType: 'on-demand' as const };
  await aws.ec2.send(
    new CreateFleetCommand({
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: { LaunchTemplateId: id, Version: '2' } }],
      TargetCapacitySpecification: capacity,
      Type: 'maintain',
    }),
  );
  const { exitCode, region } = await json();
  expect([exitCode, region.state, region.blockers]).toEqual([2, 'not-ready', 3]);
  const byKind = region.launchSources.map(({ kind, stated, HttpTokens, decidedBy, launchedBy }) => [
    kind,
    stated,
    HttpTokens,
    decidedBy,
    launchedBy.map(({ name, version }) => (name.startsWith('fleet-') ? 'fleet' : `${name} ${version ?? ''}`.trim())),
  ]);
  expect(byKind).toEqual([
    ['launch-template', 'optional', 'optional', 'launch', ['pinned 2', 'mixed 2', 'fleet']],
    ['launch-template', 'inherits', 'optional', 'built-in', ['latest $Latest']],
    ['launch-template', 'required', 'required', 'launch', ['usual $Default', 'mixed 1']],
    ['launch-configuration', 'optional', 'optional', 'launch', ['configured']],
  ]);
});

it.each([
  ['required', IMAGE, 'required', 'account-default'],
  ['optional', IMAGE_V2, 'optional', 'account-default'],
  [undefined, IMAGE_V2, 'required', 'ami'],
  [undefined, IMAGE, 'optional', 'built-in'],
  [undefined, 'resolve:ssm:/aws/service/ami', 'unknown', 'ami'],
] as const)(
  'what states nothing gets what AWS decides: account default %s, AMI %s',
  async (HttpTokens, image, tokens, decidedBy) => {
    if (HttpTokens !== undefined) await aws.setDefaults({ HttpTokens });
    await aws.group('web', reference(await aws.template('shop', [data(undefined, { ImageId: image })])));
    const { region } = await json();
    expect(region.launchSources).toMatchObject([{ stated: 'inherits', HttpTokens: tokens, decidedBy }]);
    // EC2 itself decides in the same way, where it knows the AMI.
    await aws.scale('web', 1);
    const [instance] = sandbox.fleet().instances();
    if (tokens !== 'unknown') expect(instance?.options.HttpTokens).toBe(tokens);
    expect(region.state).toBe(tokens === 'required' ? 'ready' : 'not-ready');
  },
);

it('judges Spot requests, which cannot state metadata options, by the account default', async () => {
  const LaunchSpecification = { ImageId: IMAGE, InstanceType: 't3.micro' as const };
  await aws.ec2.send(new RequestSpotInstancesCommand({ LaunchSpecification, Type: 'persistent' }));
  await aws.ec2.send(
    new RequestSpotFleetCommand({
      SpotFleetRequestConfig: {
        IamFleetRole: 'arn:aws:iam::111122223333:role/fleet',
        TargetCapacity: 0,
        Type: 'maintain',
        LaunchSpecifications: [LaunchSpecification],
      },
    }),
  );
  await sandbox.idle();
  const { region } = await json();
  const judged = region.launchSources.filter(({ kind }) => kind !== 'recent-launch');
  expect(judged.map(({ kind, HttpTokens }) => [kind, HttpTokens])).toEqual([
    ['launch-specification', 'optional'],
    ['spot-request', 'optional'],
  ]);
  expect(judged[0]?.nextStep?.commands).toEqual(['imdsv2 prevent defaults --region us-east-1']);
});

it('counts launches of the last 24 hours that nothing else explains', async () => {
  await aws.ec2.send(new RunInstancesCommand({ ImageId: IMAGE, MinCount: 2, MaxCount: 2 }));
  await aws.group('web', reference(await aws.template('shop', [data('optional'), data('required')]), '1'));
  await aws.scale('web', 1);
  sandbox.fleet().add({ launchedAt: new Date('2026-11-20T00:00:00Z'), options: { HttpTokens: 'optional' } });
  const { region } = await json();
  const recent = region.launchSources.filter(({ kind }) => kind === 'recent-launch');
  expect(recent).toMatchObject([{ launches: 2, owner: { kind: 'none' } }]);
});

it.each([
  ['eks-nodegroup', 'generated', { 'eks:cluster-name': 'prod', 'eks:nodegroup-name': 'blue' }, true],
  ['ecs-cluster', 'unknown', { AmazonECSManaged: '' }, true],
  ['eks-self-managed', 'unknown', { 'kubernetes.io/cluster/prod': 'owned' }, true],
  ['auto-scaling-group', 'terraform', { ManagedBy: 'terraform' }, false],
  ['auto-scaling-group', 'unknown', { team: 'shop' }, false],
] as const)('names the owner: %s, %s', async (kind, control, tags, containerHost) => {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value: String(Value), PropagateAtLaunch: true }));
  await aws.group('web', { ...reference(await aws.template('shop', [data('optional')])), Tags });
  const { region } = await json();
  expect(region.launchSources).toMatchObject([{ owner: { kind, control }, containerHost }]);
  const commands = region.launchSources[0]?.nextStep?.commands ?? [];
  expect(commands.length).toBe(control === 'generated' ? 0 : 1);
});

it('is UNKNOWN where something may not be looked at, and names the permission', async () => {
  const Action = 'autoscaling:DescribeLaunchConfigurations';
  sandbox.callers.serviceControlPolicies.push({ Effect: 'Deny', Action, Resource: '*' });
  const { exitCode, out } = await text();
  expect(exitCode).toBe(2);
  expect(out.join('\n')).toMatch(/UNKNOWN: not looked at: launch configurations/);
  expect(out.join(' ')).toContain(`not visible from here: missing permission ${Action}`);
});

it('names references to what does not exist, and templates that nothing refers to', async () => {
  await aws.template('unused', [data('optional')]);
  const id = await aws.template('shop', [data('required'), data('required'), data('required')]);
  await aws.group('web', reference(id, '2'));
  const { DeleteLaunchTemplateVersionsCommand } = await import('@aws-sdk/client-ec2');
  await aws.ec2.send(new DeleteLaunchTemplateVersionsCommand({ LaunchTemplateId: id, Versions: ['2'] }));
  const { exitCode, region } = await json();
  expect([exitCode, region.state]).toEqual([0, 'ready']);
  expect(region.brokenReferences).toEqual([{ kind: 'auto-scaling-group', name: 'web', version: '2' }]);
  expect(region.unusedTemplateVersions).toMatchObject([{ version: 1 }]);
});

it.each([60, 80, 120])('fits into %i columns', async (columns) => {
  const id = await aws.template('a-launch-template-with-a-rather-long-name-of-the-shop', [data('optional')]);
  for (const name of ['web', 'api', 'worker', 'cron']) await aws.group(`shop-production-${name}`, reference(id));
  const { out } = await imdsv2(['readiness', '--regions', 'all'], { columns });
  const isCommand = (line: string) => /^ +imdsv2 /.test(line);
  expect(out.filter((line) => line.length > columns && !isCommand(line))).toEqual([]);
});
