import type { Entry } from '../../lambda/core/prevention/entries.ts';
import { formOf } from '../../lambda/core/prevention/references.ts';
import { launchSourceGroupOf } from '../../lambda/core/launch-source-group.ts';
import { clean } from '../../lambda/core/text.ts';
import { entryReason, nextStep } from '../../lambda/core/words/prevention.ts';
import type { ReadRegions, RegionReadiness } from './read.ts';

/** The `schema` field of the JSON document. Fields are only ever added to it. */
const SCHEMA = 'imdsv2-enforcer.readiness/v1';

/** The readiness of Regions as one JSON document. */
export const documentOf = (account: string | undefined, at: Date, { read, problems }: ReadRegions): object => ({
  schema: SCHEMA,
  account,
  at: at.toISOString(),
  unreadRegions: Object.fromEntries(problems),
  regions: read.map(regionOf),
});

/** The readiness of a Region as JSON. Names are sanitized. */
export function regionOf({ region, inventory, readiness }: RegionReadiness): object {
  const { state, entries, blockers, unseen, broken, unused } = readiness;
  const { defaults, images } = inventory;
  return {
    region,
    state,
    accountDefaults: defaults && {
      HttpTokens: defaults.HttpTokens,
      HttpPutResponseHopLimit: defaults.HttpPutResponseHopLimit,
      HttpTokensEnforced: defaults.HttpTokensEnforced,
      managedBy: defaults.ManagedBy,
    },
    launchSources: entries.map((entry) => ({
      ...entryOf(entry),
      reason: entryReason(entry),
      ImdsSupport: images.get(entry.imageId ?? '')?.imdsSupport,
      nextStep: blockers.includes(entry) ? nextStep(entry, region) : undefined,
    })),
    blockers: blockers.length,
    notLookedAt: unseen,
    brokenReferences: broken.map(({ launcher, reference }) => ({
      kind: launcher.kind,
      name: clean(launcher.name),
      version: clean(formOf(reference)),
    })),
    unusedTemplateVersions: unused.map(({ templateId, version }) => ({ launchTemplateId: templateId, version })),
  };
}

function entryOf({ kind, template, version, name, launchers, references, ...entry }: Entry): object {
  const { stated, effective, imageId, containerHost, owner, launches } = entry;
  const group = launchSourceGroupOf(owner.launchSource);
  return {
    kind,
    launchTemplateId: template?.id,
    launchTemplateName: template && clean(template.name),
    version: version?.version,
    launchConfiguration: name === undefined ? undefined : clean(name),
    stated,
    HttpTokens: effective.tokens,
    decidedBy: effective.decidedBy,
    HttpPutResponseHopLimit: effective.hopLimit,
    ImageId: imageId === undefined ? undefined : clean(imageId),
    containerHost,
    owner: { kind: group.kind, name: group.name, control: owner.control },
    launches,
    launchedBy: launchers.map((launcher, index) => {
      const reference = references[index];
      return {
        kind: launcher.kind,
        name: clean(launcher.name),
        version: reference === undefined ? undefined : clean(formOf(reference)),
      };
    }),
  };
}
