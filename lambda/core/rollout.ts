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
 * @returns the ids of the instances to change.
 */
export function rollOut(candidates: readonly Candidate[], required: ReadonlyMap<string, number>): readonly string[] {
  const counts = new Map<string, number>();
  for (const { fleet } of candidates) if (fleet !== undefined) counts.set(fleet, (counts.get(fleet) ?? 0) + 1);
  const left = new Map(
    [...counts].map(([fleet, count]): [string, number] => {
      const already = required.get(fleet) ?? 0;
      return [fleet, shareOf(count + already, already)];
    }),
  );
  return candidates.flatMap(({ instanceId, fleet }) => {
    if (fleet === undefined) return [instanceId];
    const share = left.get(fleet) ?? 0;
    left.set(fleet, share - 1);
    return share > 0 ? [instanceId] : [];
  });
}
