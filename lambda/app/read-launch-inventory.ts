import pMap from 'p-map';
import { FailureError } from '../core/failure.ts';
import { groupBy } from '../core/group-by.ts';
import type { Snapshot } from '../core/instance.ts';
import { isImdsv1Enabled } from '../core/instance.ts';
import {
  type Image,
  type LaunchInventory,
  type Launcher,
  type Template,
  type TemplateVersion,
  type Unseen,
  versionKey,
} from '../core/prevention/inventory.ts';
import { versionNumber } from '../core/prevention/references.ts';
import { listInstances } from './list-instances.ts';
import type { FleetReader, LaunchSourceReader, ReadPage, RegionReader, Time } from './ports/index.ts';
import { attempt, withRetries } from './retry.ts';
import { IMDSV1_ENABLED } from './scan/rules.ts';

/** What an inventory is read from. */
export interface InventoryPorts {
  readonly launchSources: LaunchSourceReader;
  readonly fleet: FleetReader;
  readonly regions: Pick<RegionReader, 'defaults'>;
  readonly time: Time;
  /** Text about a call that failed, for people. */
  readonly explain: (failure: FailureError) => string;
}

/** Hours back in which launches count as recent. */
const RECENT_HOURS = 24;

/** Templates of which versions are read at the same time. */
const CONCURRENCY = 4;

/**
 * Reads everything in a region that decides whether its next launches require IMDSv2.
 *
 * What may not be read is in `unseen`, and does not stop the rest.
 *
 * @throws FailureError of any other kind, because a later attempt may succeed.
 */
export async function readLaunchInventory(region: string, ports: InventoryPorts): Promise<LaunchInventory> {
  const { launchSources, regions, time, explain } = ports;
  const unseen: Unseen[] = [];
  const failures: FailureError[] = [];
  const throwFailure = () => {
    const [failure] = failures;
    if (failure !== undefined) throw failure;
  };
  const see = async <T>(what: string, call: () => Promise<T>): Promise<T | undefined> => {
    const result = await attempt(call);
    if (!(result instanceof FailureError)) return result;
    if (result.kind === 'denied') unseen.push({ what, problem: explain(result) });
    // Thrown when all calls have ended, so that none goes on in a function that has returned.
    else failures.push(result);
    return undefined;
  };
  const list = async <T>(what: string, read: ReadPage<T>) =>
    (await see(what, () => allPages((token) => withRetries(() => read(region, token), time)))) ?? [];

  const [defaults, templates, current, groups, configurations, fleets, spotFleets, spotRequests, recent] =
    await Promise.all([
      see('account defaults', () => withRetries(() => regions.defaults(region), time)),
      list('launch templates', launchSources.templates),
      list('launch template versions', launchSources.currentVersions),
      list('Auto Scaling groups', launchSources.groups),
      list('launch configurations', launchSources.launchConfigurations),
      list('EC2 Fleets', launchSources.fleets),
      list('Spot Fleet requests', launchSources.spotFleets),
      list('Spot Instance requests', launchSources.spotRequests),
      see('instances', () => recentLaunches(region, ports)),
    ]);
  throwFailure();
  const launchers = [...groups, ...fleets, ...spotFleets, ...spotRequests];
  const versions = new Map(current.map((version) => [versionKey(version.templateId, version.version), version]));
  const isVisible = !unseen.some(({ what }) => what === 'launch template versions');
  const further = isVisible ? await furtherVersions(region, templates, launchers, versions, ports) : [];
  for (const version of further) versions.set(versionKey(version.templateId, version.version), version);
  const inventory = { defaults, launchers, versions, launchConfigurations: new Map(configurations) };
  const imageIds = imageIdsIn(inventory);
  const images =
    imageIds.length === 0
      ? new Map<string, Image>()
      : await see('AMIs', () => withRetries(() => launchSources.images(region, imageIds), time));
  throwFailure();
  return {
    ...inventory,
    templates: new Map(templates.map((template) => [template.id, template])),
    images: images ?? new Map(),
    recent: recent ?? [],
    unseen,
  };
}

async function allPages<T>(read: (token?: string) => ReturnType<ReadPage<T>>): Promise<T[]> {
  const items: T[] = [];
  let token: string | undefined;
  do {
    const page = await read(token);
    items.push(...page.items);
    token = page.next;
  } while (token !== undefined && token !== '');
  return items;
}

/** The versions that are referred to by number, and are neither the default nor the latest one. */
async function furtherVersions(
  region: string,
  templates: readonly Template[],
  launchers: readonly Launcher[],
  versions: ReadonlyMap<string, TemplateVersion>,
  { launchSources, time }: InventoryPorts,
): Promise<TemplateVersion[]> {
  const byId = new Map(templates.map((template) => [template.id, template]));
  const byName = new Map(templates.map((template) => [template.name, template]));
  const missing = launchers.flatMap(({ references }) =>
    references.flatMap((reference) => {
      const { templateId, templateName = '' } = reference;
      const template = templateId === undefined ? byName.get(templateName) : byId.get(templateId);
      if (template === undefined) return [];
      const number = versionNumber(reference, template);
      const isMissing = Number.isSafeInteger(number) && !versions.has(versionKey(template.id, number));
      return isMissing ? [{ id: template.id, number }] : [];
    }),
  );
  const read = ([id, some]: readonly [string, readonly { readonly number: number }[]]) => {
    const numbers = [...new Set(some.map(({ number }) => number))];
    return withRetries(() => launchSources.versions(region, id, numbers), time);
  };
  const found = await pMap(
    groupBy(missing, ({ id }) => id),
    read,
    { concurrency: CONCURRENCY },
  );
  return found.flat();
}

/** The AMIs that launches name. A Systems Manager parameter is none. */
function imageIdsIn({
  launchers,
  versions,
  launchConfigurations,
}: Pick<LaunchInventory, 'launchers' | 'versions' | 'launchConfigurations'>): string[] {
  const specs = [
    ...versions.values(),
    ...launchConfigurations.values(),
    ...launchers.flatMap(({ specs, references }) => [...specs, ...references]),
  ];
  return [...new Set(specs.flatMap(({ imageId = '' }) => (imageId.startsWith('ami-') ? [imageId] : [])))];
}

async function recentLaunches(region: string, { fleet, time }: InventoryPorts): Promise<Snapshot[]> {
  const since = new Date(time.now().getTime() - RECENT_HOURS * 3_600_000);
  const days = [since, time.now()].map((date) => `${date.toISOString().slice(0, 10)}*`);
  const filters = [...IMDSV1_ENABLED, { name: 'launch-time', values: [...new Set(days)] }];
  const found: Snapshot[] = [];
  for await (const snapshots of listInstances(region, filters, fleet, time)) {
    for (const snapshot of snapshots) {
      const launched = snapshot.firstLaunch ?? snapshot.launchTime;
      if (launched !== undefined && launched >= since && isImdsv1Enabled(snapshot.options)) found.push(snapshot);
    }
  }
  return found;
}
