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
  description: 'role that the policy does not apply to; may be repeated',
  read: (text, before) => {
    if (ROLE.test(text)) return [...((before as readonly string[] | undefined) ?? []), text];
    throw new UsageError(
      `${JSON.stringify(text)} is not the ARN of a role; accepted: ARNs such as arn:aws:iam::111122223333:role/BreakGlass, with * for every account`,
    );
  },
};

const PARTITION_OPTION: OptionSpec = {
  flags: '--partition <name>',
  description: 'aws, aws-us-gov, aws-cn, … (default: partition of the role, or aws)',
  read: (text) => {
    if (/^aws(-[a-z]+)*$/.test(text)) return text;
    throw new UsageError(`${JSON.stringify(text)} is not a partition; accepted: aws, aws-us-gov, aws-cn, …`);
  },
};

export const policy: Command<PolicyOptions> = {
  name: 'policy',
  summary: 'Print policies that prevent IMDSv1, as JSON',
  details:
    'Prints service control policies, an IAM policy and declarative policies: the document to standard output, what it does and does not cover to standard error. Attaches nothing; review the policy, and attach it to one account first. Without a name, lists the policies.',
  args: [{ name: '[names...]', description: GUARD_RAILS.map(({ name }) => name).join(', ') }],
  options: [
    { flags: '--list', description: 'list the policies' },
    BREAK_GLASS_OPTION,
    PARTITION_OPTION,
    { ...JSON_OPTION, description: 'print JSON with name, kind, coverage and document; all policies if none is named' },
  ],
  examples: [
    ['imdsv2 policy', 'list the policies'],
    ['imdsv2 policy require-imdsv2 > scp.json', 'one policy, to attach'],
    ['imdsv2 policy require-imdsv2 --break-glass-role "arn:aws:iam::*:role/Admin"', 'with an exception'],
    ['imdsv2 policy --json', 'all policies, for a pipeline'],
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
      if (another !== undefined) throw new UsageError('several names need --json; accepted: one name');
      if (rail !== undefined) print(rail, choice, io);
    }
    return Promise.resolve(0);
  },
};

function choiceOf({ breakGlassRole: breakGlassRoles = [], partition }: PolicyOptions): GuardRailChoice {
  const partitions = [...new Set(breakGlassRoles.map((arn) => arn.split(':')[1] ?? ''))];
  const chosen = partition ?? partitions[0] ?? 'aws';
  const other = partitions.find((name) => name !== chosen);
  if (other !== undefined) throw new UsageError(`a role of partition ${other} has no effect in partition ${chosen}`);
  return { partition: chosen, breakGlassRoles };
}

function find(name: string): GuardRail {
  const found = GUARD_RAILS.find((rail) => rail.name === name);
  if (found !== undefined) return found;
  const accepted = GUARD_RAILS.map((rail) => rail.name).join(', ');
  throw new UsageError(`unknown policy ${JSON.stringify(name)}; accepted: ${accepted}`);
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
