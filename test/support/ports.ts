import type { Ports, Time } from '../../lambda/app/ports.ts';
import { CHANGE } from '../../lambda/core/decide.ts';
import { FailureError, type FailureKind } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { AlertMessage } from '../../lambda/core/message.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import type { Lookup } from '../../lambda/core/target.ts';
import type { Sighting } from '../../lambda/triggers/sighting.ts';
import { NOW, REGION } from './builders.ts';

/** A failure as ports throw it. */
export const failure = (kind: FailureKind, message: string = kind): FailureError => new FailureError(kind, message);

/** Seconds after a date. */
export const after = (seconds: number, from = NOW): Date => new Date(from.getTime() + seconds * 1000);

/** A clock that stands still while there is something to do, and then jumps to whoever sleeps shortest. */
export function virtualTime(seconds = 105, from = NOW): Time {
  let now = from.getTime();
  const sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  const wakeFirst = () => {
    sleepers.sort((a, b) => a.until - b.until);
    const first = sleepers.shift();
    now = Math.max(now, first?.until ?? now);
    first?.wake();
    if (sleepers.length > 0) setImmediate(wakeFirst);
  };
  return {
    now: () => new Date(now),
    sleep: (milliseconds) =>
      new Promise((wake) => {
        sleepers.push({ until: now + milliseconds, wake });
        if (sleepers.length === 1) setImmediate(wakeFirst);
      }),
    random: () => 0.5,
    deadline: after(seconds, from),
  };
}

/** Something that goes wrong with a call; a function may change the world before it says what. */
type Fault = Error | (() => Error);

/** An account in memory behind all ports. */
export interface World extends Required<Ports> {
  /** The calls to reader, writer, queue and publisher in order: what, where, whom. */
  readonly calls: string[];
  readonly sightings: Sighting[];
  readonly published: AlertMessage[];
  readonly unsent: AlertMessage[];
  readonly outcomes: Outcome[];
  readonly notUnderstood: [eventId: string, problem: string][];
  readonly warnings: string[];
  /** Puts an instance there, in place of what had its id; EC2 shows it from then on, or after some seconds. */
  put(snapshot: Snapshot, options?: { readonly region?: string; readonly visibleAfter?: number }): void;
  /** Faults of the next calls that begin with this text, one call each. */
  fail(call: string, ...faults: readonly Fault[]): void;
}

/** An account with these instances in the usual region, 105 seconds before the deadline of the invocation. */
export function world(instances: readonly Snapshot[] = [], time = virtualTime()): World {
  const fleet = new Map<string, { readonly snapshot: Snapshot; readonly region: string; readonly from: Date }>();
  const faults: { readonly call: string; readonly fault: Fault }[] = [];
  const calls: string[] = [];
  const begin = (...words: readonly string[]) => {
    const call = words.join(' ');
    calls.push(call);
    const index = faults.findIndex((planned) => call.startsWith(planned.call));
    const [planned] = index < 0 ? [] : faults.splice(index, 1);
    if (planned !== undefined) throw typeof planned.fault === 'function' ? planned.fault() : planned.fault;
  };
  const visible = (region: string) =>
    [...fleet.values()].filter((there) => there.region === region && there.from <= time.now());
  const made: World = {
    calls,
    sightings: [],
    published: [],
    unsent: [],
    outcomes: [],
    notUnderstood: [],
    warnings: [],
    put: (snapshot, { region = REGION, visibleAfter = 0 } = {}) => {
      fleet.set(snapshot.instanceId, { snapshot, region, from: after(visibleAfter, time.now()) });
    },
    fail: (call, ...planned) => {
      faults.push(...planned.map((fault) => ({ call, fault })));
    },
    reader: {
      describe: async (region, ids) => {
        begin('describe', region, ...ids);
        await Promise.resolve();
        return visible(region).flatMap(({ snapshot }) => (ids.includes(snapshot.instanceId) ? [snapshot] : []));
      },
      find: async ({ region, clientToken }: Lookup) => {
        begin('find', region, clientToken ?? 'by time');
        await Promise.resolve();
        return visible(region).map(({ snapshot }) => snapshot);
      },
    },
    writer: {
      requireTokens: async (region, instanceId) => {
        begin('modify', region, instanceId);
        await Promise.resolve();
        const there = fleet.get(instanceId);
        if (there === undefined) throw failure('not-visible');
        const options = { ...there.snapshot.options, ...CHANGE, State: 'pending' };
        fleet.set(instanceId, { ...there, snapshot: { ...there.snapshot, options } });
        return options;
      },
    },
    queue: {
      putSightings: async (sightings) => {
        begin('sight', ...sightings.map(({ detail }) => detail.instanceId));
        await Promise.resolve();
        made.sightings.push(...sightings);
      },
      putUnsent: async (message) => {
        begin('keep', message.subject);
        await Promise.resolve();
        made.unsent.push(message);
      },
    },
    publisher: {
      publish: async (message) => {
        begin('publish', message.subject);
        await Promise.resolve();
        made.published.push(message);
      },
    },
    journal: {
      outcome: (outcome) => made.outcomes.push(outcome),
      notUnderstood: (eventId, problem) => made.notUnderstood.push([eventId, problem]),
      warning: (text) => made.warnings.push(text),
    },
    time,
  };
  for (const instance of instances) made.put(instance);
  return made;
}
