/** An API call of software on an instance, made with the credentials of the instance's role. */
export interface SoftwareCall {
  readonly userAgent: string;
  /** Such as `ec2`. */
  readonly service: string;
  /** Such as `DescribeInstances`. */
  readonly action: string;
  /** The version of IMDS that delivered the credentials. @default '1.0' */
  readonly delivery?: '1.0' | '2.0';
  /** @default '203.0.113.10' */
  readonly sourceIp?: string;
  /** The VPC endpoint that the call went through. */
  readonly vpcEndpointId?: string;
  /** @default an hour before now */
  readonly at?: Date;
}

/** A call in the history of a region. */
export interface RecordedSoftwareCall extends Omit<SoftwareCall, 'at'> {
  readonly instanceId: string;
  /** Simulated milliseconds since 1970. */
  readonly at: number;
}

/** CloudTrail delivers an event about 5 minutes after the call. https://aws.amazon.com/cloudtrail/faqs/ */
const DELIVERY_MS = 300_000;

/** The API calls of software that runs on instances: it is not run, its calls are only recorded. */
export class Software {
  readonly #calls = new Map<string, RecordedSoftwareCall[]>();

  public constructor(
    private readonly homeRegion: string,
    private readonly now: () => number,
  ) {}

  /** Adds a call, or the same call several times. */
  public add(instanceId: string, call: SoftwareCall, { region = this.homeRegion, times = 1 } = {}): void {
    const at = call.at?.getTime() ?? this.now() - 3_600_000;
    const calls = this.#calls.get(region) ?? [];
    this.#calls.set(region, calls);
    for (let count = 0; count < times; count++) calls.push({ ...call, instanceId, at });
  }

  /** The calls in a region that event history has received. */
  public calls(region: string, now: number): readonly RecordedSoftwareCall[] {
    return (this.#calls.get(region) ?? []).filter(({ at }) => at + DELIVERY_MS <= now);
  }
}
