import { ApiError } from '../wire/errors.ts';
import type { ApiCall } from '../wire/gateway.ts';
import { page } from '../wire/pages.ts';
import { flag, list, text, texts } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';

/** An alarm. The local AWS evaluates none. */
export interface Alarm {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  actions: readonly string[];
  actionsEnabled: boolean;
}

const LARGEST_PAGE = 100;

/** The alarms of the account, and the calls about them. */
export class Alarms {
  readonly #all: Alarm[] = [];

  public add(alarm: Alarm): void {
    this.#all.push(alarm);
  }

  /** The result of a call about alarms; `undefined` if the call is about something else. */
  public handle(call: ApiCall): ResponseValue | undefined {
    switch (call.action) {
      case 'DescribeAlarms':
        return this.#describe(call);
      case 'PutMetricAlarm':
        return this.#put(call);
      case 'DeleteAlarms':
        for (const alarm of this.#named(call)) this.#all.splice(this.#all.indexOf(alarm), 1);
        return {};
      case 'EnableAlarmActions':
      case 'DisableAlarmActions':
        for (const alarm of this.#named(call)) alarm.actionsEnabled = call.action === 'EnableAlarmActions';
        return {};
      default:
        return undefined;
    }
  }

  #named({ params, region }: ApiCall): Alarm[] {
    const names = texts(params, 'AlarmNames');
    return this.#all.filter((alarm) => alarm.region === region && names.includes(alarm.name));
  }

  #describe(call: ApiCall): ResponseValue {
    const { params, region } = call;
    const wanted =
      list(params, 'AlarmNames').length > 0
        ? this.#named(call)
        : this.#all.filter(
            (alarm) => alarm.region === region && alarm.name.startsWith(text(params, 'AlarmNamePrefix') ?? ''),
          );
    const size = Number(text(params, 'MaxRecords') ?? LARGEST_PAGE);
    const { items, nextToken } = page(wanted, size, text(params, 'NextToken'), 'InvalidNextToken');
    return { MetricAlarms: items.map(shape), CompositeAlarms: [], NextToken: nextToken };
  }

  /** Replaces the actions of an alarm of a stack. The local AWS creates no alarm by this call. */
  #put({ params, region }: ApiCall): ResponseValue {
    const alarm = this.#all.find(({ name, region: own }) => own === region && name === text(params, 'AlarmName'));
    if (alarm === undefined) throw new ApiError('InvalidAction', 'The local AWS has the alarms of its stacks only');
    alarm.actions = texts(params, 'AlarmActions');
    alarm.actionsEnabled = text(params, 'ActionsEnabled') === undefined || flag(params, 'ActionsEnabled');
    return {};
  }
}

const shape = ({ name, arn, actions, actionsEnabled }: Alarm): ResponseValue => ({
  AlarmName: name,
  AlarmArn: arn,
  ActionsEnabled: actionsEnabled,
  AlarmActions: actions,
  StateValue: 'OK',
});
