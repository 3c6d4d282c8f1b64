import { ec2ExemptionWriter } from '../../lambda/adapters/ec2-by-hand.ts';
import { withRetries } from '../../lambda/app/retry.ts';
import { isReachable } from '../../lambda/core/rollback.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../shared/aws.ts';
import { type Command, UsageError } from '../shared/command.ts';
import { MAX_EXEMPTION_OPTION, JSON_OPTION } from '../shared/options.ts';
import { IDS_ARGUMENT, PATIENCE, snapshotsOf } from './instances.ts';
import { FOR_OPTION, type GrantOptions, grantOf, REASON_OPTION } from './period.ts';

/** Exempts instances until a day. */
export const grant: Command<AwsOptions & GrantOptions & { readonly json?: true }> = {
  name: 'grant',
  summary: 'exempts instances until a day',
  details:
    'Sets the tags imdsv2:exempt-until and imdsv2:exempt-reason in one call. The metadata options are not changed: to allow IMDSv1 again where tokens are required, see rollback.',
  args: [IDS_ARGUMENT],
  options: [
    ...AWS_OPTIONS,
    FOR_OPTION,
    { flags: '--until <day>', description: 'the same as --for' },
    REASON_OPTION,
    MAX_EXEMPTION_OPTION,
    JSON_OPTION,
  ],
  examples: [['imdsv2 exempt grant i-0a1b2c3d4e5f60718 --for 30d --reason "agent X"', 'for thirty days']],
  run: async (args, options, io) => {
    const { until, reason } = grantOf(options, io.now());
    const aws = new Aws(options, io);
    const region = await aws.home();
    const time = aws.time(region, PATIENCE);
    const snapshots = await snapshotsOf(args, region, aws, time);
    const managed = snapshots.find(({ awsManaged }) => awsManaged);
    if (managed !== undefined) {
      throw new UsageError(`${managed.instanceId} is operated by an AWS service, which we leave alone anyway`);
    }
    const ids = snapshots.map(({ instanceId }) => instanceId);
    await withRetries(() => ec2ExemptionWriter(aws.ec2).grant(region, ids, until, reason), time);
    if (options.json) io.out(JSON.stringify({ region, instanceIds: ids, until, reason }));
    else {
      for (const { instanceId, options: has } of snapshots) {
        const now = isReachable(has)
          ? 'IMDSv1 is reachable and stays so'
          : 'IMDSv1 is not reachable, but may be allowed';
        io.out(`${instanceId} is exempt until ${until}: ${now}`);
      }
    }
    return 0;
  },
};
