import { type Command, commandsIn } from '../../tools/docs/commands.ts';
import { NOT_RUN, reasonNotToRun, unusedEntries } from '../../tools/docs/not-run.ts';
import { PLACEHOLDERS, substitute, type Values } from '../../tools/docs/placeholders.ts';
import { needing } from '../../tools/docs/programs.ts';

const sh = (...lines: string[]): string => ['```sh', ...lines, '```'].join('\n');
const textsIn = (markdown: string): string[] => commandsIn('page.md', markdown).map(({ text }) => text);
const command = (text: string): Command => ({ page: 'page.md', line: 1, text });

describe('commandsIn', () => {
  it('takes every line of an sh block, without comments and blank lines', () => {
    const markdown = ['Text', sh('# comment', 'A=1', '', 'aws sts get-caller-identity'), 'Text'].join('\n');
    expect(commandsIn('page.md', markdown)).toEqual([
      { page: 'page.md', line: 4, text: 'A=1' },
      { page: 'page.md', line: 6, text: 'aws sts get-caller-identity' },
    ]);
  });

  it('joins lines that continue, loops and functions', () => {
    const loop = ['for a in 1 2; do', '  for b in 3 4; do', '    aws "$a" "$b"', '  done', 'done'];
    const definition = ['name() {', '  # comment', '  aws sqs list-queues \\', '    --output text', '}'];
    const subshell = ['name() (', '  wait', ')'];
    const continued = ['aws ec2 describe-instances \\', '  --output text | grep i-'];
    expect(textsIn(sh(...loop, ...definition, ...subshell, ...continued, 'next'))).toEqual([
      loop.join('\n'),
      definition.join('\n'),
      subshell.join('\n'),
      continued.join('\n'),
      'next',
    ]);
  });

  it('finds commands in indented blocks, and in blocks that are not marked as sh', () => {
    expect(textsIn('Text\n\n    imdsv2 audit --json\n    output of it\n\nText')).toEqual(['imdsv2 audit --json']);
    expect(textsIn('```text\nnpm run imdsv2 -- audit\n  aws is indented here\n```')).toEqual([
      'npm run imdsv2 -- audit',
    ]);
    expect(textsIn('aws in a sentence is no command')).toEqual([]);
  });

  it('refuses a command without an end', () => {
    expect(() => commandsIn('page.md', sh('aws sqs \\'))).toThrow('page.md:2: the command has no end');
  });
});

describe('NOT_RUN', () => {
  it('has a reason for each entry', () => {
    for (const { because } of NOT_RUN) expect(because).toMatch(/\w+ \w+/);
  });

  it('applies to commands that contain an entry', () => {
    const list = [{ containing: 'cdk deploy', because: 'it deploys' }];
    expect(reasonNotToRun(command('npx cdk deploy --all'), list)).toBe('it deploys');
    expect(reasonNotToRun(command('npx cdk synth'), list)).toBeUndefined();
    expect(unusedEntries([command('npx cdk deploy; aws kms x')], list, ['kms x'])).toEqual([]);
    expect(unusedEntries([command('npx cdk synth')], list, ['kms x'])).toEqual(['cdk deploy', 'aws kms x']);
  });
});

describe('substitute', () => {
  const values = Object.fromEntries(Object.keys(PLACEHOLDERS).map((name) => [name, `<${name}>`])) as Values;

  it('replaces whole placeholders only', () => {
    expect(substitute('imdsv2 explain i-0123456789abcdef0 --json', values)).toBe(
      'imdsv2 explain <i-0123456789abcdef0> --json',
    );
    expect(substitute('--token TOKEN --x MYTOKEN', values)).toBe('--token <TOKEN> --x MYTOKEN');
  });
});

describe('needing', () => {
  it('finds commands that call a missing program, directly or through what it defines', () => {
    const commands = [
      'REGION=eu-west-1',
      'output() {\n  aws cloudformation describe-stacks\n}',
      'url=$(output QueueUrl)',
      'echo "$url"',
      'imdsv2 audit --json | jq .',
      'imdsv2 audit --region "$REGION"',
    ].map(command);
    const indexes = (programs: string[]) => [...needing(programs, commands)].map((found) => commands.indexOf(found));
    expect(indexes([])).toEqual([]);
    expect(indexes(['aws'])).toEqual([1, 2, 3]);
    expect(indexes(['jq'])).toEqual([4]);
  });
});
