import { type Command, type OptionSpec, refuse, UsageError } from '../common/command.ts';
import { JSON_OPTION, repeatable } from '../common/options.ts';
import { GUARD_RAILS, type GuardRail, type GuardRailChoice, textOf } from './guard-rails.ts';

interface PolicyOptions {
  readonly list?: true;
  readonly breakGlassRole?: readonly string[];
  readonly partition?: string;
  readonly json?: true;
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: path and name.
const ROLE = /^arn:(aws(?:-[a-z]+)*):iam::(\d{12}|\*):role\/(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/;

const ROLE_ARNS = 'ARNs such as arn:aws:iam::111122223333:role/BreakGlass, with * for every account';

const BREAK_GLASS_OPTION: OptionSpec = {
  flags: '--break-glass-role <arn>',
  description: 'role that the policy does not apply to; may be repeated',
  read: repeatable((text) => (ROLE.test(text) ? [text] : refuse(text, 'the ARN of a role', ROLE_ARNS))),
};

const PARTITION_OPTION: OptionSpec = {
  flags: '--partition <name>',
  description: 'aws, aws-us-gov, aws-cn, … (default: partition of the role, or aws)',
  read: (text) => (/^aws(-[a-z]+)*$/.test(text) ? text : refuse(text, 'a partition', 'aws, aws-us-gov, aws-cn, …')),
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
    const named = names.map(find);
    const chosen = named.length > 0 ? named : GUARD_RAILS;
    if (options.json) {
      const documents = chosen.map((rail) => ({ ...rail, document: JSON.parse(textOf(rail, choice)) as unknown }));
      io.verbatim(JSON.stringify(documents, null, 2));
    } else if (options.list || named.length === 0) {
      for (const { name, kind, does, doesNotCover } of chosen) {
        io.out(`${io.style('bold', name)} (${kind})`);
        io.out(`  ${does}`);
        io.out(`  Does not cover: ${doesNotCover}`);
      }
    } else {
      if (named.length > 1) throw new UsageError('several names need --json; accepted: one name');
      for (const rail of named) {
        io.verbatim(textOf(rail, choice));
        io.note(`${rail.name} (${rail.kind}): ${rail.does}`);
        io.note(`Does not cover: ${rail.doesNotCover}`);
      }
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
