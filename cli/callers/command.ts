import { instancesOf } from '../../lambda/core/words/format.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../common/aws.ts';
import { type Command, UsageError } from '../common/command.ts';
import { isDenied } from '../common/errors.ts';
import { instanceIdOf, JSON_OPTION, wholeNumberOf } from '../common/options.ts';
import { toCallersDocument } from './document.ts';
import { NotingCallerReader, type InstanceCallers, LOOKUPS, readCallers, reportUnread } from './read.ts';
import { selectIds, selectLaunchSource } from './select.ts';
import { showCallers, showLimits } from './show.ts';
import { LIMITS } from './words.ts';

interface CallersOptions extends AwsOptions {
  readonly launchSource?: string;
  readonly maxLookups: number;
  readonly json?: true;
}

/** The schema of the JSON document, in its `schema` field. Fields are only ever added to it. */
const SCHEMA = 'imdsv2-enforcer.callers/v1';

export const callers: Command<CallersOptions> = {
  name: 'callers',
  summary: 'Report which software on instances uses credentials that IMDSv1 delivered, and what to do about it',
  details: [
    "Reads the calls of an instance's role in CloudTrail event history, which needs neither a trail nor an agent, and groups those with credentials of IMDSv1 by software. Changes nothing.",
    'Event history has only calls to AWS, only management events of 90 days, and each Region has its own. Of each instance the newest 20 pages of 50 calls are read. Software that reads other metadata than credentials is not in it.',
    'CloudTrail allows two lookups per second and Region for all users of an account. This command makes one at most, so many instances take time; Ctrl-C prints what was found so far.',
    'Exit code 0: no software was found. 2: some was. 1: something could not be looked up.',
  ].join('\n\n'),
  permissions:
    'cloudtrail:LookupEvents; ec2:DescribeInstances; ec2:DescribeRegions for --regions all; optional: ec2:DescribeNatGateways for the source addresses',
  args: [{ name: '[ids...]', description: 'instance ids' }],
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    {
      flags: '--launch-source <name>',
      description: 'instead of ids: the instances of a launch source, such as an Auto Scaling group, by name or id',
    },
    {
      flags: '--max-lookups <n>',
      description: 'most lookups in all; each has up to 50 calls of one instance',
      read: wholeNumberOf(1, 100_000),
      fallback: LOOKUPS,
    },
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 callers i-0a1b2c3d4e5f60718', 'an instance in the default Region'],
    ['imdsv2 callers --launch-source web --regions all', 'the instances of an Auto Scaling group'],
    [`imdsv2 callers i-0a1b2c3d4e5f60718 --json | jq '.instances[].callers'`, 'as JSON'],
  ],
  run: async (args, options, io) => {
    const { launchSource, maxLookups, json } = options;
    const ids = args.map(instanceIdOf);
    if ((ids.length === 0) === (launchSource === undefined))
      throw new UsageError('accepted: either instance ids or --launch-source');
    const at = io.now();
    const aws = new Aws(options, io);
    const regions = await aws.regions();
    const { subjects, failed } =
      launchSource === undefined
        ? await selectIds(ids, regions, aws, io)
        : await selectLaunchSource(launchSource, regions, aws, io);
    const reader = new NotingCallerReader(aws, io, { lookups: maxLookups });
    const results = await readCallers(subjects, reader, io);
    if (json) {
      const instances = results.map(toCallersDocument);
      io.verbatim(JSON.stringify({ schema: SCHEMA, at, instances, limits: LIMITS }));
    } else if (results.some(({ failure, calls }) => failure === undefined || calls > 0)) {
      io.out(`${instancesOf(results.length)}, calls with credentials of IMDSv1 in event history:`);
      io.out('');
      showCallers(results, io);
      showLimits(io);
    }
    reportUnread(results, io);
    if (failed || io.interrupted.aborted || isFailed(results)) return 1;
    return results.some(({ imdsv1Calls }) => imdsv1Calls > 0) ? 2 : 0;
  },
};

/** Whether lookups failed. That some Regions, but not all, are not visible from here is no failure. */
function isFailed(results: readonly InstanceCallers[]): boolean {
  const failures = results.flatMap(({ failure }) => failure ?? []);
  return failures.some((failure) => !isDenied(failure)) || (failures.length > 0 && failures.length === results.length);
}
