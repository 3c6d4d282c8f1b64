import type { Snapshot } from '../../lambda/core/instance.ts';
import type { UsageRules } from '../../lambda/core/usage.ts';
import { verdictOf } from '../../lambda/core/verdict.ts';
import { instancesOf } from '../../lambda/core/words/format.ts';
import { UsageMeter } from '../audit/measure.ts';
import { readRegions } from '../audit/read.ts';
import { accountOf } from '../common/account.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../common/aws.ts';
import { type Command, type ExitCode, UsageError } from '../common/command.ts';
import { deploymentOrProblem, notifyDeployment } from '../common/deployment-events.ts';
import { type Io, toNotes } from '../common/io.ts';
import {
  confirmed,
  FILTER_OPTION,
  MAX_EXEMPTION_OPTION,
  instanceIdOf,
  JSON_OPTION,
  repeatable,
  STACK_OPTION,
  wholeNumberOf,
  YES_OPTION,
} from '../common/options.ts';
import { usageReader, USAGE_RULES_OPTIONS, usageRulesOf } from '../common/usage.ts';
import { type ApplyOptions, remediateAll } from './apply.ts';
import { documentOf, type Run } from './document.ts';
import { Plan, type PlanRules } from './plan.ts';
import { checkAfterChange, type PostChangeOptions } from './post-change.ts';
import { rejectedIn } from './rejected.ts';
import { restrictedTo, selectedIds, type SelectionOptions } from './selection.ts';
import { showComparison, showPlan, showResult, some } from './show.ts';

interface EnforceOptions extends AwsOptions, SelectionOptions, ApplyOptions, PlanRules, UsageRules, PostChangeOptions {
  readonly stack: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

export const enforce: Command<EnforceOptions> = {
  name: 'enforce',
  summary: 'Require IMDSv2 on existing instances, at a limited rate',
  details: `Decides as a scan with existing=enforce-when-unused does, and sets HttpTokens=required on instances with IMDSv1 enabled. It measures IMDSv1 usage first, which costs $0.01 per 1,000 instances: instances with IMDSv1 in use, or whose usage is unknown, are listed and left out. Does not change instances that are exempt, managed by an AWS service or have IMDS disabled. Shows the plan and asks before it changes anything.

Of a launch source, a run changes five instances, the next one a quarter, the third one the rest, so that rejected calls show first; while calls are rejected on one of its instances, nothing more of it. Instances that are selected by id are changed at once.

Afterwards, calls without a token are rejected. The deployment sends alerts about the changes, checks for an hour whether calls are rejected, and notifies about them; without a deployment, --wait does that once, after 15 minutes.

EC2 limits this call to a burst of 100, then 5 per second, shared by the whole account; hence the rate. Ctrl-C finishes the calls in flight and prints what was done; run the same command again to continue.

Exit code 0: all non-compliant instances were remediated. 1: some failed or remain. 2: some were left out, have rejected calls, or would be remediated without --dry-run.`,
  permissions:
    'ec2:DescribeInstances, ec2:ModifyInstanceMetadataOptions; ec2:DescribeRegions for --regions all; optional: cloudwatch:GetMetricData for the IMDSv1 usage, cloudformation:DescribeStacks, events:PutEvents and sqs:SendMessage for the alerts and the post-change check of the deployment',
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    {
      flags: '--instance-ids <ids>',
      description: 'only these instances, comma-separated; may be repeated',
      read: repeatable((text) => text.split(',').map(instanceIdOf)),
    },
    { flags: '--file <path>', description: 'only the instances in this file: one id per line, comments after #' },
    FILTER_OPTION,
    {
      flags: '--rate <n>',
      description: 'changes per second in each Region, 1 to 50',
      read: wholeNumberOf(1, 50),
      fallback: 3,
    },
    {
      flags: '--hop-limit-at-least <n>',
      description: 'also raise a lower hop limit to this, 1 to 64; containers need 2',
      read: wholeNumberOf(1, 64),
    },
    {
      flags: '--all-at-once',
      description: 'whole launch sources in one run, instead of five instances, then a quarter, then the rest',
    },
    { flags: '--include-in-use', description: 'also instances with IMDSv1 in use, whose software may break' },
    { flags: '--include-unknown', description: 'also instances whose IMDSv1 usage is unknown' },
    ...USAGE_RULES_OPTIONS,
    MAX_EXEMPTION_OPTION,
    { flags: '--dry-run', description: 'print the plan, and change nothing' },
    { flags: '--wait', description: 'wait 15 minutes after the last change, and report rejected calls' },
    STACK_OPTION,
    YES_OPTION,
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 enforce --regions eu-west-1,us-east-1', 'plan, confirmation and change in two Regions'],
    ['imdsv2 enforce --dry-run --regions all', 'what would be changed in every enabled Region'],
    ['imdsv2 enforce --instance-ids i-0a1b2c3d4e5f60718 --yes', 'one instance, without confirmation'],
    ['imdsv2 enforce --instance-ids i-0a1b2c3d4e5f60718 --include-in-use', 'one instance, although IMDSv1 is in use'],
    ['imdsv2 enforce --filter Name=tag:team,Values=web --rate 1', 'the instances of one team, slowly'],
    ['imdsv2 enforce --file ids.txt --hop-limit-at-least 2', 'container hosts, whose containers need IMDS'],
  ],
  run: async (_, options, io) => {
    const usageRules = usageRulesOf(options);
    const ids = await selectedIds(options);
    const aws = new Aws(options, io);
    const account = await accountOf(aws, io);
    const regions = await aws.regions();
    const text = options.json ? toNotes(io) : io;
    const end = (run: Run, exitCode: ExitCode) => {
      if (options.json) io.verbatim(JSON.stringify(documentOf(run)));
      return exitCode;
    };

    const meter = new UsageMeter(usageRules, usageReader(aws), io);
    const { plan: before, unreadRegions, failed } = await read(regions, ids, options, aws, io, meter);
    for (const [region, problem] of meter.errors) io.note(`${region}: IMDSv1 usage could not be measured: ${problem}`);
    const run: Run = { account, options, unreadRegions, before, throttled: aws.throttled };
    if (unreadRegions.size === regions.length) return end(run, 1);
    reportNotFound(before, regions, unreadRegions, io);
    const complete = !failed && before.notFound.length === 0;
    showPlan(before, account, options, text);
    const leftOut = before.leftOut.length > 0 || before.leftToLater > 0;
    if (before.total === 0) {
      text.out(leftOut ? 'Nothing to remediate but what was left out.' : 'Nothing to remediate.');
      return end(run, !complete ? 1 : leftOut ? 2 : 0);
    }
    if (options.dryRun) {
      text.out('Dry run: nothing was changed.');
      return end(run, complete ? 2 : 1);
    }
    text.out('');
    const question = `Require IMDSv2 on ${instancesOf(before.total)}${inUseNote(before)}?`;
    const isConfirmed = await confirmed(question, options, io).catch((error: unknown) => {
      end(run, 1);
      throw error;
    });
    if (!isConfirmed) return end(run, 1);

    const result = await remediateAll(before.toRemediate, options, aws, io);
    showResult(result, aws.throttled, text);
    const reread = await unlessInterrupted(() => read(regions, ids, options, aws, io), io);
    const comparable =
      reread !== undefined && [...reread.unreadRegions.keys()].every((name) => unreadRegions.has(name));
    const after = comparable ? reread.plan : undefined;
    if (after !== undefined) showComparison(before, after, text);
    else io.note(`${reread === undefined ? 'Interrupted: the' : 'The'} compliance after the change was not read`);
    const deployment = await unlessInterrupted(() => deploymentOrProblem(options.stack, aws), io);
    const postChange = await unlessInterrupted(async () => {
      if (deployment === undefined) return undefined;
      await notifyDeployment(result.outcomes, deployment, aws, io);
      return checkAfterChange(result.remediated, options, deployment, aws, text);
    }, io);
    const done = result.failed.length + result.remaining.length === 0;
    const interrupted = io.interrupted.aborted;
    const findings = leftOut || (postChange?.affected ?? []).length > 0;
    return end(
      { ...run, result, interrupted, throttled: aws.throttled, after, postChange },
      !done || !complete ? 1 : findings ? 2 : 0,
    );
  },
};

async function unlessInterrupted<T>(work: () => Promise<T>, { interrupted }: Io): Promise<T | undefined> {
  if (interrupted.aborted) return undefined;
  try {
    return await work();
  } catch (error) {
    if (interrupted.aborted) return undefined;
    throw error;
  }
}

/** What the question says about instances that may still use IMDSv1. */
function inUseNote({ included }: Plan): string {
  const inUse = included.filter(({ reason }) => reason === 'in-use').length;
  const notes = [
    inUse > 0 && `${inUse} with IMDSv1 in use`,
    included.length > inUse && `${included.length - inUse} of unknown usage`,
  ].filter((note) => note !== false);
  return notes.length === 0 ? '' : ` (${notes.join(', ')})`;
}

/**
 * Reads the selected instances. A Region that cannot be read is reported and does not stop the others.
 *
 * @param meter measures the usage of non-compliant instances; absent after the change, when only compliance counts.
 */
async function read(
  regions: readonly string[],
  ids: readonly string[] | undefined,
  options: EnforceOptions,
  aws: Aws,
  io: Io,
  meter?: UsageMeter,
) {
  const plan = new Plan(regions, options, ids);
  const fleet = ids === undefined ? aws.fleet : restrictedTo(ids, aws.fleet);
  const source = { fleet, time: (region: string) => aws.time(region) };
  const take = async (region: string, snapshots: readonly Snapshot[]) => {
    const nonCompliant = snapshots.filter(
      (snapshot) => verdictOf(snapshot, options.maxExemptionDays, io.now())?.name === 'non-compliant',
    );
    const usages = await meter?.of(region, nonCompliant);
    for (const snapshot of snapshots) plan.add(region, snapshot, io.now(), usages?.get(snapshot.instanceId));
  };
  const { problems: unreadRegions, failed } = await readRegions(source, regions, options.filter ?? [], take, io);
  for (const [region, problem] of unreadRegions) io.note(`${region} could not be read: ${problem}`);
  if (meter !== undefined) plan.settle(await rejectedIn(plan.regionsWithLaunchSources, aws, io));
  return { plan, unreadRegions, failed };
}

/**
 * Reports ids that were not found.
 *
 * @throws UsageError unless a Region could not be read, which may have the instances.
 */
function reportNotFound(
  { notFound }: Plan,
  regions: readonly string[],
  unreadRegions: ReadonlyMap<string, string>,
  io: Io,
): void {
  if (notFound.length === 0) return;
  const searched = regions.filter((region) => !unreadRegions.has(region)).join(', ');
  const problem = `instance ${some(notFound)} not found in ${searched}`;
  if (unreadRegions.size === 0) throw new UsageError(`${problem}; nothing was changed`);
  io.note(problem);
}
