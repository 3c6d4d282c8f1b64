import { fractionOf } from './ids.ts';
import type { Params } from '../wire/params.ts';

/** A call about to be answered. `attempt` counts the calls of the same action about the same thing, from 1. */
export interface FaultyCall {
  readonly service: string;
  readonly action: string;
  readonly region: string;
  /** What the call is about: an instance id, a client token, a topic, … */
  readonly key: string;
  readonly attempt: number;
  readonly params: Params;
  readonly accessKeyId: string;
  /** Request id of the function invocation that makes the call. */
  readonly invocation?: string;
}

/** An instance about to be launched. */
export interface FaultyInstance {
  readonly instanceId: string;
  readonly region: string;
}

/** An event about to be put on the bus. */
export interface FaultyEvent {
  /** `cloudtrail` or `state-change`. */
  readonly kind: string;
  /** Name of the API call, or of the state. */
  readonly name: string;
  readonly region: string;
  readonly instanceIds: readonly string[];
  /** Kind, name and instances; the same whenever the event is sent. */
  readonly key: string;
  /** Counts the events of the same key, from 1. */
  readonly attempt: number;
}

/** A message about to be published. */
export interface FaultyPublish {
  readonly topicArn: string;
  readonly subject: string | undefined;
  readonly message: string;
  /** Counts the tries to publish this very message to this topic, from 1. */
  readonly attempt: number;
}

/** A delivery of the bus about to be made. */
export interface FaultyDelivery {
  readonly rule: string;
  readonly targetArn: string;
  readonly eventId: string;
  readonly attempt: number;
}

/** An invocation about to start. */
export interface FaultyInvocation {
  readonly functionName: string;
  readonly requestId: string;
  /** What the payload is about; the same at each retry. */
  readonly key: string;
  readonly attempt: number;
}

/** What goes wrong, each on its own. The defaults are `NO_FAULTS`; a running sandbox reads them anew each time. */
export interface Faults {
  /** EC2 answers `RequestLimitExceeded` (other services `Throttling`) although the bucket is not empty. */
  throttles: (call: FaultyCall) => boolean;
  /** The service answers with this 5xx code. */
  fails: (call: FaultyCall) => 'InternalError' | 'Unavailable' | undefined;
  /** The connection breaks before the call is carried out, or after it. */
  resets: (call: FaultyCall) => 'before' | 'after' | undefined;
  /** Simulated milliseconds before the call is carried out. */
  slows: (call: FaultyCall) => number;
  /** The event is never sent. */
  loses: (event: FaultyEvent) => boolean;
  /** How many more times the event is sent. */
  duplicates: (event: FaultyEvent) => number;
  /** Simulated milliseconds that an event, or copy 1, 2, … of it, comes late. */
  delays: (event: FaultyEvent, copy: number) => number;
  /** CloudTrail omits the response elements whatever their size. */
  truncates: (event: FaultyEvent) => boolean;
  /** Simulated milliseconds during which EC2 does not know a new instance. */
  hides: (instance: FaultyInstance) => number;
  /** Simulated milliseconds after which EC2 fails at a new instance: it dies, and from then on EC2 does not show it. */
  vanishes: (instance: FaultyInstance) => number | undefined;
  /** SNS answers with this error code. */
  refuses: (publish: FaultyPublish) => string | undefined;
  /** A target cannot be reached: worth a retry, or not. */
  undeliverable: (delivery: FaultyDelivery) => 'retry' | 'never' | undefined;
  /** The function dies, or hangs until its timeout, after so many API calls: carried out, but their answer is not seen. */
  crashes: (invocation: FaultyInvocation) => { readonly afterCalls: number; readonly how: 'exit' | 'hang' } | undefined;
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
  undeliverable: () => undefined,
  crashes: () => undefined,
};

/** Shares from 0 to 1 of what is hit, and upper bounds in simulated milliseconds. */
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
  readonly undeliverable?: number;
  /** A crash comes after 0 to `upTo` calls; half of them are hangs. */
  readonly crashes?: { readonly rate: number; readonly upTo: number };
}

/**
 * Faults drawn by hash of the seed, what is hit and the attempt. Nothing is drawn from a sequence, so that the same things
 * are hit however the calls interleave.
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
    undeliverable: ({ rule, eventId, attempt }) =>
      hits(rates.undeliverable, 'undeliverable', rule, eventId, attempt) ? 'retry' : undefined,
    crashes: ({ key, attempt }) =>
      rates.crashes !== undefined && hits(rates.crashes.rate, 'crashes', key, attempt)
        ? {
            afterCalls: Math.floor(draw('crashes', 'after', key, attempt) * (rates.crashes.upTo + 1)),
            how: draw('crashes', 'how', key, attempt) < 0.5 ? 'exit' : 'hang',
          }
        : undefined,
  };
}
