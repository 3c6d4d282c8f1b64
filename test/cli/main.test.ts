import { version } from '../../package.json';
import { commands } from '../../cli/commands.ts';
import { imdsv2 } from '../support/cli.ts';

it.each(['--version', '-V'])('%s prints the version of the package', async (option) => {
  expect(await imdsv2([option])).toMatchObject({ exitCode: 0, out: [version], notes: [] });
});

it('help lists all commands', async () => {
  const { exitCode, out } = await imdsv2(['help']);

  expect(exitCode).toBe(0);
  for (const { summary } of commands) expect(out.join('\n').replaceAll(/\s+/g, ' ')).toContain(summary);
  expect(out.join('\n')).toMatch(new RegExp(commands.map(({ name }) => `\\n  ${name} .*`).join('(.|\\n)*')));
});

it.each([
  [
    ['help', 'audit'],
    ['audit', '--help'],
  ],
  [
    ['exempt', 'help', 'grant'],
    ['exempt', 'grant', '--help'],
  ],
])('%j prints the same as %j', async (help, option) => {
  const [one, other] = [await imdsv2(help), await imdsv2(option)];

  expect(one.exitCode).toBe(0);
  expect(one.out.join('\n')).toContain('Usage: imdsv2');
  expect(one.out).toEqual(other.out);
});

it('help on an unknown command is an error', async () => {
  expect(await imdsv2(['help', 'audti'])).toMatchObject({ exitCode: 1, out: [] });
});
