import { ec2ExemptionWriter } from '../../lambda/adapters/ec2-manual-changes.ts';
import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { withRetries } from '../../lambda/app/retry.ts';
import { TAG } from '../../lambda/contract.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { isImdsv1Enabled } from '../../lambda/core/rollback.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../common/aws.ts';
import { type Command, type CommandGroup, UsageError } from '../common/command.ts';
import { deploymentOrProblem, type FoundDeployment } from '../common/deployment-events.ts';
import type { Io } from '../common/io.ts';
import { instanceIdOf, JSON_OPTION, MAX_EXEMPTION_OPTION, STACK_OPTION } from '../common/options.ts';
import { list } from './list.ts';
import { FOR_OPTION, type GrantOptions, grantOf, REASON_OPTION } from './period.ts';

const IDS_ARGUMENT = { name: '<ids...>', description: 'instance ids in the Region' };

/** Milliseconds after which calls are not retried, in commands on a few instances. */
export const TIMEOUT = 60_000;

type JsonOption = { readonly json?: true };

const grant: Command<AwsOptions & GrantOptions & JsonOption> = {
  name: 'grant',
  summary: 'Exempt instances until a date',
  details:
    'Sets the tags imdsv2:exempt-until and imdsv2:exempt-reason in one call. Does not change metadata options: to enable IMDSv1 again as well, use imdsv2 rollback.',
  permissions: 'ec2:DescribeInstances, ec2:CreateTags',
  args: [IDS_ARGUMENT],
  options: [
    ...AWS_OPTIONS,
    FOR_OPTION,
    { flags: '--until <day>', description: 'same as --for' },
    REASON_OPTION,
    MAX_EXEMPTION_OPTION,
    JSON_OPTION,
  ],
  examples: [['imdsv2 exempt grant i-0a1b2c3d4e5f60718 --for 30d --reason "agent X"', 'for 30 days']],
  run: async (args, options, io) => {
    const { until, reason } = grantOf(options, io.now());
    const { snapshots, region, writer, time } = await instancesOf(args, options, io);
    const managed = snapshots.find(({ awsManaged }) => awsManaged);
    if (managed !== undefined) {
      throw new UsageError(
        `${managed.instanceId} is managed by an AWS service and is never remediated; no exemption needed`,
      );
    }
    const instanceIds = snapshots.map(({ instanceId }) => instanceId);
    await withRetries(() => writer.grant(region, instanceIds, until, reason), time);
    if (options.json) io.verbatim(JSON.stringify({ region, instanceIds, until, reason }));
    else
      for (const snapshot of snapshots) {
        const state = isImdsv1Enabled(snapshot.options)
          ? 'IMDSv1 stays enabled'
          : 'IMDSv1 is not enabled, and may be enabled until then';
        io.out(`${snapshot.instanceId} is exempt until ${until}: ${state}`);
      }
    return 0;
  },
};

const revoke: Command<AwsOptions & JsonOption & { readonly stack: string }> = {
  name: 'revoke',
  summary: 'Revoke exemptions; a deployment in enforce mode then remediates instances with IMDSv1 enabled',
  details:
    'Removes the tags imdsv2:exempt-until and imdsv2:exempt-reason. In a deployment with mode=enforce and a trail, the event of that call triggers the function, which remediates the instance within a minute if IMDSv1 is enabled. Says what the deployment in the Region does.',
  permissions:
    'ec2:DescribeInstances, ec2:DeleteTags; optional: cloudformation:DescribeStacks to say what the deployment does',
  args: [IDS_ARGUMENT],
  options: [...AWS_OPTIONS, STACK_OPTION, JSON_OPTION],
  examples: [['imdsv2 exempt revoke i-0a1b2c3d4e5f60718', 'and say what the deployment does about it']],
  run: async (args, options, io) => {
    const { snapshots, region, writer, time, aws } = await instancesOf(args, options, io);
    const idsOf = (tagged: boolean) =>
      snapshots.flatMap((snapshot) => (isTagged(snapshot) === tagged ? [snapshot.instanceId] : []));
    const revoked = idsOf(true);
    if (revoked.length > 0) await withRetries(() => writer.revoke(region, revoked), time);
    if (options.json) {
      io.verbatim(JSON.stringify({ region, revoked, notExempt: idsOf(false) }));
      return 0;
    }
    const isNonCompliant = snapshots.some((snapshot) => isTagged(snapshot) && isImdsv1Enabled(snapshot.options));
    const effect = isNonCompliant ? effectIn(await deploymentOrProblem(options.stack, aws)) : '';
    for (const snapshot of snapshots) io.out(`${snapshot.instanceId} ${revocation(snapshot, effect)}`);
    return 0;
  },
};

const isTagged = ({ tags }: Snapshot): boolean => tags.has(TAG.exemptUntil) || tags.has(TAG.exemptReason);

/** What a deployment does about a revoked exemption. */
function effectIn(deployment: FoundDeployment): string {
  if ('problem' in deployment) return `whether a deployment remediates it is unknown: ${deployment.problem}`;
  const { setting, stackName } = deployment;
  if (setting('Mode') !== 'enforce')
    return `${stackName} has mode=${setting('Mode') ?? 'unknown'}, and only reports it`;
  if (setting('Trail') !== 'none') return 'the deployed function remediates it within a minute';
  return `${stackName} has trail=none, so its next scheduled scan decides, with existing=${setting('Existing') ?? 'audit'}`;
}

function revocation(snapshot: Snapshot, effect: string): string {
  if (!isTagged(snapshot)) return 'has no exemption; nothing was changed';
  return isImdsv1Enabled(snapshot.options)
    ? `is no longer exempt: IMDSv1 is enabled, and ${effect}`
    : 'is no longer exempt; IMDSv1 is not enabled';
}

export const exempt: CommandGroup = {
  name: 'exempt',
  summary: 'Grant, list and revoke dated exemptions',
  details:
    'An exemption is the tag imdsv2:exempt-until with a date, valid through the end of that day in UTC. While it is valid, the instance is not remediated and may have IMDSv1 enabled.',
  examples: [],
  subcommands: [grant, list, revoke],
};

/**
 * The instances of the arguments, and what changes their tags.
 *
 * @throws UsageError if one is not found or is terminated.
 */
async function instancesOf(args: readonly string[], options: AwsOptions, io: Io) {
  const ids = [...new Set(args.map(instanceIdOf))];
  const aws = new Aws(options, io);
  const region = await aws.home();
  const time = aws.time(region, TIMEOUT);
  const read = await withRetries(() => ec2Reader(aws.ec2).describe(region, ids), time);
  const found = new Map(read.map((snapshot) => [snapshot.instanceId, snapshot]));
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length > 0)
    throw new UsageError(`instance ${missing.join(', ')} not found in ${region}; nothing was changed`);
  const terminated = read.find(({ state }) => state === 'shutting-down' || state === 'terminated');
  if (terminated !== undefined) throw new UsageError(`${terminated.instanceId} is terminated; nothing was changed`);
  const snapshots = ids.flatMap((id) => found.get(id) ?? []);
  return { snapshots, region, writer: ec2ExemptionWriter(aws.ec2), time, aws };
}
