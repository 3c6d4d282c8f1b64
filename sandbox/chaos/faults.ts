import type { Faults, FaultyCall, FaultyEvent } from '../aws/simulation/faults.ts';
import { NO_FAULTS } from '../aws/simulation/faults.ts';
import { fractionOf } from '../aws/simulation/ids.ts';
import type { FaultName } from './options.ts';
import { pathsOf } from './without.ts';

type Key = readonly (string | number)[];

/** The rate of each fault. */
const RATES = {
  lostRecord: 0.02,
  lostState: 0.03,
  /** Of the launches: all events of their instances are lost. */
  unseen: 0.05,
  duplicated: 0.03,
  delayed: 0.05,
  reordered: 0.25,
  truncated: 0.03,
  invisible: 0.3,
  /** Of the invisible instances: longer than an invocation waits for them. */
  longInvisible: 0.05,
  vanished: 0.01,
  throttled: 0.02,
  errors: 0.015,
  resets: 0.01,
  slow: 0.02,
  /** Of the slow calls: slower than the timeout of the caller. */
  endless: 0.05,
  snsOnce: 0.03,
  snsDown: 0.05,
  refusedOnce: 0.03,
  refusedDown: 0.01,
  putHangs: 0.02,
  messageRefused: 0.05,
  functionBusy: 0.05,
  crashes: 0.02,
  timeouts: 0.01,
  /** Of the messages: the function crashes whenever it handles them, with all other messages of the batch. */
  deadly: 0.0003,
  undeliverable: 0.03,
  permanentlyUndeliverable: 0.004,
} as const;

const DELAYED_MS = 120_000;
const REORDERED_MS = 15_000;
const INVISIBLE_MS = 10_000;
const LONG_INVISIBLE_MS = 180_000;
const VANISHED_MS = 10_000;
const SLOW_MS = 8_000;
const ENDLESS_MS = 90_000;
/** The attempts of two deliveries of an alert. */
const SNS_DOWN_ATTEMPTS = 4;
/** More than one invocation makes. */
const REFUSED_ATTEMPTS = 8;
const CALLS_BEFORE_CRASH = 6;

/**
 * Draws the faults of a run at random but reproducibly.
 *
 * Each draw is a hash of the seed, the subject and the attempt, so that it does not depend on the order of calls. Only
 * calls of functions fail, not those of the traffic, so that every run has the same fleet.
 */
export function chaosFaults(
  seed: string,
  names: readonly (FaultName | 'unseen')[],
  without: readonly string[],
): Partial<Faults> {
  const draw = (what: string, ...key: Key) => fractionOf(seed, 'fault', what, ...key);
  const hits = (rate: number, what: string, ...key: Key) => draw(what, ...key) < rate;
  const all = faultsByName(draw, hits, enabledPaths(without));
  const selected = names.map((name) => all[name]);
  return Object.fromEntries(
    Object.entries(NO_FAULTS).map(([member, none]) => {
      const functions = selected.map((faults) => faults[member as keyof Faults]).filter((fault) => fault !== undefined);
      return [member, functions.length === 0 ? none : combined(functions as FaultFunction[])];
    }),
  );
}

/** Which events of a launch reach the function. If only one does, it must not be lost. */
const enabledPaths = (without: readonly string[]) => {
  const disabled = pathsOf(without);
  return { launch: !disabled.includes('launch'), running: !disabled.includes('running') };
};

type FaultFunction = (...args: readonly unknown[]) => unknown;

/** Combines faults: delays are added; otherwise the first fault applies. */
function combined(functions: readonly FaultFunction[]): FaultFunction {
  return (...args) => {
    const results = functions.map((fault) => fault(...args));
    const numbers = results.filter((result) => typeof result === 'number');
    if (numbers.length > 0) return numbers.reduce((sum, number) => sum + number, 0);
    return results.find((result) => result !== undefined && result !== false) ?? results[0];
  };
}

function faultsByName(
  draw: (what: string, ...key: Key) => number,
  hits: (rate: number, what: string, ...key: Key) => boolean,
  paths: ReturnType<typeof enabledPaths>,
): Record<FaultName | 'unseen', Partial<Faults>> {
  /** Instances whose launch record is lost. Their running-state events must not be. */
  const unrecorded = new Set<string>();
  /** Instances whose events are all lost. */
  const unseen = new Set<string>();
  const loseBoth = ({ kind, name, instanceIds, key }: FaultyEvent): boolean => {
    if (kind === 'cloudtrail' && name === 'RunInstances' && hits(RATES.unseen, 'unseen', key)) {
      instanceIds.forEach((id) => unseen.add(id));
      return true;
    }
    return name === 'running' && instanceIds.every((id) => unseen.has(id));
  };
  const callHits = (rate: number, what: string, { invocation, service, action, key, attempt }: FaultyCall) =>
    invocation !== undefined && hits(rate, what, service, action, key, attempt);
  const putHangs = (call: FaultyCall) => call.action === 'PutEvents' && callHits(RATES.putHangs, 'put hangs', call);
  const callKey = ({ service, action, key, attempt }: FaultyCall): Key => [service, action, key, attempt];
  const lose = ({ kind, name, instanceIds, key }: FaultyEvent): boolean => {
    if (kind === 'cloudtrail' && name === 'RunInstances') {
      const lost = paths.running && hits(RATES.lostRecord, 'lost', key);
      if (lost) instanceIds.forEach((id) => unrecorded.add(id));
      return lost;
    }
    // The event of a drift is never lost, because it is the only one.
    const isOnlyEvent = !paths.launch || instanceIds.some((id) => unrecorded.has(id));
    return name === 'running' && !isOnlyEvent && hits(RATES.lostState, 'lost', key);
  };
  const afterCalls = (key: string, attempt: number) =>
    Math.floor(draw('after calls', key, attempt) * (CALLS_BEFORE_CRASH + 1));
  return {
    lost: { loses: lose },
    unseen: { loses: loseBoth },
    duplicated: { duplicates: ({ key, attempt }) => (hits(RATES.duplicated, 'duplicated', key, attempt) ? 1 : 0) },
    delayed: {
      delays: ({ key, attempt }, copy) =>
        hits(RATES.delayed, 'delayed', key, attempt, copy) ? DELAYED_MS * draw('delay', key, attempt, copy) : 0,
    },
    reordered: {
      delays: ({ key, attempt }, copy) =>
        hits(RATES.reordered, 'reordered', key, attempt, copy) ? REORDERED_MS * draw('order', key, attempt, copy) : 0,
    },
    truncated: {
      truncates: ({ name, key }) => name === 'RunInstances' && hits(RATES.truncated, 'truncated', key),
    },
    invisible: {
      hides: ({ instanceId }) => {
        if (!hits(RATES.invisible, 'invisible', instanceId)) return 0;
        const upTo = hits(RATES.longInvisible, 'long invisible', instanceId) ? LONG_INVISIBLE_MS : INVISIBLE_MS;
        return upTo * draw('hidden', instanceId);
      },
    },
    vanished: {
      vanishes: ({ instanceId }) =>
        hits(RATES.vanished, 'vanished', instanceId) ? VANISHED_MS * draw('vanished after', instanceId) : undefined,
    },
    throttled: { throttles: (call) => callHits(RATES.throttled, 'throttled', call) },
    errors: {
      fails: (call) => {
        if (!callHits(RATES.errors, 'errors', call)) return undefined;
        return draw('error code', ...callKey(call)) < 0.5 ? 'InternalError' : 'Unavailable';
      },
    },
    resets: {
      resets: (call) => {
        if (!callHits(RATES.resets, 'resets', call)) return undefined;
        return draw('reset when', ...callKey(call)) < 0.5 ? 'before' : 'after';
      },
    },
    slow: {
      slows: (call) => {
        if (!callHits(RATES.slow, 'slow', call)) return 0;
        const upTo = draw('endless', ...callKey(call)) < RATES.endless ? ENDLESS_MS : SLOW_MS;
        return upTo * draw('how slow', ...callKey(call));
      },
    },
    sns: {
      refuses: ({ message, attempt }) => {
        const down = hits(RATES.snsDown, 'sns down', message) && attempt <= SNS_DOWN_ATTEMPTS;
        if (!down && !hits(RATES.snsOnce, 'sns', message, attempt)) return undefined;
        return draw('sns code', message) < 0.5 ? 'InternalError' : 'AuthorizationError';
      },
    },
    outcomes: {
      refusesEntry: ({ service, detail, attempt }) =>
        service === 'events' &&
        ((hits(RATES.refusedDown, 'refused', detail) && attempt <= REFUSED_ATTEMPTS) ||
          hits(RATES.refusedOnce, 'refused once', detail, attempt)),
      slows: (call) => (putHangs(call) ? ENDLESS_MS : 0),
      // Without effect.
      resets: (call) => (putHangs(call) ? 'before' : undefined),
    },
    // Calls of other callers, in MixedIn.
    others: {},
    partial: {
      refusesEntry: ({ service, source, detail, attempt }) =>
        service === 'sqs' && hits(RATES.messageRefused, 'message', source, detail, attempt),
    },
    busy: {
      isThrottled: ({ functionName, key, attempt }) => hits(RATES.functionBusy, 'busy', functionName, key, attempt),
    },
    crashes: {
      crashes: ({ key, messages, attempt }) => {
        const crash = { afterCalls: afterCalls(key, attempt), how: 'exit' } as const;
        if (hits(RATES.crashes, 'crashes', key, attempt)) return crash;
        // While the function handles the message, so that its batch is lost with it.
        const deadly = messages.filter((message) => hits(RATES.deadly, 'deadly', message.key));
        const naming = deadly.flatMap(({ body }) => body.match(/\bi-[\da-f]{17}\b/g) ?? []);
        return naming.length > 0 ? { ...crash, afterCalls: 1, naming } : undefined;
      },
    },
    timeouts: {
      crashes: ({ key, attempt }) =>
        hits(RATES.timeouts, 'timeouts', key, attempt)
          ? { afterCalls: afterCalls(key, attempt), how: 'hang' }
          : undefined,
    },
    undeliverable: {
      undeliverable: ({ rule, eventId, attempt }) => {
        if (hits(RATES.permanentlyUndeliverable, 'never', rule, eventId)) return 'never';
        return hits(RATES.undeliverable, 'undeliverable', rule, eventId, attempt) ? 'retry' : undefined;
      },
    },
  };
}
