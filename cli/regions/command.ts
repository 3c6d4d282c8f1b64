import { Aws, AWS_OPTIONS, type AwsOptions } from '../shared/aws.ts';
import { type Command, UsageError } from '../shared/command.ts';
import { JSON_OPTION } from '../shared/options.ts';
import { readContext, regionsIn, writeRegions } from './context.ts';

interface RegionsOptions extends AwsOptions {
  readonly file: string;
  readonly write?: true;
  readonly json?: true;
}

/** Which regions the setting `regions=all` means. */
export const regions: Command<RegionsOptions> = {
  name: 'regions',
  summary: 'the regions that are enabled in the account, as the setting regions=all wants them',
  details:
    'With --write the list is stored in cdk.context.json, where "cdk deploy --all -c regions=all" reads it: commit that file, so that a new region is seen in a diff. The first one is the home region, which has the function. That is --region; else the one that the file has as home already; else AWS_REGION, or that of the profile. Needs ec2:DescribeRegions.',
  options: [
    ...AWS_OPTIONS,
    { flags: '--write', description: 'stores the list' },
    { flags: '--file <path>', description: 'where', fallback: 'cdk.context.json' },
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 regions', 'which there are, and what would change in the file'],
    ['imdsv2 regions --write', 'stores them; then cdk deploy --all -c regions=all'],
    ['imdsv2 regions --write --region eu-west-1', 'with another home region'],
  ],
  run: async (_, options, io) => {
    const { file, region } = options;
    const context = readContext(file);
    const stored = regionsIn(context);
    const aws = new Aws(options, io);
    const enabled = await aws.enabledRegions();
    const home = region ?? stored[0] ?? (await aws.home());
    if (!enabled.includes(home)) {
      throw new UsageError(
        `the home region ${home} is not enabled in the account; accepted: --region with ${enabled.join(', ')}`,
      );
    }
    const all = [home, ...enabled.filter((name) => name !== home)];
    if (options.write) writeRegions(file, context, all);
    const added = all.filter((name) => !stored.includes(name));
    const removed = stored.filter((name) => !all.includes(name));
    if (options.json) io.out(JSON.stringify({ home, regions: all, added, removed }));
    else for (const name of all) io.out(name === home ? `${name} (home)` : name);
    if (stored.length > 0) {
      for (const name of added) io.note(`new since ${file} was written: ${name}`);
      for (const name of removed) io.note(`not enabled any more: ${name}; its stack stays until it is destroyed`);
    }
    io.note(options.write ? `written: ${file}` : `nothing is written; --write stores them in ${file}`);
    return 0;
  },
};
