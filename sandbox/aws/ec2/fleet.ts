import type { Clock } from '../simulation/clock.ts';
import type { Ids } from '../simulation/ids.ts';
import type { Instance, Operator, StateName } from './instance.ts';
import { effectiveOptions, type MetadataDefaults, type MetadataOptions } from './metadata-options.ts';
import type { Ec2Region, LaunchTemplate } from './region.ts';

/** An instance that was launched before the sandbox started. */
export interface ExistingInstance {
  /** First launch. */
  readonly launchedAt: Date;
  /** Last start. @default the first launch */
  readonly startedAt?: Date;
  /** When it was terminated. @default now, in the state `terminated` */
  readonly terminatedAt?: Date;
  readonly state?: StateName;
  readonly options?: Partial<MetadataOptions>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly operator?: Operator;
  readonly imageId?: string;
  readonly instanceType?: string;
  readonly clientToken?: string;
  readonly profileArn?: string;
  /** @default none, as in a private subnet */
  readonly publicIp?: string;
}

const SOME_IMAGE = 'ami-0aa11bb22cc33dd44';

/** Direct access to the instances of a region: without API calls, throttling or events. */
export class Fleet {
  readonly #region: Ec2Region;
  readonly #clock: Clock;
  readonly #ids: Ids;

  public constructor(region: Ec2Region, clock: Clock, ids: Ids) {
    this.#region = region;
    this.#clock = clock;
    this.#ids = ids;
  }

  /** All instances, including those that describe calls do not return. */
  public instances(): readonly Instance[] {
    return this.#region.all();
  }

  public get(id: string): Instance | undefined {
    return this.#region.get(id);
  }

  /** The account's defaults in this region. */
  public get defaults(): MetadataDefaults {
    return this.#region.defaults;
  }

  /** Adds an instance as if it had been launched in the past. */
  public add(existing: ExistingInstance): Instance {
    const { imageId = SOME_IMAGE, state = 'running' } = existing;
    const count = this.#ids.count(`existing ${this.#region.name}`);
    const key = `${this.#region.name} existing ${count}`;
    const launchedAt = existing.launchedAt.getTime();
    const instance: Instance = {
      id: `i-${this.#ids.hex('instance', 17, key)}`,
      reservationId: `r-${this.#ids.hex('reservation', 17, key)}`,
      region: this.#region.name,
      sequence: this.#region.size,
      launchIndex: 0,
      imageId,
      instanceType: existing.instanceType ?? 't3.micro',
      clientToken: existing.clientToken ?? '',
      profileArn: existing.profileArn,
      publicIp: existing.publicIp,
      operator: existing.operator,
      launchedAt,
      startedAt: existing.startedAt?.getTime() ?? launchedAt,
      visibleAt: launchedAt,
      terminatedAt: state === 'terminated' ? (existing.terminatedAt?.getTime() ?? this.#clock.now()) : undefined,
      state,
      downtimes: state === 'stopped' || state === 'stopping' ? [{}] : undefined,
      options: effectiveOptions(existing.options ?? {}, {}, {}, this.#region.images.get(imageId) ?? {}),
      optionsState: 'applied',
      tags: new Map(Object.entries(existing.tags ?? {})),
    };
    this.#region.add(instance);
    return instance;
  }

  /** Registers a version of a launch template. The first one is the default version. */
  public addLaunchTemplate(template: Omit<LaunchTemplate, 'version'>): LaunchTemplate {
    const versions = this.#region.launchTemplates.filter(({ id }) => id === template.id);
    const version = { ...template, version: String(versions.length + 1) };
    this.#region.launchTemplates.push(version);
    return version;
  }

  /** Adds a NAT gateway with its public address to the VPC of the instances. */
  public addNatGateway(publicIp: string): string {
    const id = `nat-${this.#ids.hex('nat', 17, `${this.#region.name} ${publicIp}`)}`;
    this.#region.natGateways.push({ id, publicIp });
    return id;
  }

  /** Registers an image, such as one with `imdsSupport: 'v2.0'`. */
  public addImage(imageId: string, image: { readonly imdsSupport?: string }): void {
    this.#region.images.set(imageId, image);
  }
}
