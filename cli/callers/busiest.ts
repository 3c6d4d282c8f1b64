import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { Shortlist } from '../audit/shortlist.ts';
import { ascending } from '../common/sort.ts';
import type { Subject } from './read.ts';

interface InUse extends Subject {
  readonly callsPerDay: number;
}

/** The instances of each Region with the most IMDSv1 calls per day. */
export class BusiestInstances {
  readonly #byRegion = new Map<string, Shortlist<InUse>>();

  /** @param limit most instances of a Region. */
  public constructor(private readonly limit: number) {}

  /** Adds those of a page of instances that have IMDSv1 in use. */
  public add(region: string, snapshots: readonly Snapshot[], usages: ReadonlyMap<string, Usage> = new Map()): void {
    const list = this.#byRegion.get(region) ?? new Shortlist<InUse>(this.limit, mostCallsFirst);
    this.#byRegion.set(region, list);
    for (const snapshot of snapshots) {
      const { instanceId } = snapshot;
      const usage = usages.get(instanceId);
      if (usage?.kind === 'in-use') list.add({ region, instanceId, snapshot, callsPerDay: usage.callsPerDay });
    }
  }

  public subjects(): readonly Subject[] {
    return [...this.#byRegion.values()].flatMap((list) =>
      list.first.map(({ region, instanceId, snapshot }) => ({ region, instanceId, snapshot })),
    );
  }
}

const mostCallsFirst = ascending(({ callsPerDay, instanceId }: InUse) => [-callsPerDay, instanceId]);
