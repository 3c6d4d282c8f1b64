import { SOURCE, TRIGGERS } from '../contract.ts';
import { type Caller, toInstanceId, type Recorded, type Target } from '../core/target.ts';
import { at, type Json, text } from './json.ts';
import { asksFor, type EventReader, notUnderstood } from './trigger.ts';

const DETAIL_TYPE = 'IMDSv1 finding recorded';

/**
 * Our own record of an instance. It is written to the queue before the instance is changed, where the event that led to it does
 * not say that IMDSv1 was reachable: so a function that dies between the change and the alert leaves behind what the alert
 * needs. And it stands for an instance that an event left over, when the others of it were done.
 */
export interface Finding {
  readonly source: typeof SOURCE;
  readonly 'detail-type': typeof DETAIL_TYPE;
  /** Id of the event that led to it. */
  readonly id: string;
  readonly account: string;
  readonly region: string;
  /** ISO 8601; when the call was made or the state changed. */
  readonly time: string;
  readonly detail: {
    readonly instanceId: string;
    readonly trigger: string;
    readonly caller?: Caller;
    readonly recorded: Recorded;
  };
}

/**
 * The record of a target.
 *
 * @param seen the options that it was just seen with, or what its event says of them.
 */
export function toFinding({ account, region, instanceId, context }: Target, seen: Recorded = {}): Finding {
  const { trigger, occurredAt, caller, eventId, recorded } = context;
  const { HttpTokens, HttpEndpoint } = seen;
  return {
    source: SOURCE,
    'detail-type': DETAIL_TYPE,
    id: eventId,
    account,
    region,
    time: occurredAt.toISOString(),
    detail: { instanceId, trigger, caller, recorded: { ...recorded, HttpTokens, HttpEndpoint } },
  };
}

/** Reads what `toFinding` wrote. Findings come from our queue, so there is no rule for them. */
export const finding: EventReader = {
  accepts: (event) => text(event, 'source') === SOURCE && text(event, 'detail-type') === DETAIL_TYPE,
  parse: (event, { account, region, eventId, occurredAt }) => {
    const detail = at(event, 'detail');
    const instanceId = toInstanceId(text(detail, 'instanceId'));
    if (instanceId === undefined) return notUnderstood('detail has no usable instanceId');
    const trigger = TRIGGERS.find((name) => name === text(detail, 'trigger'));
    if (trigger === undefined) return notUnderstood('detail has no known trigger');
    const recorded = {
      HttpTokens: text(detail, 'recorded', 'HttpTokens'),
      HttpEndpoint: text(detail, 'recorded', 'HttpEndpoint'),
      grantedByCall: at(detail, 'recorded', 'grantedByCall') === true,
      allTags: at(detail, 'recorded', 'allTags') === true,
    };
    const caller = callerIn(at(detail, 'caller'));
    return asksFor({ account, region, instanceId, context: { trigger, eventId, occurredAt, caller, recorded } });
  },
};

function callerIn(caller: Json): Caller | undefined {
  const principal = text(caller, 'principal');
  if (principal === undefined) return undefined;
  return {
    principal,
    sourceIp: text(caller, 'sourceIp'),
    userAgent: text(caller, 'userAgent'),
    invokedBy: text(caller, 'invokedBy'),
  };
}
