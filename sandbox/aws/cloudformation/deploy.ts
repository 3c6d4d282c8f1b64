import type { Bus } from '../eventbridge/bus.ts';
import { compilePattern } from '../eventbridge/pattern.ts';
import type { Target } from '../eventbridge/rule.ts';
import type { Clock } from '../simulation/clock.ts';
import { type DeployedStack, deployedStack } from './stack.ts';
import type { Functions } from '../lambda/functions.ts';
import { isFifoName } from '../sqs/fifo.ts';
import type { Queue } from '../sqs/queue.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Topic, Topics } from '../sns/topics.ts';
import { at, list, text } from '../wire/params.ts';
import { functionSettings } from './function.ts';
import { Intrinsics } from './intrinsics.ts';
import { forbidden } from './permissions.ts';
import { asyncSettings, pollerSettings, queueSettings, retryPolicy } from './properties.ts';
import {
  bestNamed,
  isNamed,
  type Resource,
  resourcesOf,
  type StackInput,
  type Template,
  TemplateError,
} from './template.ts';

/** What a stack is deployed to. */
export interface Ground {
  readonly account: string;
  readonly homeRegion: string;
  readonly clock: Clock;
  readonly queues: Queues;
  readonly topics: Topics;
  readonly functions: Functions;
  readonly bus: Bus;
  /** The built module of a function, by its names; one text for all of them. */
  readonly bundles: string | Readonly<Record<string, string>>;
}

/** Wires the resources of a stack that the local AWS has; others (roles, alarms, keys, …) are left alone. */
export class Deployment {
  public readonly queues = new Map<string, Queue>();
  public readonly topics = new Map<string, Topic>();
  /** What CloudFormation says about it. */
  public readonly stack: DeployedStack;
  readonly #template: Template;
  readonly #ground: Ground;
  readonly #region: string;
  readonly #intrinsics: Intrinsics;

  public constructor({ template, region, name = 'Local' }: StackInput, ground: Ground) {
    const { account, homeRegion, queues, clock } = ground;
    this.#template = template;
    this.#ground = ground;
    this.#region = region ?? homeRegion;
    const place = { account, region: this.#region, stackName: name, queueUrl: (arn: string) => queues.urlOf(arn) };
    this.#intrinsics = new Intrinsics(template, place);
    for (const [id, properties] of this.#resources('AWS::SQS::Queue')) this.#queue(id, properties);
    for (const [id, properties] of this.#resources('AWS::SNS::Topic')) this.#topic(id, properties);
    for (const [, properties] of this.#resources('AWS::SNS::Subscription')) this.#subscribe(properties);
    for (const [id, resource] of resourcesOf(template, 'AWS::Lambda::Function')) this.#function(id, resource);
    for (const [id] of resourcesOf(template, 'AWS::Events::EventBus')) ground.bus.create(this.#intrinsics.arnOf(id));
    for (const [id, resource] of resourcesOf(template, 'AWS::Events::Rule')) this.#rule(id, resource);
    for (const [id, properties] of this.#resources('AWS::Lambda::EventSourceMapping')) this.#poller(id, properties);
    this.stack = deployedStack(template, this.#intrinsics, { name, region: this.#region, createdAt: clock.now() });
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
    const all = [...things.keys()].map((id) => [id, this.#template.Resources?.[id] ?? { Type: '' }] as const);
    return things.get(bestNamed(all, name) ?? '');
  }

  #resources(type: string): (readonly [id: string, properties: Readonly<Record<string, unknown>>])[] {
    const unread = new Set(['KmsMasterKeyId', 'Tags']);
    return resourcesOf(this.#template, type).map(([id, { Properties = {} }]) => {
      const read = Object.fromEntries(Object.entries(Properties).filter(([name]) => !unread.has(name)));
      return [id, this.#intrinsics.resolve(read, id) as Readonly<Record<string, unknown>>];
    });
  }

  #queue(id: string, properties: Readonly<Record<string, unknown>>): void {
    const name = this.#intrinsics.nameOf(id);
    this.queues.set(id, this.#ground.queues.create(this.#region, name, queueSettings(properties)));
  }

  #topic(id: string, properties: Readonly<Record<string, unknown>>): void {
    const name = this.#intrinsics.nameOf(id);
    this.topics.set(id, this.#ground.topics.create(this.#region, name, text(properties, 'DisplayName')));
  }

  #subscribe(properties: Readonly<Record<string, unknown>>): void {
    const topic = this.#ground.topics.byArn(text(properties, 'TopicArn') ?? '');
    if (topic === undefined) return;
    this.#ground.topics.subscribe(topic, text(properties, 'Protocol') ?? '', text(properties, 'Endpoint') ?? '');
  }

  #function(id: string, resource: Resource): void {
    const bundle = this.#bundleOf(id, resource);
    if (bundle === undefined) return;
    const { account, clock } = this.#ground;
    const place = { account, region: this.#region, bundle, now: clock.now() };
    const settings = functionSettings(id, resource, this.#template, this.#intrinsics, place);
    const { arn, name } = settings;
    const config = this.#resources('AWS::Lambda::EventInvokeConfig').find(([, { FunctionName }]) =>
      [arn, name].includes(String(FunctionName)),
    );
    this.#ground.functions.add(settings, asyncSettings(config?.[1]));
  }

  #bundleOf(id: string, resource: Resource): string | undefined {
    const { bundles } = this.#ground;
    if (typeof bundles === 'string') return bundles;
    const named = Object.entries(bundles).filter(([name]) => isNamed(id, resource, name));
    // `Function` names every one of them, `Scan/Function` but one.
    return named.sort(([a], [b]) => b.length - a.length)[0]?.[1];
  }

  #rule(id: string, resource: Resource): void {
    const { Properties: properties = {} } = resource;
    const name = this.#intrinsics.nameOf(id);
    const state = properties.State === 'DISABLED' ? 'DISABLED' : 'ENABLED';
    const arn = this.#intrinsics.arnOf(id);
    const bus = this.#intrinsics.resolve(properties.EventBusName, `${id}.EventBusName`);
    const pattern = this.#intrinsics.resolve(properties.EventPattern, `${id}.EventPattern`);
    const targets = list(properties, 'Targets').map((target, index) =>
      this.#target(arn, target, `${id}.Targets[${index}]`),
    );
    // A schedule rings, but does not match.
    const matches = pattern === undefined ? () => false : compilePattern(pattern);
    const said = { description: text(properties, 'Description'), schedule: text(properties, 'ScheduleExpression') };
    const goesBy = (other: string) => isNamed(id, resource, other);
    const busArn = this.#busArn(bus);
    if (!this.#ground.bus.has(busArn)) throw new TemplateError(`${id}: there is no event bus ${busArn}`);
    this.#ground.bus.add({ name, arn, busArn, state, pattern, matches, targets, goesBy, ...said });
  }

  #target(ruleArn: string, target: unknown, where: string): Target {
    const resolved = this.#intrinsics.resolve(target, where);
    const shaped = ['InputPath', 'InputTransformer'].find((name) => at(resolved, name) !== undefined);
    if (shaped !== undefined) throw new TemplateError(`${where}: ${shaped} is not known here`);
    const arn = text(resolved, 'Arn') ?? '';
    const deadLetterArn = text(resolved, 'DeadLetterConfig', 'Arn');
    if (arn.split(':')[2] === 'lambda' && !this.#ground.functions.has(arn)) {
      throw new TemplateError(`${where}: no bundle was given for ${arn}`);
    }
    const by = { ruleArn, roleArn: text(resolved, 'RoleArn') };
    const policies = (targetArn: string) => forbidden(this.#template, this.#intrinsics, by, targetArn);
    if (deadLetterArn !== undefined && policies(deadLetterArn) !== undefined) {
      throw new TemplateError(`${where}: the rule may not send to its dead-letter queue`);
    }
    const [id = '', groupId, input] = [
      text(resolved, 'Id'),
      text(resolved, 'SqsParameters', 'MessageGroupId'),
      text(resolved, 'Input'),
    ];
    checkFifoTarget(where, { groupId, deadLetterArn, queue: this.#ground.queues.byArn(arn) });
    return { id, arn, retry: retryPolicy(resolved), deadLetterArn, forbidden: policies(arn), groupId, input };
  }

  #busArn(bus: unknown): string {
    if (typeof bus !== 'string' || bus === 'default') return this.#ground.bus.defaultBus(this.#region);
    return bus.startsWith('arn:') ? bus : this.#ground.bus.defaultBus(this.#region).replace(/default$/, bus);
  }

  #poller(id: string, properties: Readonly<Record<string, unknown>>): void {
    const queue = this.#ground.queues.byArn(text(properties, 'EventSourceArn') ?? '');
    const target = this.#ground.functions.get(text(properties, 'FunctionName') ?? '');
    if (queue === undefined || target === undefined) return;
    if (queue.settings.visibilityTimeout < target.settings.timeoutSeconds) {
      // CreateEventSourceMapping refuses it.
      throw new TemplateError(
        `the visibility timeout of ${queue.name} is less than the timeout of ${target.settings.name}`,
      );
    }
    const mapping = { id: this.#intrinsics.physicalIdOf(id), enabled: properties.Enabled !== false };
    this.#ground.functions.poll(queue, target, pollerSettings(properties, queue.settings.fifo !== undefined), mapping);
  }
}

/** What EventBridge asks of FIFO queues. */
function checkFifoTarget(
  where: string,
  { groupId, deadLetterArn, queue }: Pick<Target, 'groupId' | 'deadLetterArn'> & { readonly queue: Queue | undefined },
): void {
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
  if (isFifoName(deadLetterArn ?? ''))
    throw new TemplateError(`${where}: the dead-letter queue must be a standard one`);
  const fifo = queue?.settings.fifo;
  if (fifo === undefined) return;
  if (groupId === undefined) throw new TemplateError(`${where}: a FIFO queue needs SqsParameters.MessageGroupId`);
  // https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_SqsParameters.html
  if (!fifo.contentBasedDeduplication) {
    throw new TemplateError(`${where}: the FIFO queue must have content-based deduplication`);
  }
}
