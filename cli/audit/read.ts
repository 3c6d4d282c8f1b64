import pMap from 'p-map';
import { listInstances } from '../../lambda/app/list-instances.ts';
import type { Filter } from '../../lambda/app/ports/index.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { count } from '../../lambda/core/words/format.ts';
import type { Aws } from '../common/aws.ts';
import { adviceOn, explainError, isDenied } from '../common/errors.ts';
import type { Io } from '../common/io.ts';

/** Number of Regions that are read in parallel. */
export const REGIONS_AT_ONCE = 4;

/** The Regions that could not be read. */
export interface UnreadRegions {
  /** Why, by Region. */
  readonly problems: ReadonlyMap<string, string>;
  /** Whether there was an error. That some Regions, but not all, are not visible from here is none. */
  readonly failed: boolean;
}

/** A Region that this caller may not read, usually by a policy of the organization, which stays so. */
export const NOT_VISIBLE = 'not visible from here';

/**
 * Reads Regions page by page, some in parallel. An error in one Region does not stop the others.
 *
 * @param take receives each page; the next page of the Region is read once its promise is settled.
 */
export async function readRegions(
  aws: Pick<Aws, 'fleet' | 'time'>,
  regions: readonly string[],
  filters: readonly Filter[],
  take: (region: string, snapshots: readonly Snapshot[]) => void | Promise<void>,
  io: Io,
): Promise<UnreadRegions> {
  const problems = new Map<string, string>();
  const denied = new Map<string, Error>();
  let instances = 0;
  let done = 0;
  const show = () => io.progress(`${count(instances)} instances read, ${done} of ${regions.length} Regions done`);
  const read = async (region: string): Promise<void> => {
    let taken = 0;
    try {
      for await (const snapshots of listInstances(region, filters, aws.fleet, aws.time(region))) {
        io.interrupted.throwIfAborted();
        await take(region, snapshots);
        instances += snapshots.length;
        taken += 1;
        show();
      }
    } catch (error) {
      if (!(error instanceof FailureError) || io.interrupted.aborted) throw error;
      if (isDenied(error) && taken === 0) denied.set(region, error);
      problems.set(region, explainError(error));
    }
    done += 1;
    show();
  };
  show();
  await pMap(regions, read, { concurrency: REGIONS_AT_ONCE });
  io.progress('');
  // If none is visible, the caller rather lacks the permission than access to the Regions.
  const isNoneVisible = denied.size === regions.length;
  for (const [region, error] of denied) {
    const problem = explainError(error);
    problems.set(region, isNoneVisible ? problem + adviceOn(error) : `${NOT_VISIBLE}: ${problem}`);
  }
  return { problems, failed: isNoneVisible ? denied.size > 0 : problems.size > denied.size };
}
