import type { Bus } from '../eventbridge/bus.ts';
import { compilePattern } from '../eventbridge/pattern.ts';
import type { Target } from '../eventbridge/rule.ts';
import type { Alarms } from '../cloudwatch/alarms.ts';
import { whyForbidden } from '../eventbridge/permission.ts';
import type { Roles } from '../iam/roles.ts';
import type { Keys } from '../kms/keys.ts';
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
import { addAlarm, addKey, addRole } from './others.ts';
import { pollerSettings, queueSettings, retryPolicy } from './properties.ts';
import {
  bestNamed,
  isNamed,
  type Resource,
  resourcesOf,
  type StackInput,
  type Template,
  TemplateError,
} from './template.ts';

/** What a deployment depends on. */
export interface DeploymentContext {
  readonly account: string;
  readonly homeRegion: string;
  readonly clock: Clock;
  readonly queues: Queues;
  readonly topics: Topics;
  readonly functions: Functions;
  readonly bus: Bus;
  readonly roles: Roles;
  readonly keys: Keys;
  readonly alarms: Alarms;
  /** The built module of each function, by construct id or logical id; a string stands for all functions. */
  readonly bundles: string | Readonly<Record<string, string>>;
}

/**
 * Creates and connects the resources of a stack that the local AWS supports.
 *
 * Others (log groups, dashboards, buckets, …) are ignored.
 */
export class Deployment {
  public readonly queues = new Map<string, Queue>();
  public readonly topics = new Map<string, Topic>();
  /** The stack as CloudFormation describes it. */
  public readonly stack: DeployedStack;
  readonly #template: Template;
  readonly #context: DeploymentContext;
  readonly #region: string;
  readonly #intrinsics: Intrinsics;

  public constructor({ template, region, name = 'Local' }: StackInput, context: DeploymentContext) {
    const { account, homeRegion, queues, clock } = context;
    this.#template = template;
    this.#context = context;
    this.#region = region ?? homeRegion;
    const intrinsicsContext = {
      account,
      region: this.#region,
      stackName: name,
      queueUrl: (arn: string) => queues.urlOf(arn),
    };
    this.#intrinsics = new Intrinsics(template, intrinsicsContext);
    for (const [id, properties] of this.#resources('AWS::SQS::Queue')) this.#queue(id, properties);
    for (const [id, properties] of this.#resources('AWS::SNS::Topic')) this.#topic(id, properties);
    for (const [, properties] of this.#resources('AWS::SNS::Subscription')) this.#subscribe(properties);
    for (const [, properties] of this.#resources('AWS::SQS::QueuePolicy')) this.#queuePolicy(properties);
    for (const [, properties] of this.#resources('AWS::SNS::TopicPolicy')) this.#topicPolicy(properties);
    for (const [id] of resourcesOf(template, 'AWS::IAM::Role')) addRole(id, template, this.#intrinsics, context.roles);
    for (const [id, resource] of resourcesOf(template, 'AWS::KMS::Key')) {
      addKey(id, resource, this.#intrinsics, context.keys);
    }
    for (const [id, resource] of resourcesOf(template, 'AWS::CloudWatch::Alarm')) {
      addAlarm(id, resource, this.#intrinsics, { region: this.#region, alarms: context.alarms });
    }
    for (const [id, resource] of resourcesOf(template, 'AWS::Lambda::Function')) this.#function(id, resource);
    for (const [id] of resourcesOf(template, 'AWS::Events::EventBus')) context.bus.create(this.#intrinsics.arnOf(id));
    this.#busPolicies();
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
    const ignored = new Set(['KmsMasterKeyId', 'Tags']);
    return resourcesOf(this.#template, type).map(([id, { Properties = {} }]) => {
      const supported = Object.fromEntries(Object.entries(Properties).filter(([name]) => !ignored.has(name)));
      return [id, this.#intrinsics.resolve(supported, id) as Readonly<Record<string, unknown>>];
    });
  }

  #queue(id: string, properties: Readonly<Record<string, unknown>>): void {
    const name = this.#intrinsics.nameOf(id);
    this.queues.set(id, this.#context.queues.create(this.#region, name, queueSettings(properties)));
  }

  #topic(id: string, properties: Readonly<Record<string, unknown>>): void {
    const name = this.#intrinsics.nameOf(id);
    this.topics.set(id, this.#context.topics.create(this.#region, name, text(properties, 'DisplayName')));
  }

  #queuePolicy(properties: Readonly<Record<string, unknown>>): void {
    const urls = list(properties, 'Queues');
    for (const queue of this.#context.queues.all()) {
      if (urls.includes(this.#context.queues.url(queue))) queue.policy = JSON.stringify(properties.PolicyDocument);
    }
  }

  #topicPolicy(properties: Readonly<Record<string, unknown>>): void {
    for (const arn of list(properties, 'Topics')) {
      const topic = this.#context.topics.byArn(String(arn));
      if (topic !== undefined) topic.policy = JSON.stringify(properties.PolicyDocument);
    }
  }

  /** Each `AWS::Events::EventBusPolicy` is one statement of the policy of its bus. */
  #busPolicies(): void {
    for (const [id, { Properties = {} }] of resourcesOf(this.#template, 'AWS::Events::EventBusPolicy')) {
      const read = (name: string) => this.#intrinsics.resolve(Properties[name], `${id}.${name}`);
      const busArn = this.#busArn(read('EventBusName'));
      const before = JSON.parse(this.#context.bus.policy(busArn) ?? '{"Statement":[]}') as { Statement: unknown[] };
      const statement = { ...(read('Statement') as object), Sid: read('StatementId') };
      this.#context.bus.setPolicy(
        busArn,
        JSON.stringify({ Version: '2012-10-17', Statement: [...before.Statement, statement] }),
      );
    }
  }

  #subscribe(properties: Readonly<Record<string, unknown>>): void {
    const topic = this.#context.topics.byArn(text(properties, 'TopicArn') ?? '');
    if (topic === undefined) return;
    this.#context.topics.subscribe(topic, text(properties, 'Protocol') ?? '', text(properties, 'Endpoint') ?? '');
  }

  #function(id: string, resource: Resource): void {
    const bundle = this.#bundleOf(id, resource);
    if (bundle === undefined) return;
    const { account, clock } = this.#context;
    const place = { account, region: this.#region, bundle, now: clock.now(), roles: this.#context.roles };
    this.#context.functions.add(functionSettings(id, resource, this.#intrinsics, place));
  }

  #bundleOf(id: string, resource: Resource): string | undefined {
    const { bundles } = this.#context;
    if (typeof bundles === 'string') return bundles;
    const named = Object.entries(bundles).filter(([name]) => isNamed(id, resource, name));
    // The longest name is the most specific one: `Function` matches every function, `Scan/Function` one of them.
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
    // A scheduled rule matches no event.
    const matches = pattern === undefined ? () => false : compilePattern(pattern);
    const description = text(properties, 'Description');
    const schedule = text(properties, 'ScheduleExpression');
    const hasName = (other: string) => isNamed(id, resource, other);
    const busArn = this.#busArn(bus);
    if (!this.#context.bus.has(busArn)) throw new TemplateError(`${id}: there is no event bus ${busArn}`);
    this.#context.bus.add({ name, arn, busArn, state, pattern, matches, targets, hasName, description, schedule });
  }

  #target(ruleArn: string, target: unknown, where: string): Target {
    const resolved = this.#intrinsics.resolve(target, where);
    const unsupported = ['InputPath', 'InputTransformer'].find((name) => at(resolved, name) !== undefined);
    if (unsupported !== undefined) throw new TemplateError(`${where}: ${unsupported} is not supported`);
    const arn = text(resolved, 'Arn') ?? '';
    const deadLetterArn = text(resolved, 'DeadLetterConfig', 'Arn');
    if (!['sqs', 'events'].includes(arn.split(':')[2] ?? '')) {
      throw new TemplateError(`${where}: only queues and event buses are supported, not ${arn}`);
    }
    const roleArn = text(resolved, 'RoleArn');
    if (deadLetterArn !== undefined && whyForbidden(ruleArn, { arn: deadLetterArn }, this.#context) !== undefined) {
      throw new TemplateError(`${where}: the rule may not send to its dead-letter queue`);
    }
    const [id = '', groupId, input] = [
      text(resolved, 'Id'),
      text(resolved, 'SqsParameters', 'MessageGroupId'),
      text(resolved, 'Input'),
    ];
    checkFifoTarget(where, { groupId, deadLetterArn, queue: this.#context.queues.byArn(arn) });
    return { id, arn, retry: retryPolicy(resolved), deadLetterArn, roleArn, groupId, input };
  }

  #busArn(bus: unknown): string {
    if (typeof bus !== 'string' || bus === 'default') return this.#context.bus.defaultBus(this.#region);
    return bus.startsWith('arn:') ? bus : this.#context.bus.defaultBus(this.#region).replace(/default$/, bus);
  }

  #poller(id: string, properties: Readonly<Record<string, unknown>>): void {
    const queue = this.#context.queues.byArn(text(properties, 'EventSourceArn') ?? '');
    const name = text(properties, 'FunctionName') ?? '';
    const target = this.#context.functions.get(name);
    if (queue === undefined) return;
    if (target === undefined) throw new TemplateError(`no bundle was given for ${name}`);
    if (queue.settings.visibilityTimeout < target.settings.timeoutSeconds) {
      // CreateEventSourceMapping refuses it.
      throw new TemplateError(
        `the visibility timeout of ${queue.name} is less than the timeout of ${target.settings.name}`,
      );
    }
    const mapping = { id: this.#intrinsics.physicalIdOf(id), enabled: properties.Enabled !== false };
    this.#context.functions.poll(queue, target, pollerSettings(properties, queue.settings.fifo !== undefined), mapping);
  }
}

/** Checks what EventBridge requires of a target that is a FIFO queue, and of a dead-letter queue. */
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
