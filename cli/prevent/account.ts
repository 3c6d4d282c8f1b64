import { readDefaults } from '../../lambda/adapters/ec2-defaults.ts';
import { ec2DefaultsWriter } from '../../lambda/adapters/ec2-template-changes.ts';
import type { DefaultsChange } from '../../lambda/app/ports/index.ts';
import { attempt, withRetries } from '../../lambda/app/retry.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { AccountDefaults } from '../../lambda/core/rollback.ts';
import { clean } from '../../lambda/core/text.ts';
import { plural } from '../../lambda/core/words/format.ts';
import type { Aws, AwsOptions } from '../common/aws.ts';
import type { ExitCode } from '../common/command.ts';
import { adviceOn, DENIED_ADVICE, explainError } from '../common/errors.ts';
import { type Io, toNotes } from '../common/io.ts';
import { confirmed } from '../common/options.ts';
import { printTable } from '../common/table.ts';
import { textOf, GUARD_RAILS } from '../policy/guard-rails.ts';
import { regionOf } from '../readiness/document.ts';
import { type ReadRegions, type RegionReadiness, readAll } from '../readiness/read.ts';
import { unseenNote } from '../readiness/show.ts';

/** Options of the commands that change the account defaults. */
export interface AccountOptions extends AwsOptions {
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** A setting of the account, per Region, that a command switches on. */
export interface Setting {
  readonly schema: string;
  /** As EC2 names it. */
  readonly name: 'HttpTokens' | 'HttpTokensEnforced';
  readonly change: DefaultsChange;
  /** The option of the AWS CLI, for the undo. */
  readonly option: string;
  /** The policy in `imdsv2 policy` that sets it for an organization. */
  readonly policy: string;
  /** Why a Region is left out; `undefined` if it is not. */
  readonly refusal: (region: RegionReadiness) => string | undefined;
  /** Prints what the change does to a Region. */
  readonly showEffect: (region: RegionReadiness, io: Io) => void;
  /** What the change does not cover. */
  readonly doesNotCover: string;
}

/** A Region that was changed, or could not be. */
interface Changed {
  readonly region: string;
  readonly undo: string;
  readonly failure?: string;
}

/** Switches a setting on in Regions: plan, question, change, undo lines. */
export async function switchOn(
  setting: Setting,
  { read, problems }: ReadRegions,
  account: string | undefined,
  options: AccountOptions,
  aws: Aws,
  io: Io,
): Promise<ExitCode> {
  const text = options.json ? toNotes(io) : io;
  const states = read
    .filter(({ inventory }) => inventory.defaults !== undefined)
    .map((region) => ({ ...region, ...stateOf(setting, region) }));
  const unread = new Map(problems);
  for (const { region, inventory, readiness } of read) {
    const missing = readiness.unseen.find(({ what }) => what === 'account defaults');
    if (inventory.defaults !== undefined || missing === undefined) continue;
    unread.set(region, missing.problem);
    io.note(`${region}: ${unseenNote(missing)}${DENIED_ADVICE}`);
  }
  const toChange = states.filter(({ state }) => state === 'change');
  const leftOut = states.filter(({ state }) => state === 'left-out');
  const changed: Changed[] = [];
  const end = (exitCode: ExitCode): ExitCode => {
    if (options.json) {
      const plan = states.map(({ region, state, why }) => ({ region, state, why }));
      const { schema } = setting;
      const unreadRegions = Object.fromEntries(unread);
      io.verbatim(
        JSON.stringify({ schema, account, unreadRegions, plan, result: changed, regions: read.map(regionOf) }),
      );
    }
    return exitCode;
  };
  showPlan(setting, states, text);
  const failed = unread.size > 0;
  if (toChange.length === 0) {
    text.out('Nothing to change.');
    return end(failed ? 1 : leftOut.length > 0 ? 2 : 0);
  }
  if (options.dryRun) {
    text.out('Dry run: nothing was changed.');
    return end(failed ? 1 : 2);
  }
  const question = `Set ${valueOf(setting)} in ${plural(toChange.length, 'Region')}?`;
  if (!(await confirmed(question, options, io))) return end(1);
  for (const one of toChange) {
    if (io.interrupted.aborted) break;
    changed.push(await change(setting, one, options, aws, text));
  }
  const complete = changed.length === toChange.length && changed.every(({ failure }) => failure === undefined);
  if (!complete) text.out('Run the same command again to continue.');
  return end(failed || !complete ? 1 : leftOut.length > 0 ? 2 : 0);
}

const valueOf = ({ name, change }: Setting): string => `${name}=${change[name] ?? ''}`;

function stateOf(setting: Setting, region: RegionReadiness) {
  const { defaults = {} } = region.inventory;
  if (defaults[setting.name] === setting.change[setting.name])
    return { state: 'unchanged', why: 'set already' } as const;
  if (defaults.ManagedBy === 'declarative-policy') return { state: 'left-out', why: managedBy(defaults) } as const;
  const why = setting.refusal(region);
  return why === undefined ? ({ state: 'change', why: '' } as const) : ({ state: 'left-out', why } as const);
}

const managedBy = ({ ManagedExceptionMessage: message = '' }: AccountDefaults): string =>
  `a declarative policy of the organization manages it${message === '' ? '' : `: ${clean(message)}`}`;

type State = RegionReadiness & ReturnType<typeof stateOf>;

function showPlan(setting: Setting, states: readonly State[], io: Io): void {
  const LABELS = { change: 'will be set', 'left-out': 'left out', unchanged: 'unchanged' };
  const rows = states.map(({ region, state, why, inventory }) => [
    region,
    inventory.defaults?.[setting.name] ?? 'no preference',
    why === '' ? LABELS[state] : `${LABELS[state]}: ${why}`,
  ]);
  if (rows.length > 0) printTable(io, ['region', `${setting.name} now`, valueOf(setting)], rows);
  for (const one of states) if (one.state === 'change') setting.showEffect(one, io);
  if (states.some(({ state }) => state === 'change')) {
    io.out('');
    io.out(`Does not cover: ${setting.doesNotCover}`);
  }
  const isManaged = ({ inventory: { defaults } }: State) => defaults?.ManagedBy === 'declarative-policy';
  const rail = GUARD_RAILS.find(({ name }) => name === setting.policy);
  if (rail === undefined || !states.some((one) => one.state === 'left-out' && isManaged(one))) return;
  io.out('');
  io.out(`Set it in the policy of the organization, which imdsv2 policy ${setting.policy} prints as well:`);
  io.verbatim(textOf(rail, { partition: 'aws', breakGlassRoles: [] }));
}

async function change(
  setting: Setting,
  { region, inventory: { defaults } }: RegionReadiness,
  { profile }: AccountOptions,
  aws: Aws,
  io: Io,
): Promise<Changed> {
  const before = defaults?.[setting.name] ?? 'no-preference';
  const undo = `aws ec2 modify-instance-metadata-defaults --region ${region} ${setting.option} ${before}${profile === undefined ? '' : ` --profile ${profile}`}`;
  const time = aws.time(region);
  const done = await attempt(async () => {
    await withRetries(() => ec2DefaultsWriter(aws.ec2).modify(region, setting.change), time);
    return withRetries(() => readDefaults(aws.ec2(region)), time);
  });
  const isSet = !(done instanceof FailureError) && done[setting.name] === setting.change[setting.name];
  if (isSet) {
    io.out(`${region}: ${valueOf(setting)}`);
    io.out(`  Undo: ${undo}`);
    return { region, undo };
  }
  const failure =
    done instanceof FailureError
      ? explainError(done) + adviceOn(done)
      : 'EC2 accepted the change, and does not return it yet';
  io.out(`${region} failed: ${failure}`);
  return { region, undo, failure };
}

/** Reads the Regions of a command. */
export const readFor = async (aws: Aws, io: Io): Promise<ReadRegions> => readAll(await aws.regions(), aws, io);
