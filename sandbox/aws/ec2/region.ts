import { ApiError } from '../wire/errors.ts';
import { Buckets, type Limits } from './buckets.ts';
import type { Instance } from './instance.ts';
import type { MetadataDefaults, MetadataOptions } from './metadata-options.ts';

/** A launch template version: what a launch takes over from it. */
export interface LaunchTemplate {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly imageId?: string;
  readonly instanceType?: string;
  readonly options?: Partial<MetadataOptions>;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Terminated instances usually stay visible for less than an hour. API reference, DescribeInstances. */
const TERMINATED_VISIBLE_MS = 3_600_000;

/** What EC2 holds in one region. */
export class Ec2Region {
  public readonly name: string;
  public readonly buckets: Buckets;
  public readonly launchTemplates: LaunchTemplate[] = [];
  /** Only images with something to say; any other well-formed id is an image too. */
  public readonly images = new Map<string, { readonly imdsSupport?: string }>();
  /** What was asked for under a client token: the same again is a retry. */
  public readonly launches = new Map<string, string>();
  public defaults: MetadataDefaults = {};
  readonly #instances = new Map<string, Instance>();
  readonly #byToken = new Map<string, Instance[]>();

  public constructor(name: string, limits: Limits) {
    this.name = name;
    this.buckets = new Buckets(limits);
  }

  public add(instance: Instance): void {
    this.#instances.set(instance.id, instance);
    if (instance.clientToken === '') return;
    const others = this.#byToken.get(instance.clientToken);
    if (others === undefined) this.#byToken.set(instance.clientToken, [instance]);
    else others.push(instance);
  }

  /** How many there ever were. */
  public get size(): number {
    return this.#instances.size;
  }

  /** All instances, the invisible ones too, oldest first. */
  public all(): Instance[] {
    return [...this.#instances.values()];
  }

  public get(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  public withToken(token: string): readonly Instance[] {
    return this.#byToken.get(token) ?? [];
  }

  /** The instances that EC2 knows now, of those given. */
  public visible(instances: Iterable<Instance>, now: number): Instance[] {
    return [...instances].filter((instance) => isVisible(instance, now));
  }

  /** The instances of these ids, in that order. One unknown id fails them all, as it does in EC2. */
  public find(ids: readonly string[], now: number): Instance[] {
    const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
    if (malformed !== undefined) throw new ApiError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
    const found = ids.map((id) => this.#instances.get(id)).filter((instance) => instance !== undefined);
    const known = new Set(this.visible(found, now).map(({ id }) => id));
    const unknown = ids.filter((id) => !known.has(id));
    if (unknown.length === 0) return found;
    const [noun, verb] = unknown.length === 1 ? ['ID', 'does'] : ['IDs', 'do'];
    throw new ApiError('InvalidInstanceID.NotFound', `The instance ${noun} '${unknown.join(', ')}' ${verb} not exist`);
  }
}

const isVisible = ({ visibleAt, terminatedAt = Infinity, forgottenAt }: Instance, now: number): boolean =>
  visibleAt <= now && now < (forgottenAt ?? terminatedAt + TERMINATED_VISIBLE_MS);
