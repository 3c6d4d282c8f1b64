import { ec2ExemptionWriter } from '../../lambda/adapters/ec2-by-hand.ts';
import { withRetries } from '../../lambda/app/retry.ts';
import { TAG } from '../../lambda/contract.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { isReachable } from '../../lambda/core/rollback.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../shared/aws.ts';
import type { Command } from '../shared/command.ts';
import { JSON_OPTION } from '../shared/options.ts';
import { IDS_ARGUMENT, PATIENCE, snapshotsOf } from './instances.ts';

/** Takes exemptions back. */
export const revoke: Command<AwsOptions & { readonly json?: true }> = {
  name: 'revoke',
  summary: 'takes exemptions back; what answers IMDSv1 is then closed',
  details:
    'Removes the tags imdsv2:exempt-until and imdsv2:exempt-reason. Removing them is an event at which the deployed function looks at the instance: where IMDSv1 is reachable, it closes it within the minute.',
  args: [IDS_ARGUMENT],
  options: [...AWS_OPTIONS, JSON_OPTION],
  examples: [['imdsv2 exempt revoke i-0a1b2c3d4e5f60718', 'the function closes it within the minute']],
  run: async (args, options, io) => {
    const aws = new Aws(options, io);
    const region = await aws.home();
    const time = aws.time(region, PATIENCE);
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
  return isReachable(snapshot.options)
    ? 'is no longer exempt: IMDSv1 is reachable, and the deployed function closes it within the minute'
    : 'is no longer exempt; IMDSv1 is not reachable';
}
