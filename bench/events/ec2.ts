import type { MetadataOptions, Snapshot } from '../../lambda/core/instance.ts';
import type { Lookup } from '../../lambda/core/target.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { AWS_LIMITS, Buckets } from '../../sandbox/aws/ec2/buckets.ts';
import type { VirtualClock } from '../scan/clock.ts';

/** Instance ids that one filter takes, and instances of one page: each further one is a further call. */
const FILTER_VALUES = 200;
const PAGE = 1000;

const YEAR_MS = 365 * 86_400_000;

/** An instance, and what happened to it. Times are virtual milliseconds since 1970. */
export interface Instance {
  readonly id: string;
  readonly region: string;
  readonly token: string;
  /** The launch, or the call that re-enabled IMDSv1. */
  readonly launchedAt: number;
  /** Whether it was launched long before, and IMDSv1 was re-enabled. */
  readonly drift?: boolean;
  /** Until then EC2 does not show it. */
  readonly visibleAt: number;
  remediatedAt?: number;
  changes: number;
  /** Alerts that name it, and those of them that only say that it was remediated already. */
  alerts: number;
  repeats: number;
}

/** What one launch asks for. */
export interface LaunchRequest {
  readonly region: string;
  readonly count: number;
  readonly token: string;
  /** Milliseconds until EC2 shows the instances. */
  readonly hiddenMs: number;
}

/** EC2 of one account: instances that were launched with IMDSv1 enabled, and the token buckets of each Region. */
export class Ec2 {
  public readonly instances = new Map<string, Instance>();
  /** Changes that a bucket refused: of the product, and of people. */
  public refused = 0;
  public refusedToPeople = 0;
  public remediated = 0;
  /** Regions whose EC2 answers nothing but errors. */
  public readonly unavailable = new Set<string>();
  readonly #byToken = new Map<string, Instance[]>();
  readonly #buckets = new Map<string, Buckets>();
  readonly #clock: VirtualClock;

  public constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  public launch({ region, count, token, hiddenMs }: LaunchRequest): readonly Instance[] {
    const launchedAt = this.#clock.now();
    const launched = Array.from({ length: count }, (_, index): Instance => {
      const id = `i-0${(this.instances.size + index).toString(16).padStart(16, '0')}`;
      return { id, region, token, launchedAt, visibleAt: launchedAt + hiddenMs, changes: 0, alerts: 0, repeats: 0 };
    });
    for (const instance of launched) this.instances.set(instance.id, instance);
    this.#byToken.set(token, launched);
    return launched;
  }

  /** A person re-enables IMDSv1 on an instance that was launched long before; `undefined` if the call was refused. */
  public reEnable(region: string): Instance | undefined {
    if (!this.changeByPerson(region)) return undefined;
    const now = this.#clock.now();
    const id = `i-0d${this.instances.size.toString(16).padStart(15, '0')}`;
    const times = { launchedAt: now, visibleAt: now };
    const instance = { id, region, token: `drift-${id}`, drift: true, ...times, changes: 0, alerts: 0, repeats: 0 };
    this.instances.set(id, instance);
    return instance;
  }

  /** @throws FailureError */
  public describe(region: string, ids: readonly string[]): Snapshot[] {
    for (let start = 0; start < ids.length; start += FILTER_VALUES) this.#take(region, 'DescribeInstances');
    return ids.flatMap((id) => this.#visible(this.instances.get(id)));
  }

  /** @throws FailureError */
  public find({ region, clientToken = '' }: Lookup): Snapshot[] {
    const found = (this.#byToken.get(clientToken) ?? []).flatMap((instance) => this.#visible(instance));
    for (let start = 0; start <= found.length; start += PAGE) this.#take(region, 'DescribeInstances');
    return found;
  }

  /** @throws FailureError */
  public requireTokens(region: string, id: string): MetadataOptions {
    try {
      this.#take(region, 'ModifyInstanceMetadataOptions');
    } catch (error) {
      this.refused += 1;
      throw error;
    }
    const instance = this.instances.get(id);
    if (instance === undefined) throw new FailureError('not-visible', 'InvalidInstanceID.NotFound');
    instance.changes += 1;
    if (instance.remediatedAt === undefined) this.remediated += 1;
    instance.remediatedAt ??= this.#clock.now();
    return { ...optionsOf(instance), State: 'pending' };
  }

  /** A person changes the metadata options of some instance, once. @returns whether EC2 accepted it. */
  public changeByPerson(region: string): boolean {
    try {
      this.#take(region, 'ModifyInstanceMetadataOptions');
      return true;
    } catch {
      this.refusedToPeople += 1;
      return false;
    }
  }

  #take(region: string, action: string): void {
    if (this.unavailable.has(region)) throw new FailureError('unavailable', 'Unavailable: The server is overloaded.');
    let buckets = this.#buckets.get(region);
    if (buckets === undefined) this.#buckets.set(region, (buckets = new Buckets(AWS_LIMITS)));
    try {
      buckets.take(action, this.#clock.now());
    } catch (error) {
      throw new FailureError('throttled', 'RequestLimitExceeded: Request limit exceeded.', { cause: error });
    }
  }

  #visible(instance: Instance | undefined): Snapshot[] {
    if (instance === undefined || instance.visibleAt > this.#clock.now()) return [];
    const launchTime = new Date(instance.launchedAt - (instance.drift === true ? YEAR_MS : 0));
    const tags = new Map([
      ['Name', `web-${instance.id}`],
      ['aws:autoscaling:groupName', 'web'],
    ]);
    const options = optionsOf(instance);
    return [
      {
        instanceId: instance.id,
        state: 'running',
        options,
        awsManaged: false,
        launchTime,
        firstLaunch: launchTime,
        tags,
      },
    ];
  }
}

const optionsOf = ({ remediatedAt }: Instance): MetadataOptions => ({
  HttpTokens: remediatedAt === undefined ? 'optional' : 'required',
  HttpEndpoint: 'enabled',
  HttpPutResponseHopLimit: 1,
  HttpProtocolIpv6: 'disabled',
  InstanceMetadataTags: 'disabled',
  State: 'applied',
});
