import { ApiError } from '../wire/errors.ts';
import type { Params } from '../wire/params.ts';
import { Buckets, type Limits } from './buckets.ts';
import type { Image } from './image.ts';
import type { Instance } from './instance.ts';
import type { MetadataDefaults } from './metadata-options.ts';
import type { Shape } from './shape.ts';
import { LaunchTemplates } from './templates/templates.ts';

/** A policy of the organization that sets the metadata defaults of its accounts. */
export interface DeclarativePolicy {
  readonly defaults: MetadataDefaults;
  readonly exceptionMessage?: string;
}

/** A fleet of EC2 Fleet, named as in the model of EC2. */
export type FleetRequest = Params & { readonly FleetId: string };

/** How long describe calls return a terminated instance: API reference, DescribeInstances. */
const TERMINATED_VISIBLE_MS = 3_600_000;

/** The resources of EC2 in one region. */
export class Ec2Region {
  public readonly name: string;
  public readonly buckets: Buckets;
  public readonly templates = new LaunchTemplates();
  public readonly fleetRequests: FleetRequest[] = [];
  public readonly spotRequests: Params[] = [];
  public readonly spotFleetRequests: Params[] = [];
  public readonly natGateways: { readonly id: string; readonly publicIp: string }[] = [];
  /** Images with settings. Any other well-formed id denotes an image without settings. */
  public readonly images = new Map<string, Image>();
  /** A fingerprint of each launch by client token, to recognize retries. */
  public readonly launches = new Map<string, string>();
  /** The answers of calls with a client token. */
  public readonly answers = new Map<string, { readonly answer: Shape; readonly fingerprint: string }>();
  /** It replaces the defaults that the account has set. */
  public declarativePolicy: DeclarativePolicy | undefined;
  #ownDefaults: MetadataDefaults = {};
  readonly #instances = new Map<string, Instance>();
  readonly #byToken = new Map<string, Instance[]>();

  public constructor(name: string, limits: Limits) {
    this.name = name;
    this.buckets = new Buckets(limits);
  }

  public get defaults(): MetadataDefaults {
    return this.declarativePolicy?.defaults ?? this.#ownDefaults;
  }

  public set defaults(defaults: MetadataDefaults) {
    this.#ownDefaults = defaults;
  }

  public add(instance: Instance): void {
    this.#instances.set(instance.id, instance);
    if (instance.clientToken === '') return;
    const others = this.#byToken.get(instance.clientToken);
    if (others === undefined) this.#byToken.set(instance.clientToken, [instance]);
    else others.push(instance);
  }

  /** The number of instances, including terminated ones. */
  public get size(): number {
    return this.#instances.size;
  }

  /** All instances, including those that calls cannot see, oldest first. */
  public all(): Instance[] {
    return [...this.#instances.values()];
  }

  public get(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  public withToken(token: string): readonly Instance[] {
    return this.#byToken.get(token) ?? [];
  }

  /** The instances that calls can see now. */
  public visible(instances: Iterable<Instance>, now: number): Instance[] {
    return [...instances].filter((instance) => isVisible(instance, now));
  }

  /** The instances with these ids, in this order. As in EC2, one unknown id fails the call. */
  public find(ids: readonly string[], now: number): Instance[] {
    const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
    if (malformed !== undefined) throw new ApiError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
    const instances = ids.map((id) => this.#instances.get(id)).filter((instance) => instance !== undefined);
    const visibleIds = new Set(this.visible(instances, now).map(({ id }) => id));
    const unknown = ids.filter((id) => !visibleIds.has(id));
    if (unknown.length === 0) return instances;
    const [noun, verb] = unknown.length === 1 ? ['ID', 'does'] : ['IDs', 'do'];
    throw new ApiError('InvalidInstanceID.NotFound', `The instance ${noun} '${unknown.join(', ')}' ${verb} not exist`);
  }
}

const isVisible = ({ visibleAt, terminatedAt = Infinity, forgottenAt }: Instance, now: number): boolean =>
  visibleAt <= now && now < (forgottenAt ?? terminatedAt + TERMINATED_VISIBLE_MS);
