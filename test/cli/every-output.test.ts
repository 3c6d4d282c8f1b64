import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '../../cli/commands.ts';
import type { AnyCommand } from '../../cli/common/command.ts';
import { TAG } from '../../lambda/contract.ts';
import { DAY_MS, dayAfter } from '../../sandbox/calendar.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { NOW } from '../support/builders.ts';
import { enterAws, leaveAws, old } from '../support/cli.ts';
import { createTagsEvent, driftEvent, failedLaunchEvent, launchEvent, runningEvent } from '../support/events.ts';
import { unique } from '../support/replay.ts';
import { expectToFit, linesOn, type Screen, SCREENS, UNLIMITED } from '../support/screens.ts';

/**
 * Everything that a command prints, at every width: no line is wider than the terminal, and no word is broken.
 *
 * Three things may be wider, because a break would spoil them: a word that alone is wider than the terminal, a command to
 * copy, and a document (JSON).
 */

/** What commands are run on. */
interface Account {
  /** Instances with IMDSv1 in use, with IMDSv1 unused, and with IMDSv2. */
  readonly inUse: string;
  readonly unused: string;
  readonly compliant: string;
  readonly exempt: string;
  /** A file with recorded events. */
  readonly events: string;
  readonly folder: string;
}

/** How the lines below are named. */
const PLACEHOLDERS: Account = {
  inUse: 'IN-USE',
  unused: 'UNUSED',
  compliant: 'COMPLIANT',
  exempt: 'EXEMPT',
  events: 'EVENTS',
  folder: 'FOLDER',
};

const BOTH = ['--regions', 'us-east-1,eu-west-1'];
const GRANT = ['--for', '14d', '--reason', 'the agent of a supplier, which cannot get a token before its next release'];

/** Each command line whose output is checked, beside `--help` of every command. */
const LINES: readonly ((account: Account) => readonly string[])[] = [
  () => ['audit', '--regions', 'all', '--usage', '--callers'],
  () => ['audit', '--regions', 'us-east-1,ap-south-1', '--filter', 'Name=tag:Name,Values=web,checkout,payment,search'],
  () => ['enforce', ...BOTH, '--dry-run'],
  () => ['enforce', ...BOTH, '--yes'],
  ({ inUse }) => ['enforce', '--instance-ids', inUse, '--include-in-use', '--hop-limit-at-least', '2', '--yes'],
  ({ inUse }) => ['explain', inUse],
  ({ compliant }) => ['explain', compliant],
  ({ exempt }) => ['explain', exempt, '--regions', 'all'],
  () => ['explain', 'i-0123456789abcdef0', ...BOTH],
  ({ inUse, unused }) => ['callers', inUse, unused],
  () => ['doctor', '--no-ping'],
  () => ['regions', '--file', 'no-such-directory/cdk.context.json'],
  () => ['exempt', 'list', '--regions', 'all'],
  () => ['exempt'],
  ({ unused, compliant }) => ['exempt', 'grant', unused, compliant, ...GRANT],
  ({ exempt }) => ['exempt', 'revoke', exempt],
  ({ compliant }) => ['rollback', compliant, ...GRANT, '--yes'],
  ({ events }) => ['replay', events, '--all'],
  ({ folder }) => ['replay', folder, join(folder, 'empty.json')],
  () => ['readiness', '--regions', 'us-east-1,eu-west-1'],
  () => ['prevent', 'templates', '--dry-run'],
  () => ['prevent', 'defaults', '--dry-run'],
  () => ['prevent', 'enforcement', '--dry-run', '--even-if-not-ready'],
  () => ['policy'],
  () => ['policy', 'require-imdsv2'],
  () => ['test-alert'],
  () => ['audit', '--region-names', 'all'],
  () => ['audti'],
];

/** `--help` of a command and of those in it. */
const helpOf = ({ name, ...command }: AnyCommand, parent: readonly string[] = []): (readonly string[])[] => [
  [...parent, name, '--help'],
  ...('subcommands' in command ? command.subcommands.flatMap((one) => helpOf(one, [...parent, name])) : []),
];

const HELP = [['--help'], ...commands.flatMap((command) => helpOf(command))];

const folder = mkdtempSync(join(tmpdir(), 'every-output-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(stopAll);
afterAll(leaveAws);

const OUTPUTS = { Mode: 'enforce', Existing: 'audit', Trail: 'existing', AlertSummaryMinutes: '15' };
const TOPIC = 'arn:aws:sns:us-east-1:111122223333:Imdsv2Enforcer-EnforcerTopicsOutcomes1234ABCD-AbCdEfGhIjKl';

/** A local AWS that is the same each time. */
async function accountOf(): Promise<Account> {
  const outputs = { ...OUTPUTS, OutcomesTopicArn: TOPIC, OperationsTopicArn: TOPIC };
  const Outputs = Object.fromEntries(Object.entries(outputs).map(([name, Value]) => [name, { Value }]));
  const sandbox = await sandboxOf({
    startAt: NOW,
    timeScale: 1,
    regions: ['us-east-1', 'eu-west-1', 'ap-southeast-2'],
    fleet: 90,
    stacks: [{ template: { Outputs }, name: 'Imdsv2Enforcer' }],
  });
  enterAws(sandbox);
  const add = (over: object, callsPerDay: number) => {
    const { id } = sandbox.fleet().add(old(over));
    sandbox.usage.set(id, { callsPerDay });
    return id;
  };
  const until = dayAfter(NOW.getTime(), 30);
  const inUse = add({ tags: { Name: 'checkout', 'aws:autoscaling:groupName': 'checkout-production-workers' } }, 290);
  const at = new Date(NOW.getTime() - DAY_MS);
  for (const userAgent of ['Boto3/1.9.86 Python/2.7.16 Linux/4.14 Botocore/1.12.92', 'aws-sdk-go-v2/1.30.3', 'curl/8'])
    sandbox.software.add(inUse, { userAgent, service: 's3', action: 'ListBuckets', sourceIp: '198.51.100.7', at });
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  file('empty.json', '');
  file('letter.json', '{"a":1}');
  const recorded = [launchEvent(), driftEvent(), failedLaunchEvent(), createTagsEvent(), runningEvent()];
  return {
    inUse,
    unused: add({}, 0),
    compliant: add({ options: { HttpTokens: 'required' } }, 12),
    exempt: add({ tags: { [TAG.exemptUntil]: until, [TAG.exemptReason]: GRANT.at(-1) } }, 0),
    events: file('events.json', JSON.stringify(recorded.map(unique))),
    folder,
  };
}

/** Runs a line on an account of its own, or `--help` without one. */
async function run(line: (typeof LINES)[number] | readonly string[], screen: Screen): Promise<readonly string[]> {
  if (typeof line !== 'function') return linesOn(screen, line);
  const lines = await linesOn(screen, line(await accountOf()));
  await stopAll();
  return lines;
}

const unlimited = new Map<string, readonly string[]>();
const CHECKED = [
  ...LINES.map((line) => [line(PLACEHOLDERS).join(' '), line] as const),
  ...HELP.map((line) => [line.join(' '), line] as const),
];

describe.each(SCREENS)('%s', (_, screen, width) => {
  const isStyled = screen.isTTY !== false && screen.env?.['NO_COLOR'] === undefined;

  test.each(CHECKED)('imdsv2 %s', async (name, line) => {
    const lines = await run(line, screen);
    expect(lines.join('').length).toBeGreaterThan(0);
    const expected = unlimited.get(name) ?? (await run(line, UNLIMITED));
    unlimited.set(name, expected);
    expectToFit(lines, expected, width);
    if (!isStyled) expect(lines.filter((each) => each.includes('\u001B'))).toEqual([]);
  });
});
