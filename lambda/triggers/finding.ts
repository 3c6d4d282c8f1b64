import { SOURCE } from '../contract.ts';
import { type Caller, PROOFS, REQUESTED_OPTIONS, toInstanceId, type Recorded, type Target } from '../core/target.ts';
import type { TriggerTraits } from '../core/trigger.ts';
import { RESENT } from './envelope.ts';
import { at, type Json, text } from './json.ts';
import { asksFor, type EventReader, notUnderstood } from './trigger.ts';

const DETAIL_TYPE = 'IMDSv1 finding recorded';

/**
 * An instance observed as non-compliant, recorded on the work queue before it is changed.
 *
 * It is needed where the event itself does not say that IMDSv1 was enabled: if the function fails between the change
 * and the alert, the record still has what the alert needs. It also stands for an instance of an event that must be
 * retried alone.
 */
export interface Finding {
  readonly source: typeof SOURCE;
  readonly 'detail-type': typeof DETAIL_TYPE;
  /** Id of the event that led to the finding. */
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
    readonly isWaitNotified?: boolean;
  };
  readonly [RESENT]?: number;
}

/**
 * The finding of a target, as a message of the work queue.
 *
 * @param observed the options of the instance as they were just read, or as its event has them.
 */
export function toFinding({ account, region, instanceId, context }: Target, observed: Recorded = {}): Finding {
  const { trigger, occurredAt, caller, eventId, recorded, isWaitNotified, resent } = context;
  const { HttpTokens, HttpEndpoint } = observed;
  return {
    source: SOURCE,
    'detail-type': DETAIL_TYPE,
    id: eventId,
    account,
    region,
    time: occurredAt.toISOString(),
    detail: {
      instanceId,
      trigger: trigger.name,
      caller,
      recorded: { ...recorded, HttpTokens, HttpEndpoint },
      isWaitNotified,
    },
    [RESENT]: resent,
  };
}

/** Whether an event is a finding, and not an event of the bus. */
export const isFinding = (event: Json): boolean =>
  text(event, 'source') === SOURCE && text(event, 'detail-type') === DETAIL_TYPE;

/** Reads findings of these triggers. They come from the work queue, so no rule matches them. */
export const findingReader = (triggers: readonly TriggerTraits[]): EventReader => ({
  accepts: isFinding,
  parse: (event, { account, region, eventId, occurredAt }) => {
    const detail = at(event, 'detail');
    const instanceId = toInstanceId(text(detail, 'instanceId'));
    if (instanceId === undefined) return notUnderstood('detail has no usable instanceId');
    const trigger = triggers.find(({ name }) => name === text(detail, 'trigger'));
    if (trigger === undefined) return notUnderstood('detail has no known trigger');
    const recorded = {
      HttpTokens: text(detail, 'recorded', 'HttpTokens'),
      HttpEndpoint: text(detail, 'recorded', 'HttpEndpoint'),
      grantedByCall: at(detail, 'recorded', 'grantedByCall') === true,
      allTags: at(detail, 'recorded', 'allTags') === true,
      requested: REQUESTED_OPTIONS.find((requested) => requested === at(detail, 'recorded', 'requested')),
      before: PROOFS.find((proof) => proof === at(detail, 'recorded', 'before')),
    };
    const caller = callerIn(at(detail, 'caller'));
    const isWaitNotified = at(detail, 'isWaitNotified') === true ? true : undefined;
    const context = { trigger, eventId, occurredAt, caller, recorded, isWaitNotified };
    return asksFor({ account, region, instanceId, context });
  },
});

function callerIn(caller: Json): Caller | undefined {
  const principal = text(caller, 'principal');
  if (principal === undefined) return undefined;
  const mfa = at(caller, 'mfa');
  return {
    principal,
    sourceIp: text(caller, 'sourceIp'),
    userAgent: text(caller, 'userAgent'),
    invokedBy: text(caller, 'invokedBy'),
    session: text(caller, 'session'),
    mfa: typeof mfa === 'boolean' ? mfa : undefined,
    cloudTrailEventId: text(caller, 'cloudTrailEventId'),
  };
}
