import type { Existing, Launches } from '../../lambda/contract.ts';
import type { UsageRules } from '../../lambda/core/usage.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../common/aws.ts';
import type { Command } from '../common/command.ts';
import {
  ENFORCE_SINCE_OPTION,
  EXISTING_OPTION,
  MAX_EXEMPTION_OPTION,
  instanceIdOf,
  JSON_OPTION,
  LAUNCHES_OPTION,
} from '../common/options.ts';
import { USAGE_RULES_OPTIONS, usageRulesOf } from '../common/usage.ts';
import { documentOf } from './document.ts';
import { readFacts } from './read.ts';
import { show } from './show.ts';

interface ExplainOptions extends AwsOptions, UsageRules {
  readonly existing: Existing;
  readonly launches: Launches;
  readonly enforceSince?: string;
  readonly maxExemptionDays: number;
  readonly json?: true;
}

export const explain: Command<ExplainOptions> = {
  name: 'explain',
  summary: 'Explain what would be decided for an instance, and why',
  details: `Reads one instance and applies the decision table to it, once for each trigger: its launch, IMDSv1 re-enabled (drift), its exemption tag set (grant) or removed (revoke), a start (running), the scheduled scan, and "imdsv2 enforce" (command). Changes nothing.

Also shows the account defaults of the Region, the IMDSv1 usage of the instance, or of its Auto Scaling group (one or two CloudWatch metrics, $0.00001 each), and the software that called AWS with credentials of IMDSv1, in the newest 150 calls of CloudTrail event history; "imdsv2 callers" has more.`,
  permissions:
    'ec2:DescribeInstances; ec2:DescribeRegions for --regions all; optional: ec2:GetInstanceMetadataDefaults for the account defaults, cloudwatch:GetMetricData for the IMDSv1 usage, cloudtrail:LookupEvents for the callers, ec2:DescribeNatGateways for their source addresses',
  args: [{ name: '<id>', description: 'instance id' }],
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    EXISTING_OPTION,
    LAUNCHES_OPTION,
    ENFORCE_SINCE_OPTION,
    MAX_EXEMPTION_OPTION,
    ...USAGE_RULES_OPTIONS,
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 explain i-0a1b2c3d4e5f60718', 'an instance in the default Region'],
    ['imdsv2 explain i-0a1b2c3d4e5f60718 --regions all', 'an instance in any Region'],
    ['imdsv2 explain i-0a1b2c3d4e5f60718 --existing enforce-when-unused', 'with that setting of the deployment'],
    [`imdsv2 explain i-0a1b2c3d4e5f60718 --json | jq .decisions`, 'only the decisions'],
  ],
  run: async ([id = ''], options, io) => {
    const instanceId = instanceIdOf(id);
    const { existing, launches, enforceSince, maxExemptionDays } = options;
    const policy = { existing, launches, enforceSince, maxExemptionDays };
    const facts = await readFacts(instanceId, policy, usageRulesOf(options), new Aws(options, io), io);
    if (options.json) io.verbatim(JSON.stringify(documentOf(facts)));
    else show(facts, io);
    return 0;
  },
};
