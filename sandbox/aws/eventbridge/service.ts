import type { Bus } from './bus.ts';
import type { BusEvent } from '../cloudtrail/recorder.ts';
import type { Faults } from '../simulation/faults.ts';
import { hexOf, type Ids } from '../simulation/ids.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { page } from '../wire/pages.ts';
import { at, list, type Params, text, texts } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { readEntry } from './entry.ts';
import { compilePattern } from './pattern.ts';
import { DEFAULT_RETRY, type Rule, type Target } from './rule.ts';
import { parseSchedule } from './schedule.ts';

/** What EventBridge depends on. */
export interface EventBridgeContext {
  readonly account: string;
  readonly ids: Ids;
  readonly faults: Faults;
  readonly bus: () => Bus;
  readonly put: (event: BusEvent, busArn: string) => void;
}

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
const MOST_ENTRIES = 10;
const LARGEST_PAGE = 100;

/** The EventBridge API: rules and buses of the deployed stacks, and custom events. It creates no rules. */
export class EventBridgeService implements Service {
  readonly #context: EventBridgeContext;

  public constructor(context: EventBridgeContext) {
    this.#context = context;
  }

  public handle(call: ApiCall): ResponseValue {
    const { params } = call;
    switch (call.action) {
      case 'PutEvents':
        return this.#putEvents(call);
      case 'DescribeRule':
        return ruleShape(this.#rule(call, 'Name'), this.#context.account);
      case 'ListRules': {
        const prefix = text(params, 'NamePrefix') ?? '';
        const rules = this.#onBus(call).filter(({ name }) => name.startsWith(prefix));
        const { items, nextToken } = pageOf(rules, params);
        return { Rules: items.map((rule) => ruleShape(rule, undefined)), NextToken: nextToken };
      }
      case 'ListTargetsByRule': {
        const { items, nextToken } = pageOf(this.#rule(call, 'Rule').targets, params);
        return { Targets: items.map(targetShape), NextToken: nextToken };
      }
      case 'EnableRule':
      case 'DisableRule':
        this.#rule(call, 'Name').state = call.action === 'EnableRule' ? 'ENABLED' : 'DISABLED';
        return {};
      case 'PutRule':
        return this.#putRule(call);
      case 'DeleteRule': {
        const rule = this.#rule(call, 'Name');
        if (rule.targets.length > 0) {
          throw new ApiError('ValidationException', "Rule can't be deleted since it has targets.");
        }
        this.#context.bus().remove(rule);
        return {};
      }
      case 'PutTargets': {
        const rule = this.#rule(call, 'Rule');
        const put = list(params, 'Targets').map(targetIn);
        rule.targets = [...rule.targets.filter(({ id }) => !put.some((one) => one.id === id)), ...put];
        return { FailedEntryCount: 0, FailedEntries: [] };
      }
      case 'RemoveTargets': {
        const rule = this.#rule(call, 'Rule');
        rule.targets = rule.targets.filter(({ id }) => !texts(params, 'Ids').includes(id));
        return { FailedEntryCount: 0, FailedEntries: [] };
      }
      case 'DescribeEventBus': {
        const arn = this.#bus(call, 'Name');
        return { Name: arn.split('/').at(-1), Arn: arn, Policy: this.#context.bus().policy(arn) };
      }
      case 'DeleteEventBus':
        this.#context.bus().delete(this.#bus(call, 'Name'));
        return {};
      case 'PutPermission':
        this.#context.bus().setPolicy(this.#bus(call, 'EventBusName'), text(params, 'Policy'));
        return {};
      case 'RemovePermission':
        this.#removePermission(call);
        return {};
      default:
        throw new ApiError('InvalidAction', `The local AWS has no events:${call.action}`);
    }
  }

  /** Entries succeed or fail independently of each other. */
  #putEvents({ params, region, at }: ApiCall): ResponseValue {
    const { account, ids, faults, put } = this.#context;
    const entries = list(params, 'Entries');
    if (entries.length < 1 || entries.length > MOST_ENTRIES) {
      throw new ApiError('ValidationException', `Member must have length between 1 and ${MOST_ENTRIES}: entries`);
    }
    let failed = 0;
    const Entries = entries.map((entry): ResponseValue => {
      const read = readEntry(entry, { account, region, at });
      if ('ErrorCode' in read) {
        failed++;
        return { ...read };
      }
      const detail = text(entry, 'Detail') ?? '';
      const attempt = ids.count(`put ${hexOf(32, detail)}`);
      if (faults.refusesEntry({ service: 'events', source: read.source, detail, attempt })) {
        failed++;
        return { ErrorCode: 'InternalFailure', ErrorMessage: 'Injected by the faults of the sandbox' };
      }
      const id = ids.uuid('custom event');
      put({ ...read, id }, this.#busArn(text(entry, 'EventBusName'), region));
      return { EventId: id };
    });
    return { FailedEntryCount: failed, Entries };
  }

  #busArn(bus: string | undefined, region: string): string {
    return bus?.startsWith('arn:') === true
      ? bus
      : `arn:aws:events:${region}:${this.#context.account}:event-bus/${bus ?? 'default'}`;
  }

  /** Changes a rule. Parameters that are absent keep the description and the bus, and no others. */
  #putRule(call: ApiCall): ResponseValue {
    const { params } = call;
    const rule = this.#rule(call, 'Name');
    const [pattern, schedule] = [text(params, 'EventPattern'), text(params, 'ScheduleExpression')];
    if (pattern === undefined && schedule === undefined) {
      throw new ApiError('ValidationException', 'Parameter(s) EventPattern or ScheduleExpression must be specified.');
    }
    if (schedule !== undefined) parseSchedule(schedule);
    rule.pattern = pattern === undefined ? undefined : JSON.parse(pattern);
    rule.matches = rule.pattern === undefined ? () => false : compilePattern(rule.pattern);
    rule.schedule = schedule;
    rule.state = text(params, 'State') === 'DISABLED' ? 'DISABLED' : 'ENABLED';
    return { RuleArn: rule.arn };
  }

  #bus({ params, region }: ApiCall, parameter: string): string {
    const arn = this.#busArn(text(params, parameter), region);
    if (this.#context.bus().has(arn)) return arn;
    throw new ApiError('ResourceNotFoundException', `Event bus ${text(params, parameter) ?? ''} does not exist.`);
  }

  #removePermission(call: ApiCall): void {
    const arn = this.#bus(call, 'EventBusName');
    const bus = this.#context.bus();
    const policy = JSON.parse(bus.policy(arn) ?? '{}') as { Statement?: readonly { Sid?: string }[] };
    const isAll = text(call.params, 'RemoveAllPermissions') === 'true';
    const id = text(call.params, 'StatementId');
    const remaining = isAll ? [] : (policy.Statement ?? []).filter(({ Sid }) => Sid !== id);
    bus.setPolicy(arn, remaining.length === 0 ? undefined : JSON.stringify({ ...policy, Statement: remaining }));
  }

  #onBus({ params, region }: ApiCall): Rule[] {
    const busArn = this.#busArn(text(params, 'EventBusName'), region);
    return this.#context
      .bus()
      .rules()
      .filter((rule) => rule.busArn === busArn);
  }

  #rule(call: ApiCall, parameter: string): Rule {
    const name = text(call.params, parameter) ?? '';
    const rule = this.#onBus(call).find((one) => one.name === name);
    if (rule !== undefined) return rule;
    const bus = text(call.params, 'EventBusName') ?? 'default';
    throw new ApiError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus ${bus}.`);
  }
}

const pageOf = <T>(all: readonly T[], params: Params) =>
  page(all, Number(text(params, 'Limit') ?? LARGEST_PAGE), text(params, 'NextToken'));

const ruleShape = (rule: Rule, createdBy: string | undefined): ResponseValue => ({
  Name: rule.name,
  Arn: rule.arn,
  EventPattern: rule.pattern === undefined ? undefined : JSON.stringify(rule.pattern),
  ScheduleExpression: rule.schedule,
  State: rule.state,
  Description: rule.description,
  EventBusName: rule.busArn.split('/').at(-1),
  CreatedBy: createdBy,
});

/** A target in a PutTargets call. */
const targetIn = (target: unknown): Target => ({
  id: text(target, 'Id') ?? '',
  arn: text(target, 'Arn') ?? '',
  roleArn: text(target, 'RoleArn'),
  deadLetterArn: text(target, 'DeadLetterConfig', 'Arn'),
  groupId: text(target, 'SqsParameters', 'MessageGroupId'),
  input: text(target, 'Input'),
  retry: {
    maximumRetryAttempts: Number(
      at(target, 'RetryPolicy', 'MaximumRetryAttempts') ?? DEFAULT_RETRY.maximumRetryAttempts,
    ),
    maximumEventAgeSeconds: Number(
      at(target, 'RetryPolicy', 'MaximumEventAgeInSeconds') ?? DEFAULT_RETRY.maximumEventAgeSeconds,
    ),
  },
});

const targetShape = ({ id, arn, retry, deadLetterArn, groupId, input, roleArn }: Target): ResponseValue => ({
  Id: id,
  Arn: arn,
  RoleArn: roleArn,
  RetryPolicy: {
    MaximumRetryAttempts: retry.maximumRetryAttempts,
    MaximumEventAgeInSeconds: retry.maximumEventAgeSeconds,
  },
  DeadLetterConfig: deadLetterArn === undefined ? undefined : { Arn: deadLetterArn },
  SqsParameters: groupId === undefined ? undefined : { MessageGroupId: groupId },
  Input: input,
});
