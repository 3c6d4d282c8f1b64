import { fractionOf } from './ids.ts';
import type { Params } from '../wire/params.ts';

/** A call that may fail. `attempt` counts the calls with the same action and key, from 1. */
export interface FaultyCall {
  readonly service: string;
  readonly action: string;
  readonly region: string;
  /** The subject of the call: an instance id, a client token, a topic, … */
  readonly key: string;
  readonly attempt: number;
  readonly params: Params;
  readonly accessKeyId: string;
  /** Request id of the function invocation that makes the call, if one does. */
  readonly invocation?: string;
}

/** An instance that is being launched. */
export interface FaultyInstance {
  readonly instanceId: string;
  readonly region: string;
}

/** An event that is about to be sent to a bus. */
export interface FaultyEvent {
  /** `cloudtrail` or `state-change`. */
  readonly kind: string;
  /** Name of the API call, or of the state. */
  readonly name: string;
  readonly region: string;
  readonly instanceIds: readonly string[];
  /** Kind, name and instances: the same for every copy of the event. */
  readonly key: string;
  /** Counts the events of the same key, from 1. */
  readonly attempt: number;
}

/** A message that is being published. */
export interface FaultyPublish {
  readonly topicArn: string;
  readonly subject: string | undefined;
  readonly message: string;
  /** Counts the attempts to publish this message to this topic, from 1. */
  readonly attempt: number;
}

/** An entry of a PutEvents or SendMessageBatch call. */
export interface FaultyEntry {
  readonly service: 'events' | 'sqs';
  /** The source of the event, or the name of the queue. */
  readonly source: string;
  /** The detail of the event, or the body of the message. */
  readonly detail: string;
  /** Counts the calls with this entry, from 1. */
  readonly attempt: number;
}

/** A delivery of an event to a target. */
export interface FaultyDelivery {
  readonly rule: string;
  readonly targetArn: string;
  readonly eventId: string;
  readonly attempt: number;
}

/** An invocation that is about to start. */
export interface FaultyInvocation {
  readonly functionName: string;
  readonly requestId: string;
  /** The subject of the payload: the same for every retry. */
  readonly key: string;
  /** Each message of the batch, with a key that is the same for every delivery, in whatever batch. */
  readonly messages: readonly { readonly key: string; readonly body: string }[];
  readonly attempt: number;
}

/**
 * Faults to inject, independent of each other.
 *
 * The sandbox evaluates them at every use; the defaults are `NO_FAULTS`.
 */
export interface Faults {
  /** Throttles the call although the token bucket is not empty. */
  throttles: (call: FaultyCall) => boolean;
  /** Fails the call with this 5xx error code. */
  fails: (call: FaultyCall) => 'InternalError' | 'Unavailable' | undefined;
  /** Resets the connection before or after the call is carried out. */
  resets: (call: FaultyCall) => 'before' | 'after' | undefined;
  /** Delays the call by simulated milliseconds. */
  slows: (call: FaultyCall) => number;
  /** Drops the event. */
  loses: (event: FaultyEvent) => boolean;
  /** The number of additional copies of the event. */
  duplicates: (event: FaultyEvent) => number;
  /** Delays the event (copy 0) or an additional copy (1, 2, …) by simulated milliseconds. */
  delays: (event: FaultyEvent, copy: number) => number;
  /** Omits the response elements of the CloudTrail record, whatever their size. */
  truncates: (event: FaultyEvent) => boolean;
  /** Hides a new instance from describe calls for simulated milliseconds: eventual consistency. */
  hides: (instance: FaultyInstance) => number;
  /** Terminates a new instance after simulated milliseconds. Describe calls no longer return it. */
  vanishes: (instance: FaultyInstance) => number | undefined;
  /** Fails the publish call with this error code. */
  refuses: (publish: FaultyPublish) => string | undefined;
  /** Refuses the entry of a PutEvents or SendMessageBatch call, and not the others of the call. */
  refusesEntry: (entry: FaultyEntry) => boolean;
  /** Fails the delivery: retryable or permanently. */
  undeliverable: (delivery: FaultyDelivery) => 'retry' | 'never' | undefined;
  /** Throttles the invocation: the concurrency of the account is used up. Its messages are delivered again. */
  isThrottled: (invocation: FaultyInvocation) => boolean;
  /** Ends or hangs the function after a number of API calls, before it receives the last response. */
  crashes: (invocation: FaultyInvocation) => Crash | undefined;
}

/** How a function ends. */
export interface Crash {
  readonly afterCalls: number;
  readonly how: 'exit' | 'hang';
  /** The last of the calls names one of these instances. @default any call */
  readonly naming?: readonly string[];
}

export const NO_FAULTS: Readonly<Faults> = {
  throttles: () => false,
  fails: () => undefined,
  resets: () => undefined,
  slows: () => 0,
  loses: () => false,
  duplicates: () => 0,
  delays: () => 0,
  truncates: () => false,
  hides: () => 0,
  vanishes: () => undefined,
  refuses: () => undefined,
  refusesEntry: () => false,
  undeliverable: () => undefined,
  isThrottled: () => false,
  crashes: () => undefined,
};

/** Rates of faults, from 0 to 1, and upper bounds in simulated milliseconds. */
export interface FaultRates {
  readonly throttles?: number;
  readonly fails?: number;
  readonly resets?: number;
  readonly slows?: { readonly rate: number; readonly upTo: number };
  readonly loses?: number;
  readonly duplicates?: number;
  readonly delays?: { readonly rate: number; readonly upTo: number };
  readonly truncates?: number;
  readonly hides?: { readonly rate: number; readonly upTo: number };
  readonly vanishes?: { readonly rate: number; readonly upTo: number };
  readonly refuses?: number;
  readonly refusesEntry?: number;
  readonly undeliverable?: number;
  readonly isThrottled?: number;
  /** A crash happens after 0 to `upTo` calls; half of the crashes are hangs. */
  readonly crashes?: { readonly rate: number; readonly upTo: number };
}

/**
 * Draws faults at random but reproducibly.
 *
 * Each draw is a hash of the seed, the subject and the attempt, so that it does not depend on the order of calls.
 */
export function drawFaults(seed: string, rates: FaultRates): Faults {
  const draw = (name: keyof Faults, ...key: readonly (string | number)[]) => fractionOf(seed, name, ...key);
  const hits = (rate: number | undefined, name: keyof Faults, ...key: readonly (string | number)[]) =>
    draw(name, ...key) < (rate ?? 0);
  const upTo = (
    spread: FaultRates['slows'],
    name: 'slows' | 'delays' | 'hides' | 'vanishes',
    ...key: readonly (string | number)[]
  ) => (spread !== undefined && hits(spread.rate, name, ...key) ? spread.upTo * draw(name, 'how long', ...key) : 0);
  const ofCall = ({ region, action, key, attempt }: FaultyCall) => [region, action, key, attempt] as const;
  return {
    throttles: (call) => hits(rates.throttles, 'throttles', ...ofCall(call)),
    fails: (call) =>
      hits(rates.fails, 'fails', ...ofCall(call))
        ? draw('fails', 'code', ...ofCall(call)) < 0.5
          ? 'InternalError'
          : 'Unavailable'
        : undefined,
    resets: (call) =>
      hits(rates.resets, 'resets', ...ofCall(call))
        ? draw('resets', 'when', ...ofCall(call)) < 0.5
          ? 'before'
          : 'after'
        : undefined,
    slows: (call) => upTo(rates.slows, 'slows', ...ofCall(call)),
    loses: ({ key, attempt }) => hits(rates.loses, 'loses', key, attempt),
    duplicates: ({ key, attempt }) => (hits(rates.duplicates, 'duplicates', key, attempt) ? 1 : 0),
    delays: ({ key, attempt }, copy) => upTo(rates.delays, 'delays', key, attempt, copy),
    truncates: ({ key, attempt }) => hits(rates.truncates, 'truncates', key, attempt),
    hides: ({ instanceId }) => upTo(rates.hides, 'hides', instanceId),
    vanishes: ({ instanceId }) => upTo(rates.vanishes, 'vanishes', instanceId) || undefined,
    refuses: ({ topicArn, message, attempt }) =>
      hits(rates.refuses, 'refuses', topicArn, message, attempt) ? 'InternalError' : undefined,
    refusesEntry: ({ detail, attempt }) => hits(rates.refusesEntry, 'refusesEntry', detail, attempt),
    undeliverable: ({ rule, eventId, attempt }) =>
      hits(rates.undeliverable, 'undeliverable', rule, eventId, attempt) ? 'retry' : undefined,
    isThrottled: ({ key, attempt }) => hits(rates.isThrottled, 'isThrottled', key, attempt),
    crashes: ({ key, attempt }) =>
      rates.crashes !== undefined && hits(rates.crashes.rate, 'crashes', key, attempt)
        ? {
            afterCalls: Math.floor(draw('crashes', 'after', key, attempt) * (rates.crashes.upTo + 1)),
            how: draw('crashes', 'how', key, attempt) < 0.5 ? 'exit' : 'hang',
          }
        : undefined,
  };
}
