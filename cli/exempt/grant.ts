import { isImdsv1Enabled } from '../../lambda/core/rollback.ts';
import { AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../common/aws.ts';
import { type Command, UsageError } from '../common/command.ts';
import { JSON_OPTION, MAX_EXEMPTION_OPTION } from '../common/options.ts';
import { changeTags, livingInstances } from './change.ts';
import { FOR_OPTION, type GrantOptions, grantOf, REASON_OPTION } from './period.ts';

export const grant: Command<AwsOptions & GrantOptions & { readonly json?: true }> = {
  name: 'grant',
  summary: 'Exempt instances until a date',
  details: `Sets the tags imdsv2:exempt-until and imdsv2:exempt-reason, in one call for each Region. Does not change metadata options: to enable IMDSv1 again as well, use imdsv2 rollback.

If an instance is not found or cannot be exempt, nothing is changed. Exit code 1: an error, or the instances of a Region were not changed; those that were are printed.`,
  permissions: 'ec2:DescribeInstances, ec2:CreateTags; ec2:DescribeRegions for --regions all',
  args: [{ name: '<ids...>', description: 'instance ids' }],
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    FOR_OPTION,
    { flags: '--until <day>', description: 'same as --for' },
    REASON_OPTION,
    MAX_EXEMPTION_OPTION,
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 exempt grant i-0a1b2c3d4e5f60718 --for 30d --reason "agent X"', 'for 30 days'],
    ['imdsv2 exempt grant i-0a1b2c3d4e5f60718 --regions all --for 30d --reason X', 'in whatever Region it is'],
  ],
  run: async (args, options, io) => {
    const { until, reason } = grantOf(options, io.now());
    const { aws, instances } = await livingInstances(args, options, io);
    const managed = instances.find(({ snapshot }) => snapshot.awsManaged);
    if (managed !== undefined) {
      throw new UsageError(
        `${managed.snapshot.instanceId} is managed by an AWS service and is never remediated; no exemption needed; nothing was changed`,
      );
    }
    const problems = await changeTags(
      instances,
      (writer, region, ids) => writer.grant(region, ids, until, reason),
      aws,
      io,
    );
    const results = instances.map(({ region, snapshot }) => {
      const detail = problems.get(region);
      return { region, snapshot, status: detail === undefined ? 'exempt' : 'failed', detail };
    });
    if (options.json) {
      const published = results.map(({ snapshot: { instanceId }, ...rest }) => ({ instanceId, ...rest }));
      io.verbatim(JSON.stringify({ until, reason, instances: published }));
    } else {
      for (const { snapshot, region, status } of results) {
        if (status === 'failed') continue;
        const state = isImdsv1Enabled(snapshot.options)
          ? 'IMDSv1 stays enabled'
          : 'IMDSv1 is not enabled, and may be enabled until then';
        io.out(`${snapshot.instanceId} in ${region} is exempt until ${until}: ${state}`);
      }
    }
    return problems.size > 0 ? 1 : 0;
  },
};
