import { commands } from '../../cli/commands.ts';
import type { AnyCommand } from '../../cli/common/command.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { NOW } from '../support/builders.ts';
import { enterAws, imdsv2, leaveAws, old } from '../support/cli.ts';
import { data, IMAGE, launchSources, reference } from '../support/launch-sources.ts';

const GRANT = ['--for', '14d', '--reason', 'agent X'];

/** A command line of each command with `--json`, on an instance with IMDSv1 enabled. */
const LINES: Readonly<Record<string, (id: string) => readonly string[]>> = {
  audit: () => ['audit', '--usage', '--callers'],
  callers: (id) => ['callers', id],
  doctor: () => ['doctor', '--no-ping'],
  enforce: () => ['enforce', '--yes', '--include-unknown'],
  'exempt grant': (id) => ['exempt', 'grant', id, ...GRANT],
  'exempt list': () => ['exempt', 'list'],
  'exempt revoke': (id) => ['exempt', 'revoke', id],
  explain: (id) => ['explain', id],
  policy: () => ['policy', 'require-imdsv2'],
  'prevent defaults': () => ['prevent', 'defaults', '--yes'],
  'prevent enforcement': () => ['prevent', 'enforcement', '--yes', '--even-if-not-ready'],
  'prevent templates': () => ['prevent', 'templates', '--yes'],
  readiness: () => ['readiness'],
  regions: () => ['regions'],
  replay: () => ['replay', 'cdk.json'],
  rollback: (id) => ['rollback', id, ...GRANT, '--yes'],
  'test-alert': () => ['test-alert', '--yes'],
};

/** The names of the commands that have `--json`. */
const namesOf = (command: AnyCommand, parent = ''): readonly string[] =>
  'subcommands' in command
    ? command.subcommands.flatMap((one) => namesOf(one, `${parent}${command.name} `))
    : command.options.some(({ flags }) => flags === '--json')
      ? [`${parent}${command.name}`]
      : [];

const OUTPUTS = {
  ...{ Mode: 'enforce', Existing: 'audit', Trail: 'existing', AlertSummaryMinutes: '15' },
  OutcomeBusArn: 'arn:aws:events:us-east-1:111122223333:event-bus/default',
  OutcomesTopicArn: 'arn:aws:sns:us-east-1:111122223333:Outcomes',
};

let sandbox: Sandbox;
beforeEach(async () => {
  const Outputs = Object.fromEntries(Object.entries(OUTPUTS).map(([name, Value]) => [name, { Value }]));
  sandbox = await sandboxOf({ startAt: NOW, stacks: [{ template: { Outputs }, name: 'Imdsv2Enforcer' }] });
  sandbox.fleet().addImage(IMAGE, {});
  enterAws(sandbox);
});
afterEach(stopAll);
afterAll(leaveAws);

test('every command with --json has a line', () => {
  expect(commands.flatMap((command) => namesOf(command)).sort()).toEqual(Object.keys(LINES));
});

describe.each([
  ['an account', false],
  ['an account whose defaults the organization manages', true],
])('%s', (_, managed) => {
  test.each(Object.entries(LINES))('%s writes nothing but one document to standard output', async (_, lineOf) => {
    const { id } = sandbox.fleet().add(old());
    const aws = launchSources(sandbox);
    await aws.group('web', reference(await aws.template('web', [data('optional')])));
    aws.ec2.destroy();
    aws.groups.destroy();
    if (managed)
      sandbox.fleet().setDeclarativePolicy({ defaults: { HttpTokens: 'optional' }, exceptionMessage: 'ask' });
    const { out } = await imdsv2([...lineOf(id), '--json']);
    expect(() => JSON.parse(out.join('\n')) as unknown).not.toThrow();
  });
});
