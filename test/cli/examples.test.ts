import { commands } from '../../cli/commands.ts';
import type { AnyCommand } from '../../cli/common/command.ts';

/** Commands without groups, each with its full name. */
const withNames = (list: readonly AnyCommand[], parent = 'imdsv2'): (readonly [string, AnyCommand])[] =>
  list.flatMap((command) => {
    const name = `${parent} ${command.name}`;
    return 'subcommands' in command ? withNames(command.subcommands, name) : [[name, command] as const];
  });

describe.each(withNames(commands))('the examples of %s', (name, { examples, ...command }) => {
  const flags = ('options' in command ? command.options : []).map((option) => option.flags.split(' ')[0]);

  it('exist, and run the command', () => {
    expect(examples.length).toBeGreaterThan(0);
    for (const [line] of examples) expect(line).toMatch(new RegExp(`(^|&& )${name}( |$)`));
  });

  it('use existing options', () => {
    const used = examples.flatMap(([line]) => line.match(/ --[a-z-]+/g) ?? []);
    expect(flags).toEqual(expect.arrayContaining(used.map((flag) => flag.trim())));
  });

  it('fit into 80 columns', () => {
    expect(examples.filter(([line, does]) => line.length > 78 || does.length > 76)).toEqual([]);
  });
});
