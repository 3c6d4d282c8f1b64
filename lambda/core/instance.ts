/** Metadata options of EC2, absent if not returned. They are strings, because AWS may add values. */
export interface MetadataOptions {
  readonly HttpTokens?: string;
  readonly HttpEndpoint?: string;
  readonly HttpPutResponseHopLimit?: number;
  readonly HttpProtocolIpv6?: string;
  readonly InstanceMetadataTags?: string;
  /** `pending` until a change is applied to the instance; not a failure. */
  readonly State?: string;
}

/** An instance as it was just read. Decisions are based on it, not on the event, which may be outdated. */
export interface Snapshot {
  readonly instanceId: string;
  /** `pending`, `running`, `stopping`, `stopped`, `shutting-down` or `terminated`; empty if unknown. */
  readonly state: string;
  readonly options: MetadataOptions;
  /** An AWS service operates it, and no one else can modify it. */
  readonly awsManaged: boolean;
  /** Time of the last start: EC2 changes it each time a stopped instance is started. */
  readonly launchTime?: Date;
  /** Time of the first launch: when the primary network interface or the root volume was attached. */
  readonly firstLaunch?: Date;
  readonly tags: ReadonlyMap<string, string>;
  /** ARN of the instance profile, through which IMDS hands out credentials of a role. */
  readonly instanceProfile?: string;
  /** Public IPv4 addresses, and IPv6 addresses. */
  readonly publicAddresses?: readonly string[];
  readonly vpcId?: string;
}

/** Whether IMDSv1 is enabled. */
export function isImdsv1Enabled({ HttpTokens, HttpEndpoint }: MetadataOptions): boolean {
  return HttpTokens === 'optional' && HttpEndpoint === 'enabled';
}

/** Minutes after the first launch in which an exposure counts as that of the launch. */
const LAUNCH_MINUTES = 15;

/**
 * Whether an instance was first launched within 15 minutes before a time, or after it: records of launches can be
 * earlier than the attachment of the network interface. False if unknown, so that nothing is changed on a guess.
 */
export function isFirstLaunch({ firstLaunch }: Snapshot, at: Date): boolean {
  return firstLaunch !== undefined && at.getTime() - firstLaunch.getTime() <= LAUNCH_MINUTES * 60_000;
}
