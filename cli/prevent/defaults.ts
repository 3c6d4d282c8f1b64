import type { Entry } from '../../lambda/core/prevention/entries.ts';
import { CONTAINER_HOP_LIMIT } from '../../lambda/core/prevention/effective.ts';
import { entryLaunchers, entryName } from '../../lambda/core/words/prevention.ts';
import { accountOf } from '../common/account.ts';
import { Aws, AWS_OPTIONS, REGIONS_OPTION } from '../common/aws.ts';
import type { Command } from '../common/command.ts';
import { JSON_OPTION, YES_OPTION } from '../common/options.ts';
import { OTHER_READS } from '../readiness/read.ts';
import { unseenNote } from '../readiness/show.ts';
import { type AccountOptions, readFor, type Setting, switchOn } from './account.ts';

const SETTING: Setting = {
  schema: 'imdsv2-enforcer.prevent-defaults/v1',
  name: 'HttpTokens',
  change: { HttpTokens: 'required' },
  option: '--http-tokens',
  policy: 'account-defaults',
  refusal: () => undefined,
  showEffect: ({ region, readiness }, io) => {
    const hosts = readiness.entries.filter(losesContainers);
    for (const unseen of readiness.unseen) io.out(`${region}: ${unseenNote(unseen)}`);
    if (hosts.length === 0) return;
    io.out('');
    io.out(
      `${region}: containers get no token on what these launch, because the hop limit is 1. Set HttpPutResponseHopLimit=2 there first, if they need IMDS:`,
    );
    for (const entry of hosts) {
      io.out(`  ${[entryName(entry), entryLaunchers(entry)].filter((text) => text !== '').join(': ')}`);
    }
  },
  doesNotCover:
    'launches and launch templates that state HttpTokens=optional (imdsv2 prevent templates), instances that exist already (imdsv2 enforce), and other Regions. A launch that states nothing gets HttpTokens=required from now on.',
};

/** Whether an entry launches container hosts that get tokens by default, with a hop limit of 1. */
const losesContainers = ({ stated, containerHost, effective }: Entry): boolean =>
  stated === 'inherits' && containerHost && effective.tokens !== 'required' && effective.hopLimit < CONTAINER_HOP_LIMIT;

export const defaults: Command<AccountOptions> = {
  name: 'defaults',
  summary: 'Make IMDSv2 the account default for launches that state nothing',
  details: `Sets HttpTokens=required in the account defaults of each Region; the other defaults stay as they are. It decides about launches that do not state HttpTokens: Spot requests, which cannot, and templates, launch configurations and people that do not.

Lists container hosts that would get the default with a hop limit of 1, with which containers get no token. Where a declarative policy of the organization manages the defaults, prints the text for that policy. Shows the plan and asks before it changes anything.

Exit code 0: the default is set in every Region. 1: an error, or not everything was done. 2: a Region was left out, or would be changed without --dry-run.`,
  permissions: `ec2:GetInstanceMetadataDefaults, ec2:ModifyInstanceMetadataDefaults; ec2:DescribeRegions for --regions all; optional: ${OTHER_READS}`,
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    { flags: '--dry-run', description: 'print the plan, and change nothing' },
    YES_OPTION,
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 prevent defaults --regions all --dry-run', 'what would be changed in every enabled Region'],
    ['imdsv2 prevent defaults --region eu-west-1', 'plan, confirmation and change in one Region'],
  ],
  run: async (_, options, io) => {
    const aws = new Aws(options, io);
    const account = await accountOf(aws, io);
    return switchOn(SETTING, await readFor(aws, io), account, options, aws, io);
  },
};
