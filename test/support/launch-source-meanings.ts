import type { AutoScalingGroup, LaunchTemplateSpecification } from '@aws-sdk/client-auto-scaling';
import type { launchSources } from './launch-sources.ts';

/** Everything that the read calls answer about launch sources. */
export type Everything = Awaited<ReturnType<ReturnType<typeof launchSources>['everything']>>;

const specificationsOf = ({ LaunchTemplate, MixedInstancesPolicy }: AutoScalingGroup) => [
  LaunchTemplate,
  MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification,
  ...(MixedInstancesPolicy?.LaunchTemplate?.Overrides ?? []).map((override) => override.LaunchTemplateSpecification),
];

const without = (value: object, ...names: readonly string[]): object =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

/** The data of a version, and its metadata options, whose state is none of what it states. */
function meaningOf({
  MetadataOptions = {},
  ...data
}: NonNullable<Everything['versions'][number]['LaunchTemplateData']> = {}) {
  return { data, options: without(MetadataOptions, 'State') as typeof MetadataOptions };
}

/** What every reference means, in the order of the groups; and what `$Latest` and `$Default` of each template mean. */
export function meanings({ templates, versions, groups, fleets }: Everything) {
  const resolve = ({ LaunchTemplateId, LaunchTemplateName, Version = '$Default' }: LaunchTemplateSpecification) => {
    const template = templates.find(
      (one) => one.LaunchTemplateId === LaunchTemplateId || one.LaunchTemplateName === LaunchTemplateName,
    );
    const number =
      Version === '$Latest'
        ? template?.LatestVersionNumber
        : Version === '$Default'
          ? template?.DefaultVersionNumber
          : Number(Version);
    const found = versions.find(
      (one) => one.LaunchTemplateId === template?.LaunchTemplateId && one.VersionNumber === number,
    );
    if (found === undefined) throw new Error(`${LaunchTemplateId ?? ''} ${Version} means nothing`);
    return meaningOf(found.LaunchTemplateData);
  };
  return [
    ...groups.flatMap((group) => specificationsOf(group).map((one) => one && resolve(one))),
    ...fleets.flatMap(({ LaunchTemplateConfigs = [] }) =>
      LaunchTemplateConfigs.map(
        ({ LaunchTemplateSpecification }) => LaunchTemplateSpecification && resolve(LaunchTemplateSpecification),
      ),
    ),
    ...templates.flatMap(({ LaunchTemplateId }) =>
      ['$Latest', '$Default'].map((Version) => resolve({ LaunchTemplateId, Version })),
    ),
  ];
}

/** Everything but versions that are new, which versions are the latest and the default, and which versions groups name. */
export function unchangeable({ templates, versions, groups, ...rest }: Everything, existing: Everything['versions']) {
  const isOld = (one: Everything['versions'][number]) =>
    existing.some((old) => old.LaunchTemplateId === one.LaunchTemplateId && old.VersionNumber === one.VersionNumber);
  const withoutVersions = (key: string, value: unknown): unknown => (key === 'Version' ? undefined : value);
  return {
    ...rest,
    templates: templates.map((template) => without(template, 'LatestVersionNumber', 'DefaultVersionNumber')),
    versions: versions.filter(isOld).map((version) => without(version, 'DefaultVersion')),
    groups: JSON.parse(JSON.stringify(groups, withoutVersions)) as unknown,
  };
}

/** Checks that nothing but metadata options changed, for anything that refers to a template. */
export function expectOnlyMetadataOptions(before: Everything, after: Everything): void {
  expect(unchangeable(after, before.versions)).toEqual(unchangeable(before, before.versions));
  const [was, is] = [meanings(before), meanings(after)];
  expect(is.map((one) => one?.data)).toEqual(was.map((one) => one?.data));
  for (const [index, one] of is.entries()) {
    const [options = {}, old = {}] = [one?.options, was[index]?.options];
    const { HttpPutResponseHopLimit: limit = 1 } = old;
    const isRaised = options.HttpPutResponseHopLimit === 2 && limit < 2;
    const same = isRaised ? { ...old, HttpPutResponseHopLimit: 2 } : old;
    expect([old, { ...same, HttpTokens: 'required' }]).toContainEqual(options);
  }
}

/** A version is `$Latest` from when it is created: where something follows that, each new one has the data of the latest. */
export function expectLatestAtAllTimes(before: Everything, after: Everything): void {
  const follows = ({ LaunchTemplateId, LaunchTemplateName }: Everything['templates'][number]) => {
    const all = [
      ...before.groups.flatMap(specificationsOf),
      ...before.fleets.flatMap(({ LaunchTemplateConfigs = [] }) =>
        LaunchTemplateConfigs.map((one) => one.LaunchTemplateSpecification),
      ),
    ];
    const names = all.flatMap((one) =>
      one?.Version === '$Latest' ? [one.LaunchTemplateId, one.LaunchTemplateName] : [],
    );
    return names.some((name) => name === LaunchTemplateId || name === LaunchTemplateName);
  };
  for (const template of before.templates.filter(follows)) {
    const { LaunchTemplateId, LatestVersionNumber = 0 } = template;
    const own = after.versions.filter(
      (one) => one.LaunchTemplateId === LaunchTemplateId && (one.VersionNumber ?? 0) >= LatestVersionNumber,
    );
    const [latest, ...created] = own.map(({ LaunchTemplateData }) => meaningOf(LaunchTemplateData).data);
    for (const data of created) expect(data).toEqual(latest);
  }
}
