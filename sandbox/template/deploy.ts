import type { Bus } from '../bus/bus.ts';
import { compilePattern } from '../bus/pattern.ts';
import type { Target } from '../bus/rule.ts';
import type { FunctionSettings } from '../lambda/function.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Queue } from '../sqs/queue.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Topic, Topics } from '../sns/topics.ts';
import { at, list, text } from '../wire/params.ts';
import { Intrinsics } from './intrinsics.ts';
import { forbidden } from './permissions.ts';
import { asyncSettings, pollerSettings, queueSettings, retryPolicy, whole } from './properties.ts';
import { isNamed, type Resource, resourcesOf, type StackInput, type Template, TemplateError } from './template.ts';

/** What a stack is deployed to. */
export interface Ground {
  readonly account: string;
  readonly homeRegion: string;
  readonly queues: Queues;
  readonly topics: Topics;
  readonly functions: Functions;
  readonly bus: Bus;
  /** The built module of a function, by its names; one text for all of them. */
  readonly bundles: string | Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_MEMORY_MB = 128;

/** Wires the resources of a stack that the local AWS has; others (roles, alarms, keys, …) are left alone. */
export class Deployment {
  public readonly queues = new Map<string, Queue>();
  public readonly topics = new Map<string, Topic>();
  /** Rules that do not wait for events (schedules), and disabled ones: nothing fires them here. */
  public readonly idleRules: string[] = [];
  readonly #template: Template;
  readonly #ground: Ground;
  readonly #region: string;
  readonly #intrinsics: Intrinsics;

  public constructor({ template, region, name = 'Local' }: StackInput, ground: Ground) {
    const { account, homeRegion, queues } = ground;
    this.#template = template;
    this.#ground = ground;
    this.#region = region ?? homeRegion;
    const place = { account, region: this.#region, stackName: name, queueUrl: (arn: string) => queues.urlOf(arn) };
    this.#intrinsics = new Intrinsics(template, place);
    for (const [id, properties] of this.#resources('AWS::SQS::Queue')) this.#queue(id, properties);
    for (const [id, properties] of this.#resources('AWS::SNS::Topic')) this.#topic(id, properties);
    for (const [, properties] of this.#resources('AWS::SNS::Subscription')) this.#subscribe(properties);
    for (const [id, resource] of resourcesOf(template, 'AWS::Lambda::Function')) this.#function(id, resource);
    for (const [id, { Properties = {} }] of resourcesOf(template, 'AWS::Events::Rule')) this.#rule(id, Properties);
    for (const [, properties] of this.#resources('AWS::Lambda::EventSourceMapping')) this.#poller(properties);
  }

  /** A queue by logical id or construct id. */
  public queue(name: string): Queue | undefined {
    return this.#named(this.queues, name);
  }

  /** A topic by logical id or construct id. */
  public topic(name: string): Topic | undefined {
    return this.#named(this.topics, name);
  }

  #named<T>(things: ReadonlyMap<string, T>, name: string): T | undefined {
    const found = [...things].filter(([id]) => isNamed(id, this.#template.Resources?.[id] ?? { Type: '' }, name));
    return (found.find(([id]) => id === name) ?? found[0])?.[1];
  }

  #resources(type: string): (readonly [id: string, properties: Readonly<Record<string, unknown>>])[] {
    const unread = new Set(['KmsMasterKeyId', 'Tags']);
    return resourcesOf(this.#template, type).map(([id, { Properties = {} }]) => {
      const read = Object.fromEntries(Object.entries(Properties).filter(([name]) => !unread.has(name)));
      return [id, this.#intrinsics.resolve(read, id) as Readonly<Record<string, unknown>>];
    });
  }

  #queue(id: string, properties: Readonly<Record<string, unknown>>): void {
    if (properties.FifoQueue === true) throw new TemplateError(`${id}: FIFO queues are not known here`);
    const name = this.#intrinsics.nameOf(id);
    this.queues.set(id, this.#ground.queues.create(this.#region, name, queueSettings(properties)));
  }

  #topic(id: string, properties: Readonly<Record<string, unknown>>): void {
    const name = this.#intrinsics.nameOf(id);
    this.topics.set(id, this.#ground.topics.create(this.#region, name, text(properties, 'DisplayName')));
  }

  #subscribe(properties: Readonly<Record<string, unknown>>): void {
    const topic = this.#ground.topics.byArn(text(properties, 'TopicArn') ?? '');
    topic?.subscriptions.push({
      protocol: text(properties, 'Protocol') ?? '',
      endpoint: text(properties, 'Endpoint') ?? '',
    });
  }

  #function(id: string, resource: Resource): void {
    const bundle = this.#bundleOf(id, resource);
    if (bundle === undefined) return;
    const { Handler, Timeout, MemorySize, Environment, Role } = resource.Properties ?? {};
    const arn = this.#intrinsics.arnOf(id);
    const read = (value: unknown, name: string) => this.#intrinsics.resolve(value, `${id}.${name}`);
    const role = read(Role, 'Role');
    const name = this.#intrinsics.nameOf(id);
    const roleName = typeof role === 'string' ? (role.split('/').at(-1) ?? '') : `${name}-role`;
    const variables = at(read(Environment, 'Environment'), 'Variables') ?? {};
    const settings: FunctionSettings = {
      name,
      arn,
      region: this.#region,
      handler: text({ Handler }, 'Handler') ?? 'index.handler',
      bundle,
      timeoutSeconds: whole({ Timeout }, 'Timeout', DEFAULT_TIMEOUT_SECONDS),
      memoryMb: whole({ MemorySize }, 'MemorySize', DEFAULT_MEMORY_MB),
      environment: Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, String(value)])),
      roleArn: `arn:aws:sts::${this.#ground.account}:assumed-role/${roleName}/${name}`,
    };
    const config = this.#resources('AWS::Lambda::EventInvokeConfig').find(([, { FunctionName }]) =>
      [arn, name].includes(String(FunctionName)),
    );
    this.#ground.functions.add(settings, asyncSettings(config?.[1]));
  }

  #bundleOf(id: string, resource: Resource): string | undefined {
    const { bundles } = this.#ground;
    if (typeof bundles === 'string') return bundles;
    return Object.entries(bundles).find(([name]) => isNamed(id, resource, name))?.[1];
  }

  #rule(id: string, properties: Readonly<Record<string, unknown>>): void {
    const name = this.#intrinsics.nameOf(id);
    if (properties.EventPattern === undefined || properties.State === 'DISABLED') {
      this.idleRules.push(name);
      return;
    }
    const arn = this.#intrinsics.arnOf(id);
    const bus = this.#intrinsics.resolve(properties.EventBusName, `${id}.EventBusName`);
    const targets = list(properties, 'Targets').map((target, index) =>
      this.#target(arn, target, `${id}.Targets[${index}]`),
    );
    const matches = compilePattern(this.#intrinsics.resolve(properties.EventPattern, `${id}.EventPattern`));
    this.#ground.bus.add({ name, arn, busArn: this.#busArn(bus), matches, targets });
  }

  #target(ruleArn: string, target: unknown, where: string): Target {
    const resolved = this.#intrinsics.resolve(target, where);
    const shaped = ['Input', 'InputPath', 'InputTransformer'].find((name) => at(resolved, name) !== undefined);
    if (shaped !== undefined) throw new TemplateError(`${where}: ${shaped} is not known here`);
    const arn = text(resolved, 'Arn') ?? '';
    const deadLetterArn = text(resolved, 'DeadLetterConfig', 'Arn');
    if (arn.split(':')[2] === 'lambda' && !this.#ground.functions.has(arn)) {
      throw new TemplateError(`${where}: no bundle was given for ${arn}`);
    }
    const policies = (targetArn: string) => forbidden(this.#template, this.#intrinsics, ruleArn, targetArn);
    if (deadLetterArn !== undefined && policies(deadLetterArn) !== undefined) {
      throw new TemplateError(`${where}: the rule may not send to its dead-letter queue`);
    }
    return { arn, retry: retryPolicy(resolved), deadLetterArn, forbidden: policies(arn) };
  }

  #busArn(bus: unknown): string {
    if (typeof bus !== 'string' || bus === 'default') return this.#ground.bus.defaultBus(this.#region);
    return bus.startsWith('arn:') ? bus : this.#ground.bus.defaultBus(this.#region).replace(/default$/, bus);
  }

  #poller(properties: Readonly<Record<string, unknown>>): void {
    const queue = this.#ground.queues.byArn(text(properties, 'EventSourceArn') ?? '');
    const target = this.#ground.functions.get(text(properties, 'FunctionName') ?? '');
    if (queue === undefined || target === undefined || properties.Enabled === false) return;
    if (queue.settings.visibilityTimeout < target.settings.timeoutSeconds) {
      // CreateEventSourceMapping refuses it.
      throw new TemplateError(
        `the visibility timeout of ${queue.name} is less than the timeout of ${target.settings.name}`,
      );
    }
    this.#ground.functions.poll(queue, target, pollerSettings(properties));
  }
}
