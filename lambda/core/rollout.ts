import type { Snapshot } from './instance.ts';
import { launchSourceOf } from './launch-source.ts';
import { fleetKeyOf } from './launch-source-group.ts';

/** Instances of a launch source that a first run changes: few enough to be repaired by hand. */
const FIRST_SHARE = 5;

/** The part of a launch source that the second run completes. */
const SECOND_SHARE = 0.25;

/** A non-compliant instance that may be changed. */
export interface Candidate {
  readonly instanceId: string;
  /** Key of its launch source; absent if it belongs to none. */
  readonly fleet?: string;
}

/** A candidate, with the launch source that its tags name. */
export const toCandidate = ({ instanceId, tags }: Pick<Snapshot, 'instanceId' | 'tags'>): Candidate => ({
  instanceId,
  fleet: fleetKeyOf(launchSourceOf(tags)),
});

/** What a run changes, and what it leaves to later ones. */
export interface Rollout {
  readonly instanceIds: readonly string[];
  /** Numbers of candidates, by launch source, that wait for the next share. */
  readonly later: ReadonlyMap<string, number>;
}

/** Most instances of a launch source that may be changed, by how many of them require IMDSv2 already. */
export function shareOf(instances: number, required: number): number {
  if (required < FIRST_SHARE) return FIRST_SHARE - required;
  const second = Math.ceil(instances * SECOND_SHARE);
  return required < second ? second - required : instances - required;
}

/**
 * Chooses which instances a run changes: of a launch source first five, then a quarter, then the rest, so that rejected
 * calls show before everything is changed. No state is needed, because the instances that require IMDSv2 are counted.
 *
 * A launch source of 200 instances takes three runs.
 *
 * @param required instances that require IMDSv2, by launch source.
 */
export function rollOut(candidates: readonly Candidate[], required: ReadonlyMap<string, number>): Rollout {
  const counts = new Map<string, number>();
  for (const { fleet } of candidates) if (fleet !== undefined) counts.set(fleet, (counts.get(fleet) ?? 0) + 1);
  const left = new Map(
    [...counts].map(([fleet, count]): [string, number] => {
      const already = required.get(fleet) ?? 0;
      return [fleet, shareOf(count + already, already)];
    }),
  );
  const instanceIds: string[] = [];
  const later = new Map<string, number>();
  for (const { instanceId, fleet } of candidates) {
    const share = fleet === undefined ? 1 : (left.get(fleet) ?? 0);
    if (share > 0) instanceIds.push(instanceId);
    else if (fleet !== undefined) later.set(fleet, (later.get(fleet) ?? 0) + 1);
    if (fleet !== undefined) left.set(fleet, share - 1);
  }
  return { instanceIds, later };
}
