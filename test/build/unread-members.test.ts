import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inlineSchemaConstants } from '../../build/inline-schema-constants.ts';
import { ROOT } from '../../build/seal.ts';
import { READ_MEMBERS, withoutUnreadMembers } from '../../build/unread-members.ts';
import { CreateFleetCommand, RequestSpotFleetCommand, RequestSpotInstancesCommand } from '@aws-sdk/client-ec2';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { CREDENTIALS } from '../support/loopback.ts';
import { data, IMAGE, launchSources, reference } from '../support/launch-sources.ts';
import { runBundled } from './run-bundled.ts';

const schemasOf = (client: string) =>
  readFile(join(ROOT, `node_modules/@aws-sdk/client-${client}/dist-es/schemas/schemas_0.js`), 'utf8');

/** The names of the members of a structure in a schema file. */
function membersOf(source: string, name: string): string[] | undefined {
  const [, names] =
    new RegExp(`^export var ${name}\\$ = \\[3, \\w+, \\w+,\\s*\\w+,\\s*\\[([^\\]]*)\\]`, 'm').exec(source) ?? [];
  return names
    ?.split(',')
    .map((one) => new RegExp(`^const ${one.trim().replace('$', '\\$')} = "(\\w+)";$`, 'm').exec(source)?.[1] ?? '')
    .filter((one) => one !== '');
}

test('every structure and every member is in a client of the SDK, and nothing else is left of it', async () => {
  const sources = await Promise.all(['ec2', 'auto-scaling'].map(schemasOf));
  for (const [name, read] of Object.entries(READ_MEMBERS)) {
    const found = sources.flatMap((source) => {
      const before = membersOf(source, name);
      return before === undefined ? [] : [{ before, after: membersOf(withoutUnreadMembers(source), name) ?? [] }];
    });
    expect([name, found.length > 0]).toEqual([name, true]);
    const before = new Set(found.flatMap((one) => one.before));
    expect(read.filter((member) => !before.has(member))).toEqual([]);
    for (const { before: all, after } of found) {
      expect([name, after.toSorted()]).toEqual([name, read.filter((member) => all.includes(member)).toSorted()]);
    }
  }
});

describe('with the rest left out', () => {
  afterEach(stopAll);

  test('a bundle reads the same of everything that launches instances', async () => {
    const sandbox = await sandboxOf();
    sandbox.fleet().addImage(IMAGE, { imdsSupport: 'v2.0' });
    const aws = launchSources(sandbox);
    const tags = { TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'team', Value: 'shop' }] }] };
    const UserData = Buffer.from('docker run web').toString('base64');
    const id = await aws.template('shop', [data('optional', { ...tags, UserData }), data('required')], { a: 'b' });
    const Overrides = [
      { InstanceType: 'c6g.large', LaunchTemplateSpecification: { LaunchTemplateId: id, Version: '2' } },
    ];
    const LaunchTemplateSpecification = { LaunchTemplateId: id, Version: '1' };
    await aws.group('mixed', { MixedInstancesPolicy: { LaunchTemplate: { LaunchTemplateSpecification, Overrides } } });
    await aws.group('web', { ...reference(id), Tags: [{ Key: 'team', Value: 'shop', PropagateAtLaunch: true }] });
    await aws.configuration('old', 'optional');
    await aws.group('old', { LaunchConfigurationName: 'old' });
    const TargetCapacitySpecification = { TotalTargetCapacity: 0, DefaultTargetCapacityType: 'on-demand' as const };
    const Configs = [{ LaunchTemplateSpecification, Overrides: [{ InstanceType: 'm5.large' as const }] }];
    await aws.ec2.send(
      new CreateFleetCommand({ LaunchTemplateConfigs: Configs, TargetCapacitySpecification, Type: 'maintain' }),
    );
    const LaunchSpecification = { ImageId: IMAGE, InstanceType: 't3.micro' as const, UserData };
    await aws.ec2.send(new RequestSpotInstancesCommand({ LaunchSpecification, Type: 'persistent' }));
    const fleet = {
      IamFleetRole: 'arn:aws:iam::111122223333:role/fleet',
      TargetCapacity: 0,
      Type: 'maintain' as const,
    };
    for (const form of [{ LaunchSpecifications: [LaunchSpecification] }, { LaunchTemplateConfigs: Configs }]) {
      await aws.ec2.send(new RequestSpotFleetCommand({ SpotFleetRequestConfig: { ...fleet, ...form } }));
    }
    const read = readOf({ ...CREDENTIALS, AWS_ENDPOINT_URL: sandbox.endpoint });

    const [whole, ours] = [await runBundled(read, []), await runBundled(read, [inlineSchemaConstants()])];

    expect(ours).toBe(whole);
    const { launchers, images } = JSON.parse(whole) as { launchers: { kind: string }[]; images: unknown[] };
    expect(launchers.map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: 3 }, () => 'auto-scaling-group'),
      ...['ec2-fleet', 'spot-fleet', 'spot-fleet', 'spot-request'],
    ]);
    expect(images).toEqual([[IMAGE, { name: expect.any(String), imdsSupport: 'v2.0' }]]);
    aws.ec2.destroy();
    aws.groups.destroy();
  }, 60_000);
});

/** A module that reads everything that launches instances, and prints it. */
const readOf = (environment: object) => `
  import { autoScalingClients, ec2Clients } from '../../lambda/adapters/clients.ts';
  import { autoScalingGroups } from '../../lambda/adapters/autoscaling-groups.ts';
  import { ec2Fleets } from '../../lambda/adapters/ec2-fleets.ts';
  import { ec2Fleet } from '../../lambda/adapters/ec2-instances.ts';
  import { ec2LaunchTemplates } from '../../lambda/adapters/ec2-launch-templates.ts';
  import { readDefaults } from '../../lambda/adapters/ec2-defaults.ts';
  import { readLaunchInventory } from '../../lambda/app/read-launch-inventory.ts';
  Object.assign(process.env, ${JSON.stringify(environment)});
  const ec2 = ec2Clients();
  const inventory = await readLaunchInventory('us-east-1', {
    launchSources: { ...ec2LaunchTemplates(ec2), ...ec2Fleets(ec2), ...autoScalingGroups(autoScalingClients()) },
    fleet: ec2Fleet(ec2),
    regions: { defaults: (region) => readDefaults(ec2(region)) },
    time: { now: () => new Date(), sleep: async () => {}, random: () => 0, deadline: new Date(8e15) },
    explain: ({ message }) => message,
  });
  const listed = (key, value) => (value instanceof Map ? [...value] : value);
  console.log(JSON.stringify({ ...inventory, recent: [] }, listed));
  process.exit(0);
`;
