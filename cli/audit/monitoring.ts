import pMap from 'p-map';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import { plural } from '../../lambda/core/words/format.ts';
import { explainError } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import { REGIONS_AT_ONCE } from './read.ts';

/**
 * Reads which Regions have the EventBridge rules of the product.
 *
 * @param read returns the triggers without a rule in a Region.
 * @returns errors and triggers without a rule, by Region; no triggers if nothing is deployed: no Region has a rule.
 */
export async function monitoringOf(
  regions: readonly string[],
  read: (region: string) => Promise<readonly string[]>,
  io: Pick<Io, 'interrupted' | 'progress'>,
) {
  const triggersByRegion = new Map<string, readonly string[]>();
  const errors = new Map<string, string>();
  const readRegion = async (region: string): Promise<void> => {
    io.interrupted.throwIfAborted();
    try {
      triggersByRegion.set(region, await read(region));
    } catch (error) {
      errors.set(region, explainError(error));
    }
  };
  if (regions.length > 0) io.progress(`looking for EventBridge rules in ${plural(regions.length, 'Region')}`);
  await pMap(regions, readRegion, { concurrency: REGIONS_AT_ONCE });
  io.progress('');
  const missing = [...triggersByRegion].filter(([, triggers]) => triggers.length > 0);
  const isDeployed = [...triggersByRegion.values()].some((triggers) => triggers.length < TRIGGERS.length);
  return { notMonitored: new Map(isDeployed ? missing : []), errors };
}

/** The triggers without a rule, as text; `''` if every trigger has one. */
export function notMonitoredNote(triggers: readonly string[] = []): string {
  if (triggers.length === 0) return '';
  return triggers.length === TRIGGERS.length ? 'no EventBridge rule' : `no EventBridge rule for ${triggers.join(', ')}`;
}
