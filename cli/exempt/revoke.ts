import { TAG } from '../../lambda/contract.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { isImdsv1Enabled } from '../../lambda/core/rollback.ts';
import { AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../common/aws.ts';
import type { Command } from '../common/command.ts';
import { deploymentOrProblem, type FoundDeployment } from '../common/deployment-events.ts';
import { JSON_OPTION, STACK_OPTION } from '../common/options.ts';
import { changeTags, livingInstances } from './change.ts';

export const revoke: Command<AwsOptions & { readonly stack: string; readonly json?: true }> = {
  name: 'revoke',
  summary: 'Revoke exemptions; a deployment in enforce mode then remediates instances with IMDSv1 enabled',
  details: `Removes the tags imdsv2:exempt-until and imdsv2:exempt-reason, in one call for each Region. In a deployment with mode=enforce and a trail, the event of that call triggers the function, which remediates the instance within a minute if IMDSv1 is enabled. Says what the deployment in the Region of --region does.

If an instance is not found, nothing is changed. Exit code 1: an error, or the instances of a Region were not changed; those that were are printed.`,
  permissions:
    'ec2:DescribeInstances, ec2:DeleteTags; ec2:DescribeRegions for --regions all; optional: cloudformation:DescribeStacks to say what the deployment does',
  args: [{ name: '<ids...>', description: 'instance ids' }],
  options: [...AWS_OPTIONS, REGIONS_OPTION, STACK_OPTION, JSON_OPTION],
  examples: [
    ['imdsv2 exempt revoke i-0a1b2c3d4e5f60718', 'and say what the deployment does about it'],
    ['imdsv2 exempt revoke i-0a1b2c3d4e5f60718 --regions all', 'in whatever Region it is'],
  ],
  run: async (args, options, io) => {
    const { aws, instances } = await livingInstances(args, options, io);
    const tagged = instances.filter(({ snapshot }) => isTagged(snapshot));
    const problems = await changeTags(tagged, (writer, region, ids) => writer.revoke(region, ids), aws, io);
    const results = instances.map(({ region, snapshot }) => {
      const detail = problems.get(region);
      if (!isTagged(snapshot)) return { region, snapshot, status: 'not-exempt' };
      return { region, snapshot, status: detail === undefined ? 'revoked' : 'failed', detail };
    });
    const exitCode = problems.size > 0 ? 1 : 0;
    if (options.json) {
      const published = results.map(({ snapshot: { instanceId }, ...rest }) => ({ instanceId, ...rest }));
      io.verbatim(JSON.stringify({ instances: published }));
      return exitCode;
    }
    const isNonCompliant = results.some(({ status, snapshot }) => status === 'revoked' && isEnabled(snapshot));
    const effect = isNonCompliant ? effectIn(await deploymentOrProblem(options.stack, aws)) : '';
    for (const { region, snapshot, status } of results)
      if (status !== 'failed') io.out(`${snapshot.instanceId} in ${region} ${revocation(snapshot, effect)}`);
    return exitCode;
  },
};

const isTagged = ({ tags }: Snapshot): boolean => tags.has(TAG.exemptUntil) || tags.has(TAG.exemptReason);

const isEnabled = ({ options }: Snapshot): boolean => isImdsv1Enabled(options);

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
  return isEnabled(snapshot)
    ? `is no longer exempt: IMDSv1 is enabled, and ${effect}`
    : 'is no longer exempt; IMDSv1 is not enabled';
}
