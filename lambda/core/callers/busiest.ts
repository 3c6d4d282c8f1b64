import type { Snapshot } from '../instance.ts';
import { fleetKeyOf } from '../launch-source-group.ts';
import { launchSourceOf } from '../launch-source.ts';
import type { Usage } from '../usage.ts';

/** Instances of one launch source whose callers are looked up: the others run the same software. */
const MOST_OF_A_FLEET = 3;

interface InUse {
  readonly snapshot: Snapshot;
  readonly callsPerDay: number;
  /** What its launch source is known by; absent if it belongs to none. */
  readonly fleet?: string;
}

/** The instances of a region with the most IMDSv1 calls per day, a few of each launch source. */
export class BusiestInstances {
  #inUse: readonly InUse[] = [];

  /** @param limit most instances. */
  public constructor(private readonly limit: number) {}

  /** Takes an instance into account; only one with IMDSv1 in use counts. */
  public add(snapshot: Snapshot, usage: Usage | undefined): void {
    if (usage?.kind !== 'in-use') return;
    const fleet = fleetKeyOf(launchSourceOf(snapshot.tags));
    const all = [...this.#inUse, { snapshot, callsPerDay: usage.callsPerDay, fleet }].toSorted(mostCallsFirst);
    const siblings = fleet === undefined ? [] : all.filter((other) => other.fleet === fleet);
    const beyond = new Set(siblings.slice(MOST_OF_A_FLEET));
    this.#inUse = all.filter((one) => !beyond.has(one)).slice(0, this.limit);
  }

  /** Most calls first. */
  public get snapshots(): readonly Snapshot[] {
    return this.#inUse.map(({ snapshot }) => snapshot);
  }
}

const mostCallsFirst = (a: InUse, b: InUse): number =>
  b.callsPerDay - a.callsPerDay || a.snapshot.instanceId.localeCompare(b.snapshot.instanceId, 'en');
