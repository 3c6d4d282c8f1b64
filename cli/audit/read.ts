import pMap from 'p-map';
import { listInstances } from '../../lambda/app/list-instances.ts';
import type { Filter, FleetReader, Time } from '../../lambda/app/ports/index.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Io } from '../shared/io.ts';
import { count } from '../../lambda/core/words/format.ts';

/** Number of Regions that are read in parallel. */
export const REGIONS_AT_ONCE = 4;

/** What to read, and what to do with it. */
export interface Reading {
  readonly regions: readonly string[];
  readonly filters: readonly Filter[];
  readonly fleet: FleetReader;
  /** The clock of a Region, such as `Aws.time`. */
  readonly time: (region: string) => Time;
  /** Receives each page; the next page of the Region is read once its promise is settled. */
  readonly take: (region: string, snapshots: readonly Snapshot[]) => void | Promise<void>;
}

/**
 * Reads Regions page by page, some in parallel. An error in one Region does not stop the others.
 *
 * @returns errors by Region.
 */
export async function readRegions(reading: Reading, io: Io): Promise<Map<string, FailureError>> {
  const { regions, filters, fleet, time, take } = reading;
  const failures = new Map<string, FailureError>();
  let instances = 0;
  let done = 0;
  const show = () => io.progress(`${count(instances)} instances read, ${done} of ${regions.length} Regions done`);
  const read = async (region: string): Promise<void> => {
    for await (const snapshots of listInstances(region, filters, fleet, time(region))) {
      io.interrupted.throwIfAborted();
      await take(region, snapshots);
      instances += snapshots.length;
      show();
    }
  };
  show();
  await pMap(
    regions,
    async (region) => {
      try {
        await read(region);
      } catch (error) {
        if (!(error instanceof FailureError) || io.interrupted.aborted) throw error;
        failures.set(region, error);
      }
      done += 1;
      show();
    },
    { concurrency: REGIONS_AT_ONCE },
  );
  io.progress('');
  return failures;
}
