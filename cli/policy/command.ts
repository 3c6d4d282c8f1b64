import { type Command, type OptionSpec, UsageError } from '../shared/command.ts';
import { JSON_OPTION } from '../shared/options.ts';
import { GUARD_RAILS, type GuardRail, type GuardRailChoice, textOf } from './guard-rails.ts';
import type { Io } from '../shared/io.ts';

interface PolicyOptions {
  readonly list?: true;
  readonly breakGlassRole?: readonly string[];
  readonly partition?: string;
  readonly json?: true;
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: path and name.
const ROLE = /^arn:(aws(?:-[a-z]+)*):iam::(\d{12}|\*):role\/(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/;

const BREAK_GLASS_OPTION: OptionSpec = {
  flags: '--break-glass-role <arn>',
  description: 'a role that may do it all the same; may be repeated',
  read: (text, before) => {
    if (ROLE.test(text)) return [...((before as readonly string[] | undefined) ?? []), text];
    throw new UsageError(
      `${JSON.stringify(text)} is not the ARN of a role; accepted: such as arn:aws:iam::111122223333:role/BreakGlass, with * for the role of that name in every account`,
    );
  },
};

const PARTITION_OPTION: OptionSpec = {
  flags: '--partition <name>',
  description: 'aws, aws-us-gov, aws-cn, …; default: that of the role, or aws',
  read: (text) => {
    if (/^aws(-[a-z]+)*$/.test(text)) return text;
    throw new UsageError(`${JSON.stringify(text)} is not a partition; accepted: aws, aws-us-gov, aws-cn, …`);
  },
};

/** Guard rails, to be reviewed and attached by those who run the organization. */
export const policy: Command<PolicyOptions> = {
  name: 'policy',
  summary: 'prints guard rails that prevent IMDSv1, as JSON',
  details:
    'The document goes to standard output, what it does and does not cover to standard error. Nothing is attached: review it, and try it on one account first. Without a name it lists them.',
  args: [{ name: '[names...]', description: GUARD_RAILS.map(({ name }) => name).join(', ') }],
  options: [
    { flags: '--list', description: 'what there is' },
    BREAK_GLASS_OPTION,
    PARTITION_OPTION,
    { ...JSON_OPTION, description: 'with name, kind and what it does not cover; all of them if none is named' },
  ],
  examples: [
    ['imdsv2 policy', 'what there is, and what each does not cover'],
    ['imdsv2 policy require-imdsv2 > scp.json', 'one of them, to be attached'],
    ['imdsv2 policy require-imdsv2 --break-glass-role "arn:aws:iam::*:role/Admin"', 'with one way out'],
    ['imdsv2 policy --json', 'everything, for a pipeline'],
  ],
  run: (names, options, io) => {
    const choice = choiceOf(options);
    const chosen = names.map(find);
    if (options.json) {
      const all = chosen.length > 0 ? chosen : GUARD_RAILS;
      io.out(
        JSON.stringify(
          all.map((rail) => toJson(rail, choice)),
          null,
          2,
        ),
      );
    } else if (options.list || chosen.length === 0) {
      for (const rail of chosen.length > 0 ? chosen : GUARD_RAILS) list(rail, io);
    } else {
      const [rail, another] = chosen;
      if (another !== undefined) throw new UsageError('one name at a time, or --json for several in one document');
      if (rail !== undefined) print(rail, choice, io);
    }
    return Promise.resolve(0);
  },
};

function choiceOf({ breakGlassRole: breakGlassRoles = [], partition }: PolicyOptions): GuardRailChoice {
  const partitions = [...new Set(breakGlassRoles.map((arn) => arn.split(':')[1] ?? ''))];
  const chosen = partition ?? partitions[0] ?? 'aws';
  const other = partitions.find((name) => name !== chosen);
  if (other !== undefined) throw new UsageError(`a role of partition ${other} does nothing in partition ${chosen}`);
  return { partition: chosen, breakGlassRoles };
}

function find(name: string): GuardRail {
  const found = GUARD_RAILS.find((rail) => rail.name === name);
  if (found !== undefined) return found;
  const accepted = GUARD_RAILS.map((rail) => rail.name).join(', ');
  throw new UsageError(`there is no guard rail ${JSON.stringify(name)}; accepted: ${accepted}`);
}

function list({ name, kind, does, doesNotCover }: GuardRail, io: Io): void {
  io.out(`${io.style('bold', name)} (${kind})`);
  io.out(`  ${does}`);
  io.out(`  Does not cover: ${doesNotCover}`);
}

function print(rail: GuardRail, choice: GuardRailChoice, io: Io): void {
  io.out(textOf(rail, choice));
  io.note(`${rail.name} (${rail.kind}): ${rail.does}`);
  io.note(`Does not cover: ${rail.doesNotCover}`);
}

function toJson(rail: GuardRail, choice: GuardRailChoice): object {
  const { name, kind, does, doesNotCover } = rail;
  return { name, kind, does, doesNotCover, document: JSON.parse(textOf(rail, choice)) as unknown };
}
