import type { Clock } from '../simulation/clock.ts';
import type { Ids } from '../simulation/ids.ts';
import type { Params } from '../wire/params.ts';
import type { Instance, Operator, StateName } from './instance.ts';
import { effectiveOptions, type MetadataDefaults, type MetadataOptions } from './metadata-options.ts';
import type { Image } from './image.ts';
import type { DeclarativePolicy, Ec2Region } from './region.ts';
import { LaunchTemplate } from './templates/template.ts';

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

/** A version of a launch template that was made before the sandbox started. */
export interface ExistingTemplate {
  readonly id: string;
  readonly name: string;
  readonly imageId?: string;
  readonly instanceType?: string;
  readonly options?: Partial<MetadataOptions>;
  /** Tags of its instances. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Other launch template data, named as in the model of EC2. */
  readonly data?: Params;
  /** Tags of the template itself, also those that only AWS services can set. */
  readonly templateTags?: Readonly<Record<string, string>>;
  readonly createdBy?: string;
  /** The AWS service that manages it. */
  readonly operator?: string;
}

const SOME_USER = 'arn:aws:sts::111122223333:assumed-role/Developer/dev';
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

  /** Adds a version to a launch template, which is made with its first version. That one is the default version. */
  public addLaunchTemplate(existing: ExistingTemplate): { readonly id: string; readonly version: string } {
    const { id, name, imageId, instanceType, options, tags, data = {}, createdBy = SOME_USER } = existing;
    const { templates } = this.#region;
    const made = { createdAt: this.#clock.now(), createdBy };
    const template =
      templates.all().find((known) => known.id === id) ??
      templates.add(
        new LaunchTemplate(
          { id, name, operator: existing.operator, tags: new Map(Object.entries(existing.templateTags ?? {})) },
          made,
        ),
      );
    const Tags = Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
    const given = {
      ImageId: imageId,
      InstanceType: instanceType,
      MetadataOptions: options,
      TagSpecifications: tags === undefined ? undefined : [{ ResourceType: 'instance', Tags }],
      ...data,
    };
    const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    return { id, version: String(template.add({ ...made, data: stated }).number) };
  }

  /** Adds a NAT gateway with its public address to the VPC of the instances. */
  public addNatGateway(publicIp: string): string {
    const id = `nat-${this.#ids.hex('nat', 17, `${this.#region.name} ${publicIp}`)}`;
    this.#region.natGateways.push({ id, publicIp });
    return id;
  }

  /** Registers an image, such as one with `imdsSupport: 'v2.0'`. */
  public addImage(imageId: string, image: Image): void {
    this.#region.images.set(imageId, image);
  }

  /** Lets a policy of the organization set the metadata defaults of the account, or no policy. */
  public setDeclarativePolicy(policy: DeclarativePolicy | undefined): void {
    this.#region.declarativePolicy = policy;
  }
}
