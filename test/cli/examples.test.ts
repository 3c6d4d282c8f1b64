import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyCommand } from '../../cli/shared/command.ts';
import { commands } from '../../cli/commands.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8').split('\n');

/** Every command that does something, under its whole name. */
const flat = (those: readonly AnyCommand[], before = 'imdsv2'): (readonly [string, AnyCommand])[] =>
  those.flatMap((command) => {
    const name = `${before} ${command.name}`;
    return 'subcommands' in command ? flat(command.subcommands, name) : [[name, command] as const];
  });

describe.each(flat(commands))('the examples of %s', (name, { examples, ...command }) => {
  const flags = ('options' in command ? command.options : []).map((option) => option.flags.split(' ')[0]);

  it('are there, and name the command', () => {
    expect(examples.length).toBeGreaterThan(0);
    for (const [line] of examples) expect(line).toMatch(new RegExp(`(^|&& )${name}( |$)`));
  });

  it('use flags that it has', () => {
    const used = examples.flatMap(([line]) => line.match(/ --[a-z-]+/g) ?? []);
    expect(flags).toEqual(expect.arrayContaining(used.map((flag) => flag.trim())));
  });

  it('fit into a terminal of 80 columns', () => {
    expect(examples.filter(([line, does]) => line.length > 78 || does.length > 76)).toEqual([]);
  });

  it('are in docs/cli.md', () => {
    expect(PAGE).toEqual(expect.arrayContaining(examples.map(([line]) => `    ${line}`)));
  });
});
