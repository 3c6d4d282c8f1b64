import type { LaunchSourceReader, ReadPage } from '../../lambda/app/ports/index.ts';
import { type LaunchInventory, NO_LAUNCHES } from '../../lambda/core/prevention/inventory.ts';

/**
 * Reads launch sources from memory.
 *
 * @param inventory returns them at each call.
 * @param begin records a call, or throws.
 */
export function launchSourceReader(
  inventory: () => Partial<LaunchInventory> = () => ({}),
  begin: (...words: readonly string[]) => void = () => undefined,
): LaunchSourceReader {
  const now = () => ({ ...NO_LAUNCHES, ...inventory() });
  const list =
    <T>(name: string, items: () => readonly T[]): ReadPage<T> =>
    async (region) => {
      begin(name, region);
      await Promise.resolve();
      return { items: items() };
    };
  const launchersOf = (kind: string) => () => now().launchers.filter((launcher) => launcher.kind === kind);
  return {
    templates: list('templates', () => [...now().templates.values()]),
    currentVersions: list('versions', () => [...now().versions.values()]),
    versions: () => Promise.resolve([]),
    groups: list('groups', launchersOf('auto-scaling-group')),
    launchConfigurations: list('configurations', () => [...now().launchConfigurations]),
    fleets: list('fleets', launchersOf('ec2-fleet')),
    spotFleets: list('spotFleets', launchersOf('spot-fleet')),
    spotRequests: list('spotRequests', launchersOf('spot-request')),
    images: () => Promise.resolve(now().images),
  };
}
