import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  DeleteLaunchTemplateVersionsCommand,
  DescribeLaunchTemplateVersionsCommand,
  EC2Client,
  ModifyInstanceMetadataDefaultsCommand,
  ModifyLaunchTemplateCommand,
} from '@aws-sdk/client-ec2';
import type { Sandbox } from '../../sandbox/index.ts';

const GROUP = { AutoScalingGroupName: 'workers', MinSize: 0, MaxSize: 1, VPCZoneIdentifier: 'subnet-0aa' };
const FOLLOWER = { ...GROUP, AutoScalingGroupName: 'usual' };

/** A launch template with IMDSv1 in a Region, and two groups that launch from it: by number, and by `$Default`. */
export class LaunchSources {
  readonly #ec2: EC2Client;
  readonly #groups: AutoScalingClient;
  #id = '';

  public constructor(sandbox: Sandbox, region: string) {
    this.#ec2 = new EC2Client(sandbox.client({ region }));
    this.#groups = new AutoScalingClient(sandbox.client({ region }));
  }

  public async create(): Promise<void> {
    const LaunchTemplateData = {
      ImageId: 'ami-0aa11bb22cc33dd44',
      InstanceType: 't3.micro' as const,
      MetadataOptions: { HttpTokens: 'optional' as const },
    };
    const command = new CreateLaunchTemplateCommand({ LaunchTemplateName: 'workers', LaunchTemplateData });
    this.#id = (await this.#ec2.send(command)).LaunchTemplate?.LaunchTemplateId ?? '';
    await this.#groups.send(new CreateAutoScalingGroupCommand({ ...GROUP, ...this.#reference('1') }));
    await this.#groups.send(new CreateAutoScalingGroupCommand({ ...FOLLOWER, ...this.#reference('$Default') }));
  }

  /** Makes everything as it was created. */
  public async reset(): Promise<void> {
    const template = { LaunchTemplateId: this.#id };
    await this.#groups.send(new UpdateAutoScalingGroupCommand({ ...GROUP, ...this.#reference('1') }));
    await this.#ec2.send(new ModifyLaunchTemplateCommand({ ...template, DefaultVersion: '1' }));
    const { LaunchTemplateVersions = [] } = await this.#ec2.send(new DescribeLaunchTemplateVersionsCommand(template));
    const Versions = LaunchTemplateVersions.flatMap(({ VersionNumber = 1 }) =>
      VersionNumber === 1 ? [] : [String(VersionNumber)],
    );
    if (Versions.length > 0) await this.#ec2.send(new DeleteLaunchTemplateVersionsCommand({ ...template, Versions }));
    const none = { HttpTokens: 'no-preference', HttpTokensEnforced: 'no-preference' } as const;
    await this.#ec2.send(new ModifyInstanceMetadataDefaultsCommand(none));
  }

  public stop(): void {
    this.#ec2.destroy();
    this.#groups.destroy();
  }

  readonly #reference = (Version: string) => ({ LaunchTemplate: { LaunchTemplateId: this.#id, Version } });
}
