import { CreateFleetCommand, RequestSpotInstancesCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, imdsv2, leaveAws } from '../support/cli.ts';
import { NOW } from '../support/builders.ts';
import { expectOnlyMetadataOptions } from '../support/launch-source-meanings.ts';
import { data, IMAGE, launchSources, reference } from '../support/launch-sources.ts';

afterEach(stopAll);
afterAll(leaveAws);

interface Blocker {
  readonly kind: string;
  readonly nextStep?: { readonly text: string; readonly commands: readonly string[] };
}

async function blockers(): Promise<Blocker[]> {
  const { out } = await imdsv2(['readiness', '--json']);
  const { regions } = JSON.parse(out.join('')) as {
    readonly regions: readonly { readonly launchSources: Blocker[] }[];
  };
  return regions.flatMap((region) => region.launchSources.filter(({ nextStep }) => nextStep !== undefined));
}

/** The words of a command, which has quotes around names only. */
const wordsOf = (command: string): string[] => command.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'));

it('every printed command runs, solves what it is printed for, and changes nothing but metadata options', async () => {
  const sandbox = await sandboxOf({ startAt: NOW });
  sandbox.fleet().addImage(IMAGE, {});
  enterAws(sandbox);
  const aws = launchSources(sandbox);
  const tagged = (Key: string, Value: string) => ({ Tags: [{ Key, Value, PropagateAtLaunch: true }] });
  const shop = await aws.template('shop', [data('optional'), data('optional', { InstanceType: 't3.large' })]);
  await aws.group('pinned', reference(shop, '1'));
  await aws.group('usual', reference(await aws.template('api', [data('optional')])));
  await aws.group('latest', reference(await aws.template('jobs', [data()]), '$Latest'));
  const Overrides = [
    { InstanceType: 'c6g.large', LaunchTemplateSpecification: { LaunchTemplateId: shop, Version: '2' } },
  ];
  const LaunchTemplateSpecification = { LaunchTemplateName: 'shop', Version: '1' };
  await aws.group('mixed', { MixedInstancesPolicy: { LaunchTemplate: { LaunchTemplateSpecification, Overrides } } });
  await aws.group('hosts', {
    ...reference(await aws.template('hosts', [data('optional')]), '1'),
    ...tagged('AmazonECSManaged', ''),
  });
  await aws.group('coded', {
    ...reference(await aws.template('coded', [data('optional')]), '1'),
    ...tagged('ManagedBy', 'terraform'),
  });
  const LaunchSpecification = { ImageId: IMAGE, InstanceType: 't3.micro' as const };
  await aws.ec2.send(new RequestSpotInstancesCommand({ LaunchSpecification, Type: 'persistent' }));
  // These have no command: a launch configuration cannot be changed, nor the template that a service made, nor one launch.
  await aws.configuration('old', 'optional');
  await aws.group('configured', { LaunchConfigurationName: 'old' });
  const eks = await aws.template('eks-1', [data('optional')]);
  await aws.group('eks-blue', { ...reference(eks, '1'), ...tagged('eks:nodegroup-name', 'blue') });
  const fleet = await aws.template('fleet', [data('optional')]);
  await aws.ec2.send(
    new CreateFleetCommand({
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: { LaunchTemplateId: fleet, Version: '1' } }],
      TargetCapacitySpecification: { TotalTargetCapacity: 0, DefaultTargetCapacityType: 'on-demand' },
      Type: 'maintain',
    }),
  );
  await aws.ec2.send(new RunInstancesCommand({ ImageId: IMAGE, MinCount: 1, MaxCount: 1 }));
  const before = await aws.everything();

  const commands = [...new Set((await blockers()).flatMap(({ nextStep }) => nextStep?.commands ?? []))];
  expect(commands).toHaveLength(6);
  for (const command of commands) {
    const [program, ...words] = wordsOf(command);
    const { exitCode, notes } = await imdsv2([...words, '--yes']);
    expect([command, program, exitCode, notes]).toEqual([command, 'imdsv2', 0, []]);
  }

  const { defaults, ...after } = await aws.everything();
  expectOnlyMetadataOptions(before, { ...after, defaults: before.defaults });
  expect(defaults).toMatchObject({ HttpTokens: 'required' });
  const remaining = (await blockers()).filter(({ kind }) => kind !== 'recent-launch');
  expect(remaining.map(({ kind, nextStep }) => [kind, nextStep?.commands])).toEqual([
    ['launch-template', []],
    ['launch-template', []],
    ['launch-configuration', []],
  ]);
  for (const { nextStep } of remaining) expect(nextStep?.text).toMatch(/launch template|Request the fleet again/);
  aws.ec2.destroy();
  aws.groups.destroy();
}, 60_000);
