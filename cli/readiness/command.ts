import type { Readiness } from '../../lambda/core/prevention/readiness.ts';
import { accountOf } from '../common/account.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../common/aws.ts';
import type { Command } from '../common/command.ts';
import { JSON_OPTION } from '../common/options.ts';
import { documentOf } from './document.ts';
import { OTHER_READS, readAll } from './read.ts';
import { showReadiness } from './show.ts';

interface ReadinessOptions extends AwsOptions {
  readonly json?: true;
}

export const readiness: Command<ReadinessOptions> = {
  name: 'readiness',
  summary: 'Report whether HttpTokensEnforced can be enabled, and what would be refused',
  details: `With HttpTokensEnforced, EC2 refuses every launch with IMDSv1. Reads everything that launches instances: launch templates in the versions that Auto Scaling groups and fleets refer to, launch configurations, Spot requests, the AMIs and the account default that decide where they state nothing, and the launches of the last 24 hours.

READY: everything was looked at, and nothing would be refused. NOT READY: each blocker, with its next step. UNKNOWN: what could not be looked at. ENFORCED: it is enabled. Changes nothing.

Exit code 0: every Region is READY or ENFORCED, and nothing is refused. 1: a Region could not be read. 2: the others.`,
  permissions: `ec2:DescribeRegions for --regions all; optional: ec2:GetInstanceMetadataDefaults, ${OTHER_READS}`,
  options: [...AWS_OPTIONS, REGIONS_OPTION, JSON_OPTION],
  examples: [
    ['imdsv2 readiness --regions all', 'every enabled Region'],
    ['imdsv2 readiness --region eu-west-1 --json', 'everything that launches instances in one Region, as JSON'],
  ],
  run: async (_, options, io) => {
    const aws = new Aws(options, io);
    const account = await accountOf(aws, io);
    const result = await readAll(await aws.regions(), aws, io);
    if (options.json) io.verbatim(JSON.stringify(documentOf(account, io.now(), result)));
    else if (result.read.length > 0) showReadiness(result.read, io);
    if (result.problems.size > 0) return 1;
    return result.read.every(({ readiness: one }) => isFine(one)) ? 0 : 2;
  },
};

const isFine = ({ state, blockers }: Readiness): boolean =>
  state === 'ready' || (state === 'enforced' && blockers.length === 0);
