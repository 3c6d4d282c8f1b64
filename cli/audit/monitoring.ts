import pMap from 'p-map';
import type { TriggerName } from '../../lambda/contract.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import { explainError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';
import { REGIONS_AT_ONCE } from './read.ts';

/** Where rules of the product listen. */
export interface Monitoring {
  /** What no rule listens to, by region; empty where nothing listens in any region, for then nothing is deployed that could. */
  readonly notMonitored: ReadonlyMap<string, readonly TriggerName[]>;
  /** Why it could not be read, by region. */
  readonly errors: ReadonlyMap<string, string>;
}

/**
 * Looks in each region whether rules listen there.
 *
 * @param read gives the triggers that no rule of a region listens to.
 */
export async function monitoredIn(
  regions: readonly string[],
  read: (region: string) => Promise<readonly TriggerName[]>,
  io: Pick<Io, 'interrupted'>,
): Promise<Monitoring> {
  const found = new Map<string, readonly TriggerName[]>();
  const errors = new Map<string, string>();
  const look = async (region: string): Promise<void> => {
    io.interrupted.throwIfAborted();
    try {
      found.set(region, await read(region));
    } catch (error) {
      errors.set(region, explainError(error));
    }
  };
  await pMap(regions, look, { concurrency: REGIONS_AT_ONCE });
  const missing = [...found].filter(([, triggers]) => triggers.length > 0);
  const anywhere = [...found.values()].some((triggers) => triggers.length < TRIGGERS.length);
  return { notMonitored: new Map(anywhere ? missing : []), errors };
}

/** In words what no rule listens to; nothing if that is nothing. */
export function notMonitoredNote(triggers: readonly TriggerName[] = []): string {
  if (triggers.length === 0) return '';
  return triggers.length === TRIGGERS.length ? 'no rule listens' : `no rule listens for ${triggers.join(', ')}`;
}
