import type { Unseen } from '../../../lambda/core/prevention/inventory.ts';
import { clean } from '../../../lambda/core/text.ts';
import { plural } from '../../../lambda/core/words/format.ts';
import { readinessLine } from '../../../lambda/core/words/prevention.ts';
import { accountOf } from '../../common/account.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../../common/aws.ts';
import { type Command, type ExitCode, refuse, UsageError } from '../../common/command.ts';
import { DENIED_ADVICE } from '../../common/errors.ts';
import { type Io, toNotes } from '../../common/io.ts';
import { confirmed, JSON_OPTION, repeatable, YES_OPTION } from '../../common/options.ts';
import { readAll, type RegionReadiness } from '../../readiness/read.ts';
import { unseenNote } from '../../readiness/show.ts';
import { applyPlan, applyUndo, type TemplateResult } from './apply.ts';
import { documentOf, type Run } from './document.ts';
import { isChange, type PlanOptions } from './plan.ts';
import { planRegion, planUndoOf } from './read.ts';
import { type InRegion, showPlan, showResult, showUndo } from './show.ts';

interface TemplatesOptions extends AwsOptions, PlanOptions {
  readonly template?: readonly string[];
  readonly undo?: true;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

export const templates: Command<TemplatesOptions> = {
  name: 'templates',
  summary: 'Require IMDSv2 in the launch templates in use',
  details: `Creates a version of each launch template that Auto Scaling groups or fleets launch from with IMDSv1: as the version in use, with HttpTokens=required, and on container hosts a hop limit of 2 if it is lower. Then moves what refers to it: a group in whatever form it names the template, overrides of a mixed instances policy included. Nothing but metadata options changes for anything that refers to the template. Shows the plan and asks before it changes anything.

A version becomes $Latest as soon as it is created. So one is made of an older version only where nothing follows $Latest; otherwise it is left out, with the reason. Left out as well: templates that a service has made, fleets that name a version by its number, and templates that a stack or Terraform owns.

Running instances are not changed, and no instance refresh is started. Each version says in its description what it was made of; --undo moves everything back. Run the same command again to continue after an error or Ctrl-C.

Exit code 0: everything that launches from a template requires IMDSv2. 1: an error, or not everything was done. 2: something was left out, or would be changed without --dry-run.`,
  permissions:
    'ec2:DescribeLaunchTemplates, ec2:DescribeLaunchTemplateVersions, ec2:CreateLaunchTemplateVersion, autoscaling:DescribeAutoScalingGroups, autoscaling:UpdateAutoScalingGroup; ec2:ModifyLaunchTemplate for --set-default; ec2:DescribeRegions for --regions all; optional: ec2:GetInstanceMetadataDefaults, ec2:DescribeImages, ec2:DescribeFleets, ec2:DescribeSpotFleetRequests, ec2:DescribeSpotInstanceRequests, ec2:DescribeInstances, autoscaling:DescribeLaunchConfigurations',
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    {
      flags: '--template <ids>',
      description: 'only these launch templates, comma-separated; may be repeated',
      read: repeatable((text) => text.split(',').map(templateIdOf)),
    },
    { flags: '--set-default', description: 'also move $Default, for everything that follows it' },
    { flags: '--even-if-managed', description: 'also templates and groups that a stack or Terraform owns' },
    { flags: '--undo', description: 'undo earlier runs: move references and $Default back' },
    { flags: '--dry-run', description: 'print the plan, and change nothing' },
    YES_OPTION,
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 prevent templates --region eu-west-1', 'plan, confirmation and change in one Region'],
    ['imdsv2 prevent templates --regions all --dry-run', 'what would be changed in every enabled Region'],
    ['imdsv2 prevent templates --region eu-west-1 --undo', 'move everything back'],
  ],
  run: async (_, options, io) => {
    const aws = new Aws(options, io);
    const account = await accountOf(aws, io);
    const text = options.json ? toNotes(io) : io;
    const all = await readAll(await aws.regions(), aws, io);
    const read = all.read.filter(({ readiness }) => !readiness.unseen.some(isNeeded));
    const problems = new Map(all.problems);
    for (const { region, readiness } of all.read) {
      const missing = readiness.unseen.find(isNeeded);
      if (missing === undefined) continue;
      problems.set(region, missing.problem);
      io.note(`${region}: ${unseenNote(missing)}${DENIED_ADVICE}`);
    }
    const selected = options.template && new Set(options.template);
    if (selected && problems.size === 0) refuseUnknown(selected, read);
    const run: Run = { account, problems, before: read };
    const end: Task['end'] = (more, exitCode) => {
      if (options.json) io.verbatim(JSON.stringify(documentOf({ ...run, ...more })));
      return exitCode;
    };
    const failed = problems.size > 0;
    const task: Task = { read, selected, options, aws, io: text, end, failed };
    return options.undo ? undo(task) : prevent(task);
  },
};

/** Without these lists, no template can be changed. */
const isNeeded = ({ what }: Unseen): boolean =>
  ['launch templates', 'launch template versions', 'Auto Scaling groups'].includes(what);

/** What a run of the command works with. */
interface Task {
  readonly read: readonly RegionReadiness[];
  readonly selected: ReadonlySet<string> | undefined;
  readonly options: TemplatesOptions;
  readonly aws: Aws;
  readonly io: Io;
  /** Writes the document, if one is asked for. */
  readonly end: (more: Partial<Run>, exitCode: ExitCode) => ExitCode;
  /** Whether a Region could not be read. */
  readonly failed: boolean;
}

async function prevent({ read, selected, options, aws, io, end, failed }: Task): Promise<ExitCode> {
  const planned = await inRegions(read, (one) => planRegion(one, selected, options, aws));
  const plans = planned.filter(({ plan }) => isChange(plan));
  const leftOut = planned.some(({ plan }) => plan.leftOut.length > 0);
  for (const { region, readiness } of read) {
    for (const unseen of readiness.unseen) io.note(`${region}: ${unseenNote(unseen)}`);
  }
  showPlan(planned, io);
  if (plans.length === 0) {
    io.out(leftOut ? 'Nothing to change but what is left out.' : 'Nothing to change.');
    return end({ planned }, failed ? 1 : leftOut ? 2 : 0);
  }
  if (options.dryRun) {
    io.out('Dry run: nothing was changed.');
    return end({ planned }, failed ? 1 : 2);
  }
  const question = `Change ${plural(plans.length, 'launch template')}?`;
  if (!(await confirmed(question, options, io))) return end({ planned }, 1);
  const results = await inTurn(plans, (region, plan) => applyPlan(region, plan, aws), io);
  showResult(results, io);
  const undoLine = undoCommand([...new Set(results.map(({ region }) => region))], selected, options);
  io.out(`Undo: ${undoLine}`);
  const complete = results.length === plans.length && results.every(({ failure }) => failure === undefined);
  if (!complete) io.out('Run the same command again to continue.');
  const after = io.interrupted.aborted ? undefined : await reread(results, aws, io);
  return end({ planned, results, after, undo: undoLine }, failed || !complete ? 1 : leftOut ? 2 : 0);
}

async function undo({ read, selected, options, aws, io, end, failed }: Task): Promise<ExitCode> {
  const plannedUndo = await inRegions(read, (one) => planUndoOf(one, selected, aws));
  if (plannedUndo.length === 0) {
    io.out('Nothing to undo.');
    return end({ plannedUndo }, failed ? 1 : 0);
  }
  showUndo(plannedUndo, io);
  for (const { region, readiness } of read) {
    if (readiness.state === 'enforced') {
      io.out(`In ${region}, HttpTokensEnforced is enabled: EC2 refuses launches from the earlier versions.`);
    }
  }
  if (options.dryRun) {
    io.out('Dry run: nothing was changed.');
    return end({ plannedUndo }, failed ? 1 : 2);
  }
  const question = `Undo the changes of ${plural(plannedUndo.length, 'launch template')}?`;
  if (!(await confirmed(question, options, io))) return end({ plannedUndo }, 1);
  const results = await inTurn(plannedUndo, (region, plan) => applyUndo(region, plan, aws), io);
  showResult(results, io);
  const complete = results.length === plannedUndo.length && results.every(({ failure }) => failure === undefined);
  return end({ plannedUndo, results }, failed || !complete ? 1 : 0);
}

async function inRegions<T>(
  read: readonly RegionReadiness[],
  plan: (region: RegionReadiness) => Promise<readonly T[]>,
): Promise<InRegion<T>[]> {
  const planned: InRegion<T>[] = [];
  for (const one of read) planned.push(...(await plan(one)).map((each) => ({ region: one.region, plan: each })));
  return planned;
}

/** Changes one template after the other, until Ctrl-C, which does not interrupt the one that is in work. */
async function inTurn<T>(
  plans: readonly InRegion<T>[],
  change: (region: string, plan: T) => Promise<TemplateResult>,
  io: Io,
) {
  const results: (TemplateResult & { readonly region: string })[] = [];
  for (const { region, plan } of plans) {
    if (io.interrupted.aborted) break;
    io.progress(`${results.length} of ${plans.length} launch templates done`);
    results.push({ region, ...(await change(region, plan)) });
  }
  io.progress('');
  return results;
}

/** Reads the changed Regions again, and prints their readiness. */
async function reread(results: readonly { readonly region: string }[], aws: Aws, io: Io) {
  const { read } = await readAll([...new Set(results.map(({ region }) => region))], aws, io);
  for (const { region, readiness } of read) io.out(`${region}: ${readinessLine(readiness)}`);
  return read;
}

function undoCommand(
  regions: readonly string[],
  selected: ReadonlySet<string> | undefined,
  { profile }: TemplatesOptions,
): string {
  const parts = [
    `imdsv2 prevent templates --undo --regions ${regions.join(',')}`,
    ...(selected ? [`--template ${[...selected].join(',')}`] : []),
    ...(profile === undefined ? [] : [`--profile ${profile}`]),
  ];
  return parts.join(' ');
}

function refuseUnknown(selected: ReadonlySet<string>, read: readonly RegionReadiness[]): void {
  const unknown = [...selected].filter((id) => !read.some(({ inventory }) => inventory.templates.has(id)));
  if (unknown.length === 0) return;
  const regions = read.map(({ region }) => region).join(', ');
  throw new UsageError(`launch template ${unknown.join(', ')} not found in ${clean(regions)}; nothing was changed`);
}

function templateIdOf(text: string): string {
  const id = text.trim().toLowerCase();
  return /^lt-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)
    ? id
    : refuse(text, 'the id of a launch template', 'ids such as lt-0a1b2c3d4e5f60718');
}
