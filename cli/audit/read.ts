import pMap from 'p-map';
import { listInstances } from '../../lambda/app/list-instances.ts';
import type { Filter, FleetReader, Time } from '../../lambda/app/ports/index.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Io } from '../shared/io.ts';
import { count } from './labels.ts';

/** Regions read at a time. */
export const REGIONS_AT_ONCE = 4;

/** Where instances are read from, and who takes them. */
export interface Reading {
  readonly regions: readonly string[];
  readonly filters: readonly Filter[];
  readonly fleet: FleetReader;
  /** The clock of a region, such as that of `Aws`. */
  readonly time: (region: string) => Time;
  /** Waited for, so that no more is read than can be taken. */
  readonly take: (region: string, snapshots: readonly Snapshot[]) => void | Promise<void>;
}

/**
 * Reads regions page by page, some at a time. What goes wrong in one does not keep the others from being read.
 *
 * @returns what went wrong, by region.
 */
export async function readRegions(reading: Reading, io: Io): Promise<Map<string, FailureError>> {
  const { regions, filters, fleet, time, take } = reading;
  const failures = new Map<string, FailureError>();
  let instances = 0;
  let done = 0;
  const show = () => io.progress(`${count(instances)} instances read, ${done} of ${regions.length} regions done`);
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
