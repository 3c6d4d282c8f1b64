import type { LaunchTemplateSpecification } from '@aws-sdk/client-auto-scaling';
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
import {
  type Everything,
  expectLatestAtAllTimes,
  expectOnlyMetadataOptions,
  meanings,
  unchangeable,
} from '../support/launch-source-meanings.ts';
import { launchSources } from '../support/launch-sources.ts';

afterEach(stopAll);
afterAll(leaveAws);

type Aws = ReturnType<typeof launchSources>;

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
