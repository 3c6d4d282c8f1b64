import { DescribeInstancesCommand, type Instance, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import { readExemption } from '../../lambda/core/exemption.ts';
import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { templateOf } from './stack.ts';
import { ec2Of, FIXTURE, sandboxOf, stopAll } from './support.ts';

afterEach(stopAll);

const REGIONS = ['us-east-1', 'eu-west-1', 'ap-southeast-2'];
const startAt = new Date('2026-06-01T00:00:00Z');
const allOf = (sandbox: Sandbox) => sandbox.regions.flatMap((region) => sandbox.fleet(region).instances());

/** All instances of a region that describe calls return. */
async function described(sandbox: Sandbox, region: string): Promise<Instance[]> {
  const pages = paginateDescribeInstances({ client: ec2Of(sandbox, { region }), pageSize: 50 }, {});
  const instances: Instance[] = [];
  for await (const { Reservations = [] } of pages) {
    instances.push(...Reservations.flatMap(({ Instances = [] }) => Instances));
  }
  return instances;
}

test('exists before the stacks are deployed, without events or calls', async () => {
  const stacks = [{ template: templateOf(), name: 'Local' }];
  const sandbox = await sandboxOf({ fleet: 200, regions: REGIONS, stacks, bundles: FIXTURE });
  await sandbox.idle();
  expect(allOf(sandbox)).toHaveLength(200);
  expect([sandbox.events, sandbox.invocations, sandbox.calls.all()]).toEqual([[], [], []]);
});

test('depends on the seed only', async () => {
  const fleetOf = async (seed: string) => {
    const sandbox = await sandboxOf({ fleet: 120, regions: REGIONS, seed, startAt, timeScale: 1 });
    return allOf(sandbox).map(({ id, region, state, options, tags }) => ({
      id,
      region,
      state,
      options,
      tags: [...tags],
    }));
  };
  const fleet = await fleetOf('one');
  expect(await fleetOf('one')).toEqual(fleet);
  expect(await fleetOf('two')).not.toEqual(fleet);
});

test('contains every case', async () => {
  const sandbox = await sandboxOf({ fleet: 200, regions: REGIONS, startAt, timeScale: 1 });
  const instances = (await Promise.all(REGIONS.map((region) => described(sandbox, region)))).flat();
  expect(instances).toHaveLength(allOf(sandbox).filter(({ operator }) => operator?.hiddenByDefault !== true).length);

  const tagsOf = ({ Tags = [] }: Instance) => new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
  const kinds = (kindOf: (instance: Instance) => unknown) =>
    new Set(instances.map((instance) => String(kindOf(instance))));
  expect(kinds(({ State }) => State?.Name)).toEqual(new Set(['running', 'stopped']));
  expect(kinds(({ MetadataOptions }) => MetadataOptions?.HttpTokens)).toEqual(new Set(['optional', 'required']));
  expect(kinds(({ MetadataOptions }) => MetadataOptions?.HttpEndpoint)).toEqual(new Set(['enabled', 'disabled']));
  expect(kinds(({ Operator }) => Operator?.Managed)).toEqual(new Set(['true', 'false']));
  expect(kinds(({ MetadataOptions }) => MetadataOptions?.HttpPutResponseHopLimit)).toEqual(
    new Set(['1', '2', '3', '64']),
  );
  expect(kinds((instance) => readExemption(tagsOf(instance), startAt, 90).kind)).toEqual(
    new Set(['none', 'active', 'expired', 'malformed', 'exceeds-maximum']),
  );
  const launchSources = new Set(instances.flatMap((instance) => Object.keys(launchSourceOf(tagsOf(instance)))));
  expect([...launchSources].sort()).toEqual([
    'autoScalingGroup',
    'beanstalkEnvironment',
    'beanstalkEnvironmentId',
    'eksCluster',
    'eksNodegroup',
    'fleetId',
    'launchTemplateId',
    'launchTemplateVersion',
    'stackLogicalId',
    'stackName',
  ]);
  expect([...kinds((instance) => tagsOf(instance).get('Name'))]).toEqual(
    expect.arrayContaining(['<img src=x onerror=alert(1)>', "=cmd|' /C calc'!A0", 'undefined']),
  );
  const ages = instances.map(({ LaunchTime }) => startAt.getTime() - (LaunchTime?.getTime() ?? NaN));
  expect(Math.min(...ages)).toBeGreaterThanOrEqual(0);
});

test('a large fleet has realistic shares of each case', async () => {
  const sandbox = await sandboxOf({ fleet: 4_000, regions: REGIONS });
  const all = allOf(sandbox);
  const share = (is: (instance: (typeof all)[number]) => boolean) => all.filter(is).length / all.length;
  expect(all).toHaveLength(4_000);
  expect(share(({ options }) => options.HttpTokens === 'optional')).toBeCloseTo(0.47, 1);
  expect(share(({ state }) => state === 'stopped')).toBeCloseTo(0.09, 1);
  expect(share(({ tags }) => Object.keys(launchSourceOf(tags)).length === 0)).toBeCloseTo(0.22, 1);
  expect(share(({ region }) => region === 'us-east-1')).toBeGreaterThan(0.4);

  const { Reservations = [], NextToken } = await ec2Of(sandbox).send(
    new DescribeInstancesCommand({ MaxResults: 1000 }),
  );
  expect(Reservations).toHaveLength(1000);
  expect(NextToken).toBeDefined();
});
