import { ec2Fleet } from '../../lambda/adapters/ec2-instances.ts';
import { attempt } from '../../lambda/app/retry.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { readRegions } from '../audit/read.ts';
import { Aws, AWS_OPTIONS, type AwsOptions, REGIONS_OPTION } from '../shared/aws.ts';
import { type Command, type ExitCode, UsageError } from '../shared/command.ts';
import { confirmed } from '../shared/confirm.ts';
import { explainError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';
import {
  FILTER_OPTION,
  MAX_EXEMPTION_OPTION,
  instanceIdsOf,
  JSON_OPTION,
  wholeNumberOf,
  YES_OPTION,
} from '../shared/options.ts';
import { closeAll, type ApplyOptions } from './apply.ts';
import { documentOf, type Run } from './document.ts';
import { only, type Selection, type SelectionOptions, selectionOf } from './selection.ts';
import { showResult, showNumbers, showPlan } from './show.ts';
import { Survey } from './plan.ts';
import { instances, some } from './words.ts';

interface EnforceOptions extends AwsOptions, SelectionOptions, ApplyOptions {
  readonly yes?: true;
  readonly json?: true;
}

/** How many ids an error names. */
const NAMED = 10;

/** The decision of the function, and then the change, on instances that somebody chooses. */
export const enforce: Command<EnforceOptions> = {
  name: 'enforce',
  summary: 'closes IMDSv1 on existing instances, at a pace',
  details: `Decides as the function does and requires tokens where IMDSv1 is reachable. What is exempt, operated by an AWS service or has IMDS switched off is left alone. It shows the plan and asks before it changes anything.

The limit of EC2 for this change (100, then 5 a second) is shared with everything else in the account, so it keeps to a rate. Ctrl-C finishes the calls in flight and says what was done; the same command again goes on with the rest.

Exit code 0: everything was done. 1: something failed or was not done.`,
  options: [
    ...AWS_OPTIONS,
    REGIONS_OPTION,
    {
      flags: '--instance-ids <ids>',
      description: 'only these, with commas between them; may be repeated',
      read: instanceIdsOf,
    },
    { flags: '--file <path>', description: 'only those of this file: one id a line, comments after #' },
    FILTER_OPTION,
    {
      flags: '--rate <n>',
      description: 'changes per second in each region, 1 to 50',
      read: wholeNumberOf(1, 50),
      fallback: 3,
    },
    {
      flags: '--hop-limit-at-least <n>',
      description: 'raise the hop limit of those it closes to this, 1 to 64, where it is lower; containers need 2',
      read: wholeNumberOf(1, 64),
    },
    MAX_EXEMPTION_OPTION,
    YES_OPTION,
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 enforce --regions eu-west-1,us-east-1', 'the plan for two regions, a question, and then the change'],
    ['imdsv2 enforce --instance-ids i-0a1b2c3d4e5f60718 --yes', 'one instance, without a question'],
    ['imdsv2 enforce --filter Name=tag:team,Values=web --rate 1', 'slowly, those of one team'],
    ['imdsv2 enforce --file ids.txt --hop-limit-at-least 2', 'container hosts, whose containers keep reaching IMDS'],
  ],
  run: async (_, options, io) => {
    const selection = await selectionOf(options);
    const aws = new Aws(options, io);
    const account = await accountOf(aws);
    const regions = await aws.regions();
    const say = (line: string) => (options.json ? io.note(line) : io.out(line));
    const end = (run: Run, exitCode: ExitCode) => {
      if (options.json) io.out(JSON.stringify(documentOf(run)));
      return exitCode;
    };

    const { survey: before, unread } = await read(regions, selection, options, aws, io);
    const run: Run = { account, options, unread, before, throttled: aws.throttled };
    if (unread.size === regions.length) return end(run, 1);
    nameUnseen(before, regions, unread, io);
    const complete = unread.size === 0 && before.unseen.length === 0;
    showPlan(before, options, account, io, say);
    if (before.total === 0) {
      say('Nothing to close.');
      return end(run, complete ? 0 : 1);
    }
    say('');
    if (!(await answered(before, options, io, () => end(run, 1)))) return end(run, 1);

    const closing = await closeAll(before.toRemediate, options, aws, io);
    showResult(closing, aws.throttled, say);
    const reread = await unlessInterrupted(() => read(regions, selection, options, aws, io), io);
    const whole = reread !== undefined && [...reread.unread.keys()].every((region) => unread.has(region));
    const after = whole ? reread.survey : undefined;
    if (after !== undefined) showNumbers(before, after, io, say);
    else io.note(`${reread === undefined ? 'interrupted; the' : 'The'} numbers after the change were not read`);
    const done = closing.failed.length + closing.notDone.length === 0;
    const interrupted = io.interrupted.aborted;
    return end({ ...run, closing, interrupted, throttled: aws.throttled, after }, done && complete ? 0 : 1);
  },
};

async function answered(before: Survey, options: EnforceOptions, io: Io, end: () => void): Promise<boolean> {
  try {
    return await confirmed(`Require tokens on ${instances(before.total)}?`, options, io);
  } catch (error) {
    end();
    throw error;
  }
}

async function unlessInterrupted<T>(work: () => Promise<T>, { interrupted }: Io): Promise<T | undefined> {
  if (interrupted.aborted) return undefined;
  try {
    return await work();
  } catch (error) {
    if (interrupted.aborted) return undefined;
    throw error;
  }
}

/** The account, to be shown; `undefined` where STS cannot be reached. */
async function accountOf(aws: Aws): Promise<string | undefined> {
  const account = await attempt(() => aws.account());
  if (!(account instanceof FailureError)) return account;
  if (account.kind === 'unavailable') return undefined;
  throw account;
}

/** Reads what was chosen. What goes wrong in a region is said, and the others are read. */
async function read(
  regions: readonly string[],
  { ids, filters }: Selection,
  options: EnforceOptions,
  aws: Aws,
  io: Io,
): Promise<{ survey: Survey; unread: ReadonlyMap<string, string> }> {
  const survey = new Survey(regions, options, ids);
  const all = ec2Fleet(aws.ec2);
  const fleet = ids === undefined ? all : only(ids, all);
  const failures = await readRegions(
    {
      regions,
      filters,
      fleet,
      time: (region) => aws.time(region),
      take: (region, snapshots) => snapshots.forEach((snapshot) => survey.add(region, snapshot, io.now())),
    },
    io,
  );
  const unread = new Map([...failures].map(([region, failure]) => [region, explainError(failure)]));
  for (const [region, problem] of unread) io.note(`${region} could not be read: ${problem}`);
  return { survey, unread };
}

/** @throws UsageError if ids are wrong; if some regions could not be read, they may be there, and that is only said. */
function nameUnseen(survey: Survey, regions: readonly string[], unread: ReadonlyMap<string, string>, io: Io): void {
  if (survey.unseen.length === 0) return;
  const readable = regions.filter((region) => !unread.has(region)).join(', ');
  const unknown = `EC2 shows no ${some(survey.unseen, NAMED)} in ${readable}`;
  if (unread.size === 0) throw new UsageError(`${unknown}; nothing was changed`);
  io.note(unknown);
}
