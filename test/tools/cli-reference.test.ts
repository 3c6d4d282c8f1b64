import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../cli/commands.ts';
import type { AnyCommand } from '../../cli/common/command.ts';
import { withReference } from '../../tools/docs/cli-reference.ts';

const MARKS = ['<!-- written by npm run docs:cli -->', '<!-- end of the reference -->'];

describe('docs/cli.md', () => {
  it('has the reference of the commands (npm run docs:cli)', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
    expect(page).toBe(withReference(page, commands));
  });
});

it('writes arguments, options with defaults, permissions and examples', () => {
  const grant: AnyCommand = {
    name: 'grant',
    summary: 'Grant something',
    args: [{ name: '<id>', description: 'what' }],
    options: [
      { flags: '--days <n>', description: 'how long', fallback: 3 },
      { flags: '--json', description: 'print JSON' },
    ],
    permissions: 'ec2:CreateTags; ec2:DescribeRegions for --all',
    examples: [['imdsv2 exempt grant x', 'an example']],
    run: () => Promise.resolve(0),
  };
  const group: AnyCommand = { name: 'exempt', summary: 'Manage things', examples: [], subcommands: [grant] };

  expect(withReference(`before\n\n${MARKS.join('\n')}\n\nafter`, [group])).toBe(`before

${MARKS[0]}

### imdsv2 exempt

Manage things.

#### imdsv2 exempt grant

Grant something.

Usage: \`imdsv2 exempt grant <id> [options]\`

- \`<id>\`: what
- \`--days <n>\`: how long (default: 3)
- \`--json\`: print JSON

Needs \`ec2:CreateTags\`; \`ec2:DescribeRegions\` for --all.

\`\`\`sh
# an example
imdsv2 exempt grant x
\`\`\`

${MARKS[1]}

after`);
});

it('refuses a page without the marks', () => {
  expect(() => withReference('# Page', [])).toThrow('lacks the marks <!-- written by npm run docs:cli -->');
});
