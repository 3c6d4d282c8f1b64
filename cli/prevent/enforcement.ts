import { entryName, entryReason, readinessLine } from '../../lambda/core/words/prevention.ts';
import { accountOf } from '../common/account.ts';
import { Aws, AWS_OPTIONS, REGIONS_OPTION } from '../common/aws.ts';
import type { Command } from '../common/command.ts';
import { JSON_OPTION, YES_OPTION } from '../common/options.ts';
import { OTHER_READS } from '../readiness/read.ts';
import { unseenNote } from '../readiness/show.ts';
import { type AccountOptions, readFor, type Setting, switchOn } from './account.ts';

interface EnforcementOptions extends AccountOptions {
  readonly evenIfNotReady?: true;
}

const settingOf = ({ evenIfNotReady }: EnforcementOptions): Setting => ({
  schema: 'imdsv2-enforcer.prevent-enforcement/v1',
  name: 'HttpTokensEnforced',
  change: { HttpTokensEnforced: 'enabled' },
  option: '--http-tokens-enforced',
  policy: 'account-enforcement',
  refusal: ({ region, readiness }) =>
    readiness.state === 'ready' || evenIfNotReady
      ? undefined
      : `${readinessLine(readiness)}. See imdsv2 readiness --region ${region}; --even-if-not-ready enables it nevertheless`,
  showEffect: ({ region, readiness }, io) => {
    if (readiness.state === 'ready') return;
    io.out('');
    io.out(`${region}: ${readinessLine(readiness)}. EC2 will refuse what these launch:`);
    for (const entry of readiness.blockers) {
      io.out(`  ${entryName(entry)}: ${entryReason(entry)}`);
    }
    for (const { what, problem } of readiness.unseen) io.out(`  ${unseenNote({ what, problem })}`);
  },
  doesNotCover:
    'instances that have IMDSv1 enabled already. From now on EC2 refuses every launch with IMDSv1 and every change that enables it, so that imdsv2 rollback fails.',
});

export const enforcement: Command<EnforcementOptions> = {
  name: 'enforcement',
  summary: 'Make EC2 refuse launches with IMDSv1, where nothing would be refused',
  details: `Sets HttpTokensEnforced=enabled in the account defaults of each Region that imdsv2 readiness finds READY. Others are left out; with --even-if-not-ready they are enabled as well, and what will be refused is listed.

Where a declarative policy of the organization manages the defaults, prints the text for that policy. Shows the plan and asks before it changes anything.

Exit code 0: it is enabled in every Region. 1: an error, or not everything was done. 2: a Region was left out, or would be changed without --dry-run.`,
  permissions: `ec2:GetInstanceMetadataDefaults, ec2:ModifyInstanceMetadataDefaults; ec2:DescribeRegions for --regions all; optional: ${OTHER_READS}, without which a Region is not READY`,
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    { flags: '--even-if-not-ready', description: 'also where launches will be refused, or that is not known' },
    { flags: '--dry-run', description: 'print the plan, and change nothing' },
    YES_OPTION,
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 prevent enforcement --regions all --dry-run', 'which Regions are ready'],
    ['imdsv2 prevent enforcement --region eu-west-1', 'plan, confirmation and change in one Region'],
  ],
  run: async (_, options, io) => {
    const aws = new Aws(options, io);
    const account = await accountOf(aws, io);
    return switchOn(settingOf(options), await readFor(aws, io), account, options, aws, io);
  },
};
