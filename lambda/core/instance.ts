/** Metadata options as EC2 names them. What EC2 did not state is absent; strings, because AWS may add values. */
export interface MetadataOptions {
  readonly HttpTokens?: string;
  readonly HttpEndpoint?: string;
  readonly HttpPutResponseHopLimit?: number;
  readonly HttpProtocolIpv6?: string;
  readonly InstanceMetadataTags?: string;
  /** `pending` until the change has reached the instance; normal, never a failure. */
  readonly State?: string;
}

/** An instance as read a moment ago. Every decision is taken on this, never on the event's word. */
export interface Snapshot {
  readonly instanceId: string;
  /** `pending`, `running`, `stopping`, `stopped`, `shutting-down` or `terminated`; empty if EC2 did not say. */
  readonly state: string;
  readonly options: MetadataOptions;
  /** An AWS service operates it and nobody else can modify it. */
  readonly awsManaged: boolean;
  /** Time of the last start: EC2 moves it each time a stopped instance is started. */
  readonly launchTime?: Date;
  /** Time of the very first launch: when the primary interface or the root volume was attached. */
  readonly firstLaunch?: Date;
  readonly tags: ReadonlyMap<string, string>;
}

/** How long after its first launch an instance still counts as newly launched when it reaches `running`. */
const LAUNCH_MINUTES = 15;

/**
 * Whether this start is the first one. An instance whose first launch cannot be read is not treated as new: nobody's
 * production is changed on a guess.
 */
export function isFirstLaunch({ launchTime, firstLaunch }: Snapshot): boolean {
  if (launchTime === undefined || firstLaunch === undefined) return false;
  return launchTime.getTime() - firstLaunch.getTime() <= LAUNCH_MINUTES * 60_000;
}
