import { readFileSync, writeFileSync } from 'node:fs';
import pMap from 'p-map';
import { attempt, withRetries } from '../../lambda/app/retry.ts';
import { REGIONS_CONTEXT } from '../../lambda/contract.ts';
import { REGION } from '../../lambda/core/target.ts';
import { plural } from '../../lambda/core/words/format.ts';
import { isObject } from '../../lambda/triggers/json.ts';
import { NOT_VISIBLE, REGIONS_AT_ONCE } from '../audit/read.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../common/aws.ts';
import { type Command, refuse, UsageError } from '../common/command.ts';
import { explainError, fileProblem, isDenied } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import { parseJson } from '../common/json.ts';
import { JSON_OPTION } from '../common/options.ts';

interface RegionsOptions extends AwsOptions {
  readonly file: string;
  readonly write?: true;
  readonly json?: true;
}

export const regions: Command<RegionsOptions> = {
  name: 'regions',
  summary: 'List the Regions enabled in the account, for the setting regions=all',
  details:
    'With --write, stores the list in cdk.context.json, where "cdk deploy --all" reads it if cdk.json has "regions": "all". Commit that file, so that a new Region shows in a diff. The first Region is the home Region, which has the function: --region, else the first Region in the file, else AWS_REGION or the Region of the profile.',
  permissions: 'ec2:DescribeRegions; optional: ec2:DescribeInstances to leave out Regions that a policy denies',
  options: [
    ...AWS_OPTIONS,
    { flags: '--write', description: 'store the list' },
    { flags: '--file <path>', description: 'file to store the list in', fallback: 'cdk.context.json' },
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 regions', 'the Regions, and what would change in the file'],
    ['imdsv2 regions --write', 'store them; then cdk deploy --all, with "regions": "all" in cdk.json'],
    ['imdsv2 regions --write --region eu-west-1', 'with another home Region'],
  ],
  run: async (_, options, io) => {
    const { file, region } = options;
    const context = readContext(file);
    const stored = regionsIn(context);
    const aws = new Aws(options, io);
    const { visible: enabled, notVisible, problem } = await visibleIn(await aws.enabledRegions(), aws, io);
    if (problem !== undefined) io.note(`Which Regions a policy denies is ${NOT_VISIBLE}: ${problem}`);
    for (const [name, problem] of notVisible) io.note(`left out: ${name} is ${NOT_VISIBLE}: ${problem}`);
    const home = region ?? stored[0] ?? (await aws.home());
    if (!enabled.includes(home)) {
      throw new UsageError(
        `home Region ${home} is not enabled in the account, or ${NOT_VISIBLE}; accepted: --region with ${enabled.join(', ')}`,
      );
    }
    const all = [home, ...enabled.filter((name) => name !== home)];
    if (options.write) writeRegions(file, context, all);
    const added = all.filter((name) => !stored.includes(name));
    const removed = stored.filter((name) => !all.includes(name));
    if (options.json)
      io.verbatim(JSON.stringify({ home, regions: all, added, removed, notVisible: [...notVisible.keys()] }));
    else for (const name of all) io.out(name === home ? `${name} (home)` : name);
    if (stored.length > 0) {
      for (const name of added) io.note(`not in ${file}: ${name}`);
      for (const name of removed) io.note(`no longer in the list: ${name}; its stack remains until you destroy it`);
    }
    io.note(options.write ? `Wrote ${file}` : `Nothing was written; --write stores the list in ${file}`);
    return 0;
  },
};

/**
 * The Regions that this caller may read. A deployment to another one would fail.
 *
 * If none may be read, the caller rather lacks the permission than access to the Regions.
 */
async function visibleIn(regions: readonly string[], aws: Aws, io: Io) {
  io.progress(`reading ${plural(regions.length, 'Region')}`);
  const read = (region: string) =>
    attempt(() => withRetries(() => aws.fleet.page(region, [], undefined), aws.time(region)));
  const pages = await pMap(regions, read, { concurrency: REGIONS_AT_ONCE });
  io.progress('');
  const denied = regions.flatMap((region, index) => {
    const page = pages[index];
    return isDenied(page) ? [[region, explainError(page)] as const] : [];
  });
  const isUnknown = denied.length === regions.length;
  const notVisible = new Map(isUnknown ? [] : denied);
  const problem = isUnknown ? denied[0]?.[1] : undefined;
  return { visible: regions.filter((region) => !notVisible.has(region)), notVisible, problem };
}

/** The content of `cdk.context.json`. */
type Context = Readonly<Record<string, unknown>>;

/**
 * Reads the context file; empty if it does not exist.
 *
 * @throws UsageError if it is not a JSON object.
 */
function readContext(path: string): Context {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UsageError(`${JSON.stringify(path)} ${fileProblem(error)}`);
  }
  const context = parseJson(text);
  return isObject(context) ? context : refuse(path, 'a JSON object', 'the cdk.context.json of a CDK app, or no file');
}

/** The valid Regions in a context, the home Region first. */
function regionsIn(context: Context): readonly string[] {
  const stored = context[REGIONS_CONTEXT];
  const names: readonly unknown[] = Array.isArray(stored) ? stored : [];
  return names.filter((name): name is string => typeof name === 'string' && REGION.test(name));
}

/** Stores the Regions and keeps the other entries of the file. */
function writeRegions(path: string, context: Context, regions: readonly string[]): void {
  try {
    writeFileSync(path, `${JSON.stringify({ ...context, [REGIONS_CONTEXT]: regions }, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(`${JSON.stringify(path)} cannot be written: ${(error as Error).message}`);
  }
}
