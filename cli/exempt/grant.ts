import { ec2ExemptionWriter } from '../../lambda/adapters/ec2-manual-changes.ts';
import { withRetries } from '../../lambda/app/retry.ts';
import { isImdsv1Enabled } from '../../lambda/core/rollback.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../shared/aws.ts';
import { type Command, UsageError } from '../shared/command.ts';
import { MAX_EXEMPTION_OPTION, JSON_OPTION } from '../shared/options.ts';
import { IDS_ARGUMENT, snapshotsOf, TIMEOUT } from './instances.ts';
import { FOR_OPTION, type GrantOptions, grantOf, REASON_OPTION } from './period.ts';

export const grant: Command<AwsOptions & GrantOptions & { readonly json?: true }> = {
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
    const aws = new Aws(options, io);
    const region = await aws.home();
    const time = aws.time(region, TIMEOUT);
    const snapshots = await snapshotsOf(args, region, aws, time);
    const managed = snapshots.find(({ awsManaged }) => awsManaged);
    if (managed !== undefined) {
      throw new UsageError(
        `${managed.instanceId} is managed by an AWS service and is never remediated; no exemption needed`,
      );
    }
    const ids = snapshots.map(({ instanceId }) => instanceId);
    await withRetries(() => ec2ExemptionWriter(aws.ec2).grant(region, ids, until, reason), time);
    if (options.json) io.out(JSON.stringify({ region, instanceIds: ids, until, reason }));
    else {
      for (const { instanceId, options: metadata } of snapshots) {
        const state = isImdsv1Enabled(metadata)
          ? 'IMDSv1 stays enabled'
          : 'IMDSv1 is not enabled, and may be enabled until then';
        io.out(`${instanceId} is exempt until ${until}: ${state}`);
      }
    }
    return 0;
  },
};
