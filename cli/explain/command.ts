import type { Existing } from '../../lambda/contract.ts';
import type { UsageRules } from '../../lambda/core/usage.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../shared/aws.ts';
import type { Command } from '../shared/command.ts';
import { EXISTING_OPTION, MAX_EXEMPTION_OPTION, instanceIdOf, JSON_OPTION } from '../shared/options.ts';
import { USAGE_RULES_OPTIONS, usageRulesOf } from '../shared/usage.ts';
import { documentOf } from './document.ts';
import { readFacts } from './read.ts';
import { show } from './show.ts';

interface ExplainOptions extends AwsOptions, UsageRules {
  readonly existing: Existing;
  readonly maxExemptionDays: number;
  readonly json?: true;
}

/** What would be decided for one instance, and why. */
export const explain: Command<ExplainOptions> = {
  name: 'explain',
  summary: 'what would be decided for an instance and why, row by row',
  details: `Reads one instance and walks the decision table with it, once for each kind of event that can lead there: its launch, a set-back of its options (drift), its exemption tag set (grant) or removed (revoke), a start (running), the scan, and "imdsv2 enforce" (command). Nothing is changed.

Needs ec2:DescribeInstances. With ec2:GetInstanceMetadataDefaults and cloudwatch:GetMetricData it also says what the account does by default, and whether something on the instance still speaks IMDSv1 (one metric, $0.00001).`,
  args: [{ name: '<id>', description: 'the instance' }],
  options: [...AWS_OPTIONS, REGIONS_OPTION, EXISTING_OPTION, MAX_EXEMPTION_OPTION, ...USAGE_RULES_OPTIONS, JSON_OPTION],
  examples: [
    ['imdsv2 explain i-0a1b2c3d4e5f60718', 'an instance of the usual region'],
    ['imdsv2 explain i-0a1b2c3d4e5f60718 --regions all', 'wherever it is'],
    ['imdsv2 explain i-0a1b2c3d4e5f60718 --existing enforce-when-unused', 'with that setting of the deployment'],
    [`imdsv2 explain i-0a1b2c3d4e5f60718 --json | jq .decisions`, 'the decisions only'],
  ],
  run: async ([id = ''], options, io) => {
    const instanceId = instanceIdOf(id);
    const { existing, maxExemptionDays } = options;
    const rules = { policy: { existing, maxExemptionDays }, usage: usageRulesOf(options) };
    const facts = await readFacts(instanceId, rules, new Aws(options, io), io);
    if (options.json) io.out(JSON.stringify(documentOf(facts)));
    else show(facts, io);
    return 0;
  },
};
