import type { MetadataOptions, Snapshot } from '../instance.ts';
import type { AccountDefaults } from '../rollback.ts';

/** What a launch states about its metadata options, and what decides about the options that it does not state. */
export interface LaunchSpec {
  readonly options: MetadataOptions;
  /** Id of the AMI, or a Systems Manager parameter; absent if each launch names one. */
  readonly imageId?: string;
  /** Whether the user data starts containers, or joins a cluster that does. */
  readonly startsContainers: boolean;
}

/** A launch template, without its versions. */
export interface Template {
  readonly id: string;
  /** Untrusted input, as the tags are. */
  readonly name: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly defaultVersion: number;
  readonly latestVersion: number;
  /** An AWS service manages it, and no one else can change it. */
  readonly awsManaged: boolean;
}

/** A version of a launch template. */
export interface TemplateVersion extends LaunchSpec {
  readonly templateId: string;
  readonly version: number;
  /** Untrusted input. */
  readonly description?: string;
  /** Tags that the launched instances get. Untrusted input. */
  readonly instanceTags: ReadonlyMap<string, string>;
}

/** How a group or a fleet names a version of a launch template. */
export interface TemplateReference {
  /** One of both is enough for AWS. */
  readonly templateId?: string;
  readonly templateName?: string;
  /** A number, `$Latest`, or `$Default`, which also applies if it is absent. */
  readonly version?: string;
  /** The AMI that takes the place of the one in the template. */
  readonly imageId?: string;
}

/** Kinds of what launches instances again and again, without a person. */
export type LauncherKind = 'auto-scaling-group' | 'ec2-fleet' | 'spot-fleet' | 'spot-request';

/** A group, a fleet or a request that launches instances. */
export interface Launcher {
  readonly kind: LauncherKind;
  /** Name of a group, or id. Untrusted input, as the tags are. */
  readonly name: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly references: readonly TemplateReference[];
  /** Name of the launch configuration of a group. */
  readonly launchConfiguration?: string;
  /** Launch specifications that are a part of it, and have no metadata options. */
  readonly specs: readonly LaunchSpec[];
}

/** An AMI. */
export interface Image {
  /** Untrusted input. */
  readonly name: string;
  /** `v2.0` if instances of it require IMDSv2, unless the launch states something else. */
  readonly imdsSupport?: string;
}

/** What could not be looked at, and why. */
export interface Unseen {
  /** Such as `Auto Scaling groups`. */
  readonly what: string;
  readonly problem: string;
}

/** Everything in a region that decides whether its next launches require IMDSv2. */
export interface LaunchInventory {
  /** Absent if they could not be read. */
  readonly defaults?: AccountDefaults;
  readonly templates: ReadonlyMap<string, Template>;
  /** By `versionKey`: the default and the latest version of each template, and the ones that are referred to. */
  readonly versions: ReadonlyMap<string, TemplateVersion>;
  readonly launchers: readonly Launcher[];
  readonly launchConfigurations: ReadonlyMap<string, LaunchSpec>;
  /** The AMIs that launches name. One that EC2 does not return is absent. */
  readonly images: ReadonlyMap<string, Image>;
  /** Instances of the last 24 hours that were launched with IMDSv1 enabled, and have it enabled still. */
  readonly recent: readonly Snapshot[];
  readonly unseen: readonly Unseen[];
}

/** The key of a version of a launch template. */
export const versionKey = (templateId: string, version: number): string => `${templateId} ${version}`;

/** The inventory of a region in which nothing launches instances. */
export const NO_LAUNCHES: LaunchInventory = {
  templates: new Map(),
  versions: new Map(),
  launchers: [],
  launchConfigurations: new Map(),
  images: new Map(),
  recent: [],
  unseen: [],
};

/** The actions that read what launches instances, and what decides about their metadata options. */
export const LAUNCH_SOURCE_READS = [
  'ec2:DescribeLaunchTemplates',
  'ec2:DescribeLaunchTemplateVersions',
  'ec2:DescribeImages',
  'ec2:DescribeFleets',
  'ec2:DescribeSpotFleetRequests',
  'ec2:DescribeSpotInstanceRequests',
  'autoscaling:DescribeAutoScalingGroups',
  'autoscaling:DescribeLaunchConfigurations',
] as const;
