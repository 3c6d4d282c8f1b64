import type { Filter } from '../../lambda/app/ports/index.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { AWS_LIMITS, Buckets } from '../../sandbox/aws/ec2/buckets.ts';
import type { VirtualClock } from './clock.ts';

/** The case that an instance is for the scan. */
export type Kind = 'unused' | 'in-use' | 'stopped' | 'no-data' | 'exempt' | 'compliant';

const PAGE = 1000;
const OLD = new Date('2024-03-01T08:00:00Z');
/** Within the longest exemption, as of the clock of a run. */
const EXEMPT_UNTIL = '2026-11-20';
const STOPPED_FOR_MS = 3 * 86_400_000;

/**
 * Request limits of EC2, and quotas of GetMetricData: calls per second, and data points per second.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
 */
const LIMITS = {
  ...AWS_LIMITS,
  GetMetricData: { capacity: 50, refill: 50 },
  'GetMetricData points': { capacity: 396_000, refill: 396_000 },
};

/** A simulated region of non-compliant instances, and a tenth as many that are exempt or compliant. */
export class Region {
  public readonly size: number;
  /** The number of changes of each instance. */
  public readonly changes: Uint8Array;
  /** The number of throttled calls. */
  public throttled = 0;
  readonly #nonCompliant: number;
  readonly #clock: VirtualClock;
  readonly #buckets = new Buckets(LIMITS);
  readonly #required: Uint8Array;
  /** The number of instances with IMDSv1 enabled in each block of a page's size: to count them for each page takes long. */
  readonly #optionalIn: Uint16Array;

  public constructor(nonCompliant: number, clock: VirtualClock) {
    this.#nonCompliant = nonCompliant;
    this.#clock = clock;
    this.size = Math.round(nonCompliant * 1.1);
    this.changes = new Uint8Array(this.size);
    this.#required = Uint8Array.from({ length: this.size }, (_, index) => (this.kindOf(index) === 'compliant' ? 1 : 0));
    this.#optionalIn = new Uint16Array(Math.ceil(this.size / PAGE));
    this.#required.forEach((required, index) => this.#count(index, 1 - required));
  }

  /** The kind of an instance. Kinds are distributed evenly, so that every batch has all of them. */
  public kindOf(index: number): Kind {
    if (index >= this.#nonCompliant) return index % 2 === 0 ? 'compliant' : 'exempt';
    const [hundred, ten] = [index % 100, index % 10];
    if (ten !== 7) return 'unused';
    if (hundred === 7) return 'stopped';
    return hundred === 17 ? 'no-data' : 'in-use';
  }

  public isRequired(index: number): boolean {
    return this.#required[index] === 1;
  }

  public indices(): number[] {
    return Array.from({ length: this.size }, (_, index) => index);
  }

  /**
   * Takes tokens of a call.
   *
   * @throws Error with the error code of AWS as name, if the bucket has too few.
   */
  public take(bucket: string, tokens = 1): void {
    try {
      this.#buckets.take(bucket, this.#clock.now(), tokens);
    } catch (error) {
      this.throttled += 1;
      throw Object.assign(new Error('Rate exceeded', { cause: error }), { name: 'Throttling' });
    }
  }

  public describe(instanceIds: readonly string[]): Snapshot[] {
    this.take('DescribeInstances');
    return instanceIds.map((id) => this.#snapshot(indexOf(id)));
  }

  /** A page of the instances that match the filters now, so that remediated instances shift later pages. */
  public page(filters: readonly Filter[], token = '0') {
    this.take('DescribeInstances');
    const onlyNonCompliant = filters.some(({ values }) => values.includes('optional'));
    const from = Number(token);
    const matching = onlyNonCompliant ? this.#optionalIn.reduce((sum, count) => sum + count, 0) : this.size;
    const snapshots: Snapshot[] = [];
    let [index, toSkip] = onlyNonCompliant ? this.#blockOf(from) : [from, 0];
    for (; index < this.size && snapshots.length < PAGE; index += 1) {
      if (onlyNonCompliant && this.isRequired(index)) continue;
      if (toSkip > 0) toSkip -= 1;
      else snapshots.push(this.#snapshot(index));
    }
    return { snapshots, next: from + PAGE < matching ? String(from + PAGE) : undefined };
  }

  /** The index where the block of the n-th instance with IMDSv1 enabled begins, and how many of them come before it. */
  #blockOf(nth: number): [index: number, toSkip: number] {
    let [block, toSkip] = [0, nth];
    for (; toSkip >= (this.#optionalIn[block] ?? Infinity); block += 1) toSkip -= this.#optionalIn[block] ?? 0;
    return [block * PAGE, toSkip];
  }

  public requireTokens(instanceId: string) {
    this.take('ModifyInstanceMetadataOptions');
    const index = indexOf(instanceId);
    if (!this.isRequired(index)) this.#count(index, -1);
    this.#required[index] = 1;
    this.changes[index] = (this.changes[index] ?? 0) + 1;
    return { ...this.#snapshot(index).options, State: 'pending' };
  }

  #count(index: number, change: number): void {
    const block = Math.floor(index / PAGE);
    this.#optionalIn[block] = (this.#optionalIn[block] ?? 0) + change;
  }

  /** The data points of an instance. */
  public points(instanceId: string, from: Date, to: Date, periodSeconds: number) {
    const kind = this.kindOf(indexOf(instanceId));
    const [Timestamps, Values]: [Date[], number[]] = [[], []];
    if (kind === 'no-data') return { Timestamps, Values };
    const end = Math.min(to.getTime(), this.#clock.now()) - (kind === 'stopped' ? STOPPED_FOR_MS : 0);
    for (let at = from.getTime(); at < end; at += periodSeconds * 1000) {
      Timestamps.push(new Date(at));
      Values.push(kind === 'in-use' ? 12 : 0);
    }
    return { Timestamps, Values };
  }

  #snapshot(index: number): Snapshot {
    const kind = this.kindOf(index);
    const required = this.isRequired(index);
    return {
      instanceId: idOf(index),
      state: kind === 'stopped' ? 'stopped' : 'running',
      awsManaged: false,
      launchTime: new Date(OLD.getTime() + index * 1000),
      firstLaunch: new Date(OLD.getTime() + index * 1000),
      options: {
        HttpTokens: required ? 'required' : 'optional',
        HttpEndpoint: 'enabled',
        HttpPutResponseHopLimit: 2,
        HttpProtocolIpv6: 'disabled',
        InstanceMetadataTags: 'disabled',
        State: 'applied',
      },
      tags: new Map([
        ['Name', `web-${index}`],
        // No tag names a launch source: of one, only a share would be changed in a run, and a group is one metric.
        ['cost-center', `cc-${index % 500}`],
        ['backup-plan', `plan-0${(index % 500).toString(16).padStart(16, '0')}`],
        ['environment', 'production'],
        ['team', `team-${index % 40}`],
        ...(kind === 'exempt' ? [['imdsv2:exempt-until', EXEMPT_UNTIL] as const] : []),
      ]),
    };
  }
}

/** The id of an instance: one string in memory, as of a response, and not the parts that it is made of. */
export const idOf = (index: number): string =>
  Buffer.from(`i-0${index.toString(16).padStart(16, '0')}`).toString('latin1');
export const indexOf = (instanceId: string): number => parseInt(instanceId.slice(3), 16);
