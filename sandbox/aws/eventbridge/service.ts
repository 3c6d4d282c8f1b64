import type { BusEvent } from '../cloudtrail/recorder.ts';
import type { Faults } from '../simulation/faults.ts';
import { hexOf, type Ids } from '../simulation/ids.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { page } from '../wire/pages.ts';
import { list, type Params, text } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { readEntry } from './entry.ts';
import type { Rule, Target } from './rule.ts';

/** What EventBridge depends on. */
export interface EventBridgeContext {
  readonly account: string;
  readonly ids: Ids;
  readonly faults: Faults;
  readonly rules: () => readonly Rule[];
  readonly put: (event: BusEvent, busArn: string) => void;
}

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
const MOST_ENTRIES = 10;
const LARGEST_PAGE = 100;

/** The EventBridge API: rules of the deployed stacks, and custom events. */
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

  #onBus({ params, region }: ApiCall): Rule[] {
    const busArn = this.#busArn(text(params, 'EventBusName'), region);
    return this.#context.rules().filter((rule) => rule.busArn === busArn);
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

const targetShape = ({ id, arn, retry, deadLetterArn, groupId, input }: Target): ResponseValue => ({
  Id: id,
  Arn: arn,
  RetryPolicy: {
    MaximumRetryAttempts: retry.maximumRetryAttempts,
    MaximumEventAgeInSeconds: retry.maximumEventAgeSeconds,
  },
  DeadLetterConfig: deadLetterArn === undefined ? undefined : { Arn: deadLetterArn },
  SqsParameters: groupId === undefined ? undefined : { MessageGroupId: groupId },
  Input: input,
});
