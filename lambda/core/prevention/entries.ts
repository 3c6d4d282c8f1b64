import { groupBy } from '../group-by.ts';
import { launchSourceOf } from '../launch-source.ts';
import { launchSourceGroupOf } from '../launch-source-group.ts';
import { type EffectiveOptions, effectiveOptions } from './effective.ts';
import type {
  LaunchInventory,
  Launcher,
  LaunchSpec,
  Template,
  TemplateReference,
  TemplateVersion,
} from './inventory.ts';
import { launchesContainerHosts, type Owner, ownerOf } from './owner.ts';
import { type ResolvedReference, resolveReferences } from './references.ts';

/** What states the metadata options of launches. */
export type EntryKind =
  'launch-template' | 'launch-configuration' | 'launch-specification' | 'spot-request' | 'recent-launch';

/** One place that states metadata options, or could, and what it launches. */
export interface Entry {
  readonly kind: EntryKind;
  readonly template?: Template;
  readonly version?: TemplateVersion;
  /** Name of the launch configuration. */
  readonly name?: string;
  readonly launchers: readonly Launcher[];
  /** The references to a version of a template, in the order of `launchers`. */
  readonly references: readonly TemplateReference[];
  /** What it states about `HttpTokens`. */
  readonly stated: 'required' | 'optional' | 'inherits';
  readonly effective: EffectiveOptions;
  readonly imageId?: string;
  readonly containerHost: boolean;
  readonly owner: Owner;
  /** Number of instances, of launches of the last 24 hours. */
  readonly launches?: number;
}

/** Everything that launches instances of a region, one entry for each version, configuration or specification. */
export function entriesOf(inventory: LaunchInventory): readonly Entry[] {
  const { resolved } = resolveReferences(inventory);
  const byVersion = groupBy(resolved, ({ version }) => version);
  return [
    ...[...byVersion].map(([version, references]) => templateEntry(version, references, inventory)),
    ...configurationEntries(inventory),
    ...inventory.launchers.filter(({ specs, kind }) => specs.length > 0 && kind !== 'spot-request').map(specsEntry),
    ...spotRequestEntries(inventory),
    ...recentEntries(inventory),
  ];

  function specsEntry(launcher: Launcher): Entry {
    return entryOf('launch-specification', launcher.specs, [launcher], inventory);
  }
}

/** The entry of a version: each reference may replace the AMI. */
function templateEntry(
  version: TemplateVersion,
  references: readonly ResolvedReference[],
  inventory: LaunchInventory,
): Entry {
  const [{ template } = { template: undefined }] = references;
  const specs = references.map(({ reference: { imageId = version.imageId } }) => ({ ...version, imageId }));
  const launchers = references.map(({ launcher }) => launcher);
  return {
    ...entryOf('launch-template', specs, launchers, inventory, template, version),
    references: references.map(({ reference }) => reference),
  };
}

function configurationEntries(inventory: LaunchInventory): Entry[] {
  const { launchers, launchConfigurations } = inventory;
  const byName = groupBy(launchers, ({ launchConfiguration }) => launchConfiguration);
  return [...byName].flatMap(([name, groups]) => {
    const spec = name === undefined ? undefined : launchConfigurations.get(name);
    return spec === undefined ? [] : [{ ...entryOf('launch-configuration', [spec], groups, inventory), name }];
  });
}

/** Requests are many, and differ in nothing that matters but the AMI. */
function spotRequestEntries(inventory: LaunchInventory): Entry[] {
  const requests = inventory.launchers.filter(({ kind }) => kind === 'spot-request');
  const byImage = groupBy(requests, ({ specs }) => specs[0]?.imageId);
  return [...byImage.values()].map((same) =>
    entryOf(
      'spot-request',
      same.flatMap(({ specs }) => specs),
      same,
      inventory,
    ),
  );
}

/** Recent launches of nothing that is looked at otherwise: a group or a fleet is judged by what it launches next. */
function recentEntries({ recent, launchers }: LaunchInventory): Entry[] {
  const names = new Set(launchers.map(({ name }) => name));
  const others = recent.filter(({ tags }) => {
    const { autoScalingGroup = '', fleetId = '', spotFleetRequestId = '' } = launchSourceOf(tags);
    return ![autoScalingGroup, fleetId, spotFleetRequestId].some((name) => names.has(name));
  });
  const bySource = groupBy(others, ({ tags }) => launchSourceGroupOf(launchSourceOf(tags)).key);
  return [...bySource.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { options, tags } = first;
    return [
      {
        kind: 'recent-launch',
        launchers: [],
        references: [],
        stated: 'optional',
        effective: { tokens: 'optional', decidedBy: 'launch', hopLimit: options.HttpPutResponseHopLimit ?? 1 },
        containerHost: launchesContainerHosts({ options, startsContainers: false }, tags, { images: new Map() }),
        owner: { control: 'unknown', launchSource: launchSourceOf(tags) },
        launches: same.length,
      } as const,
    ];
  });
}

function entryOf(
  kind: EntryKind,
  specs: readonly LaunchSpec[],
  launchers: readonly Launcher[],
  inventory: LaunchInventory,
  template?: Template,
  version?: TemplateVersion,
): Entry {
  const judged = specs.map((spec) => ({ spec, effective: effectiveOptions(spec, inventory) }));
  // The one that would be refused counts, then the one of which nothing is known.
  const worst = ['optional', 'unknown', 'required']
    .map((tokens) => judged.find(({ effective }) => effective.tokens === tokens))
    .find((found) => found !== undefined);
  const { spec, effective } = worst ?? { spec: NOTHING, effective: effectiveOptions(NOTHING, inventory) };
  const tags = new Map([
    ...(version?.instanceTags ?? []),
    ...(template?.tags ?? []),
    ...launchers.flatMap((launcher) => [...launcher.tags]),
  ]);
  const { HttpTokens } = spec.options;
  return {
    kind,
    template,
    version,
    launchers,
    references: [],
    stated: HttpTokens === undefined ? 'inherits' : HttpTokens === 'required' ? 'required' : 'optional',
    effective,
    imageId: spec.imageId,
    containerHost: specs.some((one) => launchesContainerHosts(one, tags, inventory)),
    owner: ownerOf(template, version, launchers),
  };
}

const NOTHING: LaunchSpec = { options: {}, startsContainers: false };
