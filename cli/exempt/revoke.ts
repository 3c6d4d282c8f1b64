import { ec2ExemptionWriter } from '../../lambda/adapters/ec2-manual-changes.ts';
import { withRetries } from '../../lambda/app/retry.ts';
import { TAG } from '../../lambda/contract.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { isImdsv1Enabled } from '../../lambda/core/rollback.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../shared/aws.ts';
import type { Command } from '../shared/command.ts';
import { JSON_OPTION } from '../shared/options.ts';
import { IDS_ARGUMENT, snapshotsOf, TIMEOUT } from './instances.ts';

export const revoke: Command<AwsOptions & { readonly json?: true }> = {
  name: 'revoke',
  summary: 'Revoke exemptions; instances with IMDSv1 enabled are then remediated',
  details:
    'Removes the tags imdsv2:exempt-until and imdsv2:exempt-reason. The event of that call triggers the deployed function, which remediates the instance within a minute if IMDSv1 is enabled.',
  permissions: 'ec2:DescribeInstances, ec2:DeleteTags',
  args: [IDS_ARGUMENT],
  options: [...AWS_OPTIONS, JSON_OPTION],
  examples: [['imdsv2 exempt revoke i-0a1b2c3d4e5f60718', 'the deployed function remediates it within a minute']],
  run: async (args, options, io) => {
    const aws = new Aws(options, io);
    const region = await aws.home();
    const time = aws.time(region, TIMEOUT);
    const snapshots = await snapshotsOf(args, region, aws, time);
    const exempt = snapshots.filter(isTagged);
    const ids = exempt.map(({ instanceId }) => instanceId);
    if (ids.length > 0) await withRetries(() => ec2ExemptionWriter(aws.ec2).revoke(region, ids), time);
    if (options.json) {
      io.out(JSON.stringify({ region, revoked: ids, notExempt: idsWithout(snapshots, ids) }));
      return 0;
    }
    for (const snapshot of snapshots) io.out(`${snapshot.instanceId} ${sentence(snapshot)}`);
    return 0;
  },
};

const isTagged = ({ tags }: Snapshot): boolean => tags.has(TAG.exemptUntil) || tags.has(TAG.exemptReason);

const idsWithout = (snapshots: readonly Snapshot[], ids: readonly string[]): string[] =>
  snapshots.flatMap(({ instanceId }) => (ids.includes(instanceId) ? [] : [instanceId]));

function sentence(snapshot: Snapshot): string {
  if (!isTagged(snapshot)) return 'has no exemption; nothing was changed';
  return isImdsv1Enabled(snapshot.options)
    ? 'is no longer exempt: IMDSv1 is enabled, and the deployed function remediates it within a minute'
    : 'is no longer exempt; IMDSv1 is not enabled';
}
