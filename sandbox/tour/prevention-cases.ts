import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { EC2Client, ModifyInstanceMetadataDefaultsCommand } from '@aws-sdk/client-ec2';
import type { PublishedMessage } from '../aws/sns/message.ts';
import { type Case, compliant } from './case.ts';
import { type CommandLine, runCommand } from './command-line.ts';
import type { Scenario } from './scenario.ts';

const TEMPLATE = { id: 'lt-0a1b2c3d4e5f60718', name: 'web' };
const IMAGE = 'ami-0aa11bb22cc33dd44';
const PREVENTION = 'imdsv2-enforcer.prevention/v1';

/** The calls to Auto Scaling that the cases make. */
const groupsOf = ({ sandbox }: Scenario) => {
  const client = new AutoScalingClient(sandbox.client({ accessKeyId: 'AKIADEVELOPER' }));
  return {
    create: (AutoScalingGroupName: string, LaunchTemplateId: string, Version: string, DesiredCapacity: number) =>
      client.send(
        new CreateAutoScalingGroupCommand({
          AutoScalingGroupName,
          LaunchTemplate: { LaunchTemplateId, Version },
          ...{ MinSize: 0, MaxSize: 10, DesiredCapacity, AvailabilityZones: [`${sandbox.homeRegion}a`] },
        }),
      ),
    scale: (AutoScalingGroupName: string, DesiredCapacity: number) =>
      client.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity })),
    delete: (AutoScalingGroupName: string) =>
      client.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName, ForceDelete: true })),
  };
};

/** The instances of a group, in the order of their launch. */
const membersOf = ({ sandbox }: Scenario, group: string): readonly string[] =>
  sandbox
    .fleet()
    .instances()
    .filter(({ tags }) => tags.get('aws:autoscaling:groupName') === group)
    .map(({ id }) => id);

/** Waits for an instance of a group. */
async function launched(scenario: Scenario, group: string, count: number): Promise<void> {
  while (membersOf(scenario, group).length < count) await scenario.sandbox.clock.sleep(1000);
}

const severityOf = (message: PublishedMessage | undefined): string | undefined =>
  message?.attributes['severity']?.StringValue;

const remediatedGroup: Case = {
  title: 'an Auto Scaling group launches from version 7 of its launch template, which allows IMDSv1',
  play: async (scenario) => {
    const fleet = scenario.sandbox.fleet();
    for (let version = 1; version <= 7; version += 1) {
      fleet.addLaunchTemplate({ ...TEMPLATE, imageId: IMAGE, options: { HttpTokens: 'optional' } });
    }
    await groupsOf(scenario).create('web-asg', TEMPLATE.id, '7', 2);
    await launched(scenario, 'web-asg', 2);
    const ids = membersOf(scenario, 'web-asg');
    return {
      instances: compliant(...ids),
      isDone: () => ids.every((id) => scenario.hasOutcome(id, 'remediated')),
      checks: [
        {
          what: 'both instances are remediated: the Region is compliant',
          passes: () => ids.every((id) => scenario.hasOutcome(id, 'remediated')),
        },
      ],
    };
  },
};

const prevented = (imdsv2: CommandLine): Case => ({
  title:
    'the Region is compliant, but not ready for HttpTokensEnforced: readiness, prevent templates, prevent enforcement',
  play: async (scenario) => {
    const { sandbox } = scenario;
    const groups = groupsOf(scenario);
    const run = async (...args: string[]) => {
      const lines: string[] = [];
      const print = (line: string) => {
        lines.push(line);
        scenario.print(line);
      };
      const exitCode = await runCommand({ sandbox, print, columns: scenario.columns }, imdsv2, [
        ...args,
        '--region',
        sandbox.homeRegion,
      ]);
      return { exitCode, text: lines.slice(1).join('\n').replace(/\s+/g, ' ') };
    };
    const scaleOut = async (count: number) => {
      await groups.scale('web-asg', count);
      await launched(scenario, 'web-asg', count);
    };
    const notReady = await run('readiness');
    const tooEarly = await run('prevent', 'enforcement', '--yes');
    const enforcedTooEarly = sandbox.fleet().defaults.HttpTokensEnforced;
    const templates = await run('prevent', 'templates', '--yes');
    await scaleOut(3);
    const ready = await run('readiness');
    const enforcement = await run('prevent', 'enforcement', '--yes');
    const enforced = sandbox.fleet().defaults.HttpTokensEnforced;
    await scaleOut(4);
    const [, , afterTemplates = '', afterEnforcement = ''] = membersOf(scenario, 'web-asg');
    return {
      instances: compliant(afterTemplates, afterEnforcement),
      isDone: () => [afterTemplates, afterEnforcement].every((id) => scenario.outcomes(id).length > 0),
      checks: [
        {
          what: 'readiness names the launch template, its version and the group',
          passes: () =>
            notReady.exitCode === 2 &&
            ['NOT READY', TEMPLATE.id, 'version 7', 'web-asg'].every((part) => notReady.text.includes(part)),
        },
        {
          what: 'enforcement is refused before the template is changed',
          passes: () => tooEarly.exitCode !== 0 && enforcedTooEarly !== 'enabled',
        },
        { what: 'prevent templates moves the group to version 8', passes: () => templates.exitCode === 0 },
        {
          what: 'the next scale-out requires IMDSv2 by itself',
          passes: () => scenario.changes(afterTemplates) === 0,
        },
        { what: 'READY', passes: () => ready.exitCode === 0 && ready.text.includes('READY') },
        {
          what: 'enforced, and the next scale-out succeeds',
          passes: () =>
            enforcement.exitCode === 0 &&
            enforced === 'enabled' &&
            scenario.instance(afterEnforcement).state === 'running',
        },
      ],
    };
  },
});

const refusedLaunch: Case = {
  title: 'IMDSv2 is enforced, and a group whose launch template asks for IMDSv1 cannot scale out',
  play: async (scenario) => {
    const { sandbox } = scenario;
    const legacy = { id: 'lt-0f1e2d3c4b5a69788', name: 'legacy', imageId: IMAGE, instanceType: 'm5.large' };
    sandbox.fleet().addLaunchTemplate({ ...legacy, options: { HttpTokens: 'optional' } });
    await groupsOf(scenario).create('legacy-asg', legacy.id, '$Default', 1);
    const refusals = () =>
      sandbox.events.filter(({ detail }) => detail['errorCode'] === 'Client.UnsupportedOperation').length;
    const alerts = () => scenario.messages(PREVENTION);
    return {
      instances: [],
      isDone: () => alerts().length > 0 && refusals() > 3,
      checks: [
        {
          what: 'the alert is MEDIUM and names the group',
          passes: () =>
            severityOf(alerts()[0]) === 'MEDIUM' &&
            alerts()[0]?.email.body.includes('Auto Scaling group legacy-asg') === true,
        },
        {
          what: 'one alert, although the group tries again every minute',
          passes: () => alerts().filter((message) => severityOf(message) === 'MEDIUM').length === 1,
        },
      ],
    };
  },
};

const weakenedDefaults: Case = {
  title: 'a pipeline ends the enforcement of IMDSv2',
  play: async (scenario) => {
    const { sandbox } = scenario;
    await groupsOf(scenario).delete('legacy-asg');
    const ec2 = new EC2Client(sandbox.client({ accessKeyId: 'AKIAPIPELINE' }));
    await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokensEnforced: 'disabled' }));
    const alert = () => scenario.messages(PREVENTION).find((message) => severityOf(message) === 'HIGH');
    return {
      instances: [],
      isDone: () => alert() !== undefined,
      checks: [
        {
          what: 'the alert is HIGH and names the caller',
          passes: () => alert()?.email.body.includes('deploy-pipeline/build-4711') === true,
        },
        {
          what: 'it has the defaults as they are now',
          passes: () => alert()?.email.body.includes('They are now') === true,
        },
        {
          what: 'and the command that enforces IMDSv2 again',
          passes: () => alert()?.email.body.includes('--http-tokens-enforced enabled') === true,
        },
      ],
    };
  },
};

/** From a compliant group to enforcement and what it refuses, on one account. */
export const cases = (imdsv2: CommandLine): readonly Case[] => [
  remediatedGroup,
  prevented(imdsv2),
  refusedLaunch,
  weakenedDefaults,
];
