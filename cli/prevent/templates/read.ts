import pMap from 'p-map';
import { chunks, FILTER_VALUES } from '../../../lambda/adapters/ec2-instances.ts';
import { ec2TemplateWriter } from '../../../lambda/adapters/ec2-template-changes.ts';
import { listInstances } from '../../../lambda/app/list-instances.ts';
import { withRetries } from '../../../lambda/app/retry.ts';
import { PRESENT } from '../../../lambda/app/scan/rules.ts';
import { groupBy } from '../../../lambda/core/group-by.ts';
import { launchSourceOf } from '../../../lambda/core/launch-source.ts';
import type { Template } from '../../../lambda/core/prevention/inventory.ts';
import { followsLatest, resolveReferences } from '../../../lambda/core/prevention/references.ts';
import { launcherName } from '../../../lambda/core/words/prevention.ts';
import type { Aws } from '../../common/aws.ts';
import type { RegionReadiness } from '../../readiness/read.ts';
import { markIn } from './marks.ts';
import { planTemplate, type PlanOptions, type TemplatePlan } from './plan.ts';
import { planUndo, type UndoPlan } from './undo.ts';

/** Templates that are read at the same time. */
const CONCURRENCY = 4;

/** Plans the changes of a Region: those of the templates whose versions in use launch with IMDSv1. */
export async function planRegion(
  { region, inventory, readiness }: RegionReadiness,
  selected: ReadonlySet<string> | undefined,
  options: PlanOptions,
  aws: Aws,
): Promise<readonly TemplatePlan[]> {
  const entries = readiness.blockers.filter(({ template }) => template && (selected?.has(template.id) ?? true));
  const byTemplate = [...groupBy(entries, ({ template }) => template)].flatMap(([template, blockers]) =>
    template === undefined ? [] : [{ template, blockers }],
  );
  const older = byTemplate.filter(({ template, blockers }) =>
    blockers.some(({ version }) => version?.version !== template.latestVersion),
  );
  const users = await latestUsers(
    region,
    older.map(({ template }) => template),
    inventory,
    aws,
  );
  return pMap(
    byTemplate,
    async ({ template, blockers }) => {
      const contents = await contentsOf(region, template, aws);
      return planTemplate({ template, blockers, contents, latestUsers: users.get(template.id) }, options);
    },
    { concurrency: CONCURRENCY },
  );
}

/** Plans the undo in a Region: every version of the selected templates, or of all, is read. */
export async function planUndoOf(
  { region, inventory }: RegionReadiness,
  selected: ReadonlySet<string> | undefined,
  aws: Aws,
): Promise<readonly UndoPlan[]> {
  // What this command has made last is the latest version, or what a reference or `$Default` means.
  const marked = new Set(
    [...inventory.versions.values()].flatMap(({ templateId, description }) =>
      markIn(description) === undefined ? [] : [templateId],
    ),
  );
  const templates = [...inventory.templates.values()].filter(({ id }) => marked.has(id) && (selected?.has(id) ?? true));
  const plans = await pMap(
    templates,
    async (template) => planUndo(template, await contentsOf(region, template, aws), inventory),
    { concurrency: CONCURRENCY },
  );
  return plans.filter((plan) => plan !== undefined);
}

const contentsOf = (region: string, { id }: Template, aws: Aws) =>
  withRetries(() => ec2TemplateWriter(aws.ec2).contents(region, id), aws.time(region));

/** Why it cannot be excluded that something follows `$Latest` of a template, by template. */
async function latestUsers(
  region: string,
  templates: readonly Template[],
  inventory: RegionReadiness['inventory'],
  aws: Aws,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (templates.length === 0) return found;
  const { resolved } = resolveReferences(inventory);
  const add = (id: string, why: string) => void found.set(id, found.get(id) ?? why);
  for (const { launcher, reference, template } of resolved) {
    if (followsLatest(reference)) add(template.id, `${launcherName(launcher)} follows $Latest`);
  }
  if (inventory.unseen.length > 0) {
    const what = inventory.unseen.map((one) => one.what).join(', ');
    for (const { id } of templates) add(id, `what follows $Latest is not known: not looked at: ${what}`);
    return found;
  }
  const names = new Set(inventory.launchers.map(({ name }) => name));
  const addFrom = async (values: readonly string[]) => {
    const tag = { name: 'tag:aws:ec2launchtemplate:id', values };
    for await (const snapshots of listInstances(region, [PRESENT, tag], aws.fleet, aws.time(region))) {
      for (const { instanceId, tags } of snapshots) {
        const { autoScalingGroup = '', fleetId = '', spotFleetRequestId = '', ...source } = launchSourceOf(tags);
        if ([autoScalingGroup, fleetId, spotFleetRequestId].some((name) => names.has(name))) continue;
        const why = `${instanceId} was launched from the template by something else, which may follow $Latest`;
        add(source.launchTemplateId ?? '', why);
      }
    }
  };
  const ids = templates.map(({ id }) => id);
  for (const some of chunks(ids, FILTER_VALUES)) await addFrom(some);
  return found;
}
