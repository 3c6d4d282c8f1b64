import type { AutoScalingGroup, LaunchTemplateSpecification } from '@aws-sdk/client-auto-scaling';
import { CreateFleetCommand, ModifyLaunchTemplateCommand } from '@aws-sdk/client-ec2';
import fc from 'fast-check';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, imdsv2, leaveAws } from '../support/cli.ts';
import { NOW } from '../support/builders.ts';
import {
  type AnyReference,
  type AnyRegion,
  anyRegion,
  formOf,
  IMAGE_V2,
} from '../support/launch-source-arbitraries.ts';
import { launchSources } from '../support/launch-sources.ts';

afterEach(stopAll);
afterAll(leaveAws);

type Aws = ReturnType<typeof launchSources>;
type Everything = Awaited<ReturnType<Aws['everything']>>;

async function build(sandbox: Sandbox, aws: Aws, region: AnyRegion): Promise<void> {
  sandbox.fleet().addImage(IMAGE_V2, { imdsSupport: 'v2.0' });
  if (region.accountDefault !== undefined) await aws.setDefaults({ HttpTokens: region.accountDefault });
  const templates: { id: string; name: string; versions: number }[] = [];
  for (const [index, { versions, default: number, tags }] of region.templates.entries()) {
    const name = `template-${index}`;
    const id = await aws.template(name, versions, tags);
    const DefaultVersion = String(1 + (number % versions.length));
    await aws.ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateId: id, DefaultVersion }));
    templates.push({ id, name, versions: versions.length });
  }
  const specificationOf = ({ template, byName, version }: AnyReference): LaunchTemplateSpecification => {
    const { id, name, versions } = templates[template] ?? { id: '', name: '', versions: 1 };
    const Version = typeof version === 'number' ? String(1 + (version % versions)) : version;
    return { ...(byName ? { LaunchTemplateName: name } : { LaunchTemplateId: id }), ...(Version && { Version }) };
  };
  await aws.configuration('old', 'optional');
  for (const [index, { group, tags }] of region.groups.entries()) {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value, PropagateAtLaunch: true }));
    await aws.group(`group-${index}`, { ...formOf(group, specificationOf), Tags });
  }
  if (region.fleet === undefined) return;
  // EC2 Fleet does not accept a reference without a version.
  const { Version = '$Default', ...template } = specificationOf(region.fleet);
  await aws.ec2.send(
    new CreateFleetCommand({
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: { ...template, Version } }],
      TargetCapacitySpecification: { TotalTargetCapacity: 0, DefaultTargetCapacityType: 'on-demand' },
      Type: 'maintain',
    }),
  );
}

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
function meanings({ templates, versions, groups, fleets }: Everything) {
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
function unchangeable({ templates, versions, groups, ...rest }: Everything, existing: Everything['versions']) {
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
function expectOnlyMetadataOptions(before: Everything, after: Everything): void {
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
function expectLatestAtAllTimes(before: Everything, after: Everything): void {
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

const flagsOf = ({ setDefault, evenIfManaged }: AnyRegion) => [
  ...(setDefault ? ['--set-default'] : []),
  ...(evenIfManaged ? ['--even-if-managed'] : []),
];

interface Document {
  readonly plan: readonly { readonly leftOut: readonly unknown[] }[];
  readonly after?: readonly {
    readonly launchSources: readonly { readonly kind: string; readonly HttpTokens: string }[];
  }[];
}

const run = async (...args: readonly string[]) => {
  const { exitCode, out, notes } = await imdsv2(['prevent', 'templates', '--json', '--yes', ...args]);
  return { exitCode, notes, document: JSON.parse(out.join('') || '{}') as Document };
};

async function withRegion(region: AnyRegion, test: (sandbox: Sandbox, aws: Aws) => Promise<void>): Promise<void> {
  const sandbox = await sandboxOf({ startAt: NOW });
  enterAws(sandbox);
  const aws = launchSources(sandbox);
  try {
    await build(sandbox, aws, region);
    await test(sandbox, aws);
  } finally {
    aws.ec2.destroy();
    aws.groups.destroy();
    await stopAll();
  }
}

it('changes nothing but metadata options for whatever refers to a template, and undo nothing at all', async () => {
  await fc.assert(
    fc.asyncProperty(anyRegion, (region) =>
      withRegion(region, async (_, aws) => {
        const before = await aws.everything();
        const first = await run(...flagsOf(region));
        const after = await aws.everything();
        expectOnlyMetadataOptions(before, after);
        expectLatestAtAllTimes(before, after);
        const defaults = ({ templates }: Everything) => templates.map((one) => one.DefaultVersionNumber);
        if (!region.setDefault) expect(defaults(after)).toEqual(defaults(before));
        // What is not left out requires IMDSv2.
        expect(first.exitCode).not.toBe(1);
        const { plan, after: [{ launchSources = [] } = {}] = [] } = first.document;
        const remaining = launchSources.filter(
          ({ kind, HttpTokens }) => kind === 'launch-template' && HttpTokens !== 'required',
        );
        if (plan.every(({ leftOut }) => leftOut.length === 0)) expect(remaining).toEqual([]);
        // A second run changes nothing.
        await run(...flagsOf(region));
        expect(await aws.everything()).toEqual(after);

        expect((await run('--undo')).exitCode).toBe(0);
        const undone = await aws.everything();
        expect(unchangeable(undone, before.versions)).toEqual(unchangeable(before, before.versions));
        expect(meanings(undone)).toEqual(meanings(before));
        expect(undone.groups).toEqual(before.groups);
        expect(defaults(undone)).toEqual(defaults(before));
      }),
    ),
    { numRuns: 12 },
  );
}, 120_000);

it('continues after an error wherever it comes, and after answers that were lost', async () => {
  await fc.assert(
    fc.asyncProperty(anyRegion, fc.nat(5), fc.boolean(), (region, failing, lost) =>
      withRegion(region, async (sandbox, aws) => {
        const before = await aws.everything();
        let [changes, answers] = [0, 0];
        const isChange = (action: string) => /^(Create|Modify|Update)/.test(action);
        // Every other answer is lost, so that a retry gets one.
        sandbox.faults.resets = ({ action }) => (lost && isChange(action) && answers++ % 2 === 0 ? 'after' : undefined);
        sandbox.faults.fails = ({ action }) => {
          if (isChange(action) && changes++ === failing) {
            const Action = ['ec2:CreateLaunchTemplateVersion', 'ec2:ModifyLaunchTemplate', 'autoscaling:Update*'];
            sandbox.callers.serviceControlPolicies.push({ Effect: 'Deny', Action, Resource: '*' });
          }
          return undefined;
        };
        await run(...flagsOf(region));
        sandbox.callers.serviceControlPolicies.splice(0);
        sandbox.faults.fails = () => undefined;
        expect((await run(...flagsOf(region))).exitCode).not.toBe(1);
        const after = await aws.everything();
        expectOnlyMetadataOptions(before, after);
        expect((await run('--undo')).exitCode).toBe(0);
        expect(meanings(await aws.everything())).toEqual(meanings(before));
      }),
    ),
    { numRuns: 6 },
  );
}, 120_000);
