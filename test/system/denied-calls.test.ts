import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../cli/commands.ts';
import type { AnyCommand } from '../../cli/common/command.ts';
import { CALLER, type DeniedCall, denyEachCall } from '../../tools/docs/denied-calls.ts';
import { withDeniedCalls } from '../../tools/docs/denied-calls-table.ts';

jest.setTimeout(180_000);

let rows: readonly DeniedCall[];
beforeAll(async () => {
  rows = await denyEachCall();
});

const textOf = ({ denied }: DeniedCall) => denied.lines.join('\n');
const isDoctor = ({ line }: DeniedCall) => line.startsWith('doctor');
const title = ({ line, action, region = 'every Region' }: DeniedCall) => `${line}, without ${action} in ${region}`;
/** The rows that break a rule, with what was printed. */
const breaking = (rule: (row: DeniedCall) => boolean, among: readonly DeniedCall[] = rows) =>
  among.filter((row) => !rule(row)).map((row) => [title(row), row.denied.exitCode, textOf(row)]);

const actionsIn = (text: string): string[] => text.match(/\b[a-z0-9]+:[A-Z]\w+/g) ?? [];
/** What the help says that a command needs, and what it works without. */
function declared({ permissions = '' }: DeniedCall['command']) {
  const [needed = '', optional = ''] = permissions.split('; optional: ');
  return { needed: actionsIn(needed), optional: actionsIn(optional) };
}
const isNeeded = ({ command, action }: DeniedCall) => declared(command).needed.includes(action);
/** The instance was found in another Region: nothing is missing. */
const isComplete = ({ line, action, region, denied }: DeniedCall) =>
  FINDS.test(line) && action === 'ec2:DescribeInstances' && region !== undefined && denied.exitCode === 0;
/** Commands that look for instances by id. */
const FINDS = /^(explain|rollback|exempt (grant|revoke)) /;

it('denies calls of every command that makes one', () => {
  const names = (list: readonly AnyCommand[]): string[] =>
    list.flatMap((command) => ('subcommands' in command ? names(command.subcommands) : [command.name]));
  const withCalls = names(commands).filter((name) => name !== 'policy' && name !== 'replay');
  expect([...new Set(rows.map(({ command }) => command.name))].toSorted()).toEqual(withCalls.toSorted());
  expect([...new Set(rows.map(({ usual }) => usual.exitCode))]).not.toContain(1);
});

it('each command lists in its help exactly the permissions of the calls that it makes', () => {
  for (const command of new Set(rows.map((row) => row.command))) {
    const called = rows.filter((row) => row.command === command).map(({ action }) => action);
    const listed = Object.values(declared(command)).flat();
    // GetCallerIdentity needs no permission.
    const needed = [...new Set(called)].filter((action) => action !== 'sts:GetCallerIdentity');
    expect([command.name, needed.toSorted()]).toEqual([command.name, listed.toSorted()]);
  }
});

it('a denied call is named with the caller, and prints no stack trace', () => {
  const isNamed = (row: DeniedCall) =>
    textOf(row).toLowerCase().includes(`${CALLER} is not authorized to perform: ${row.action}`.toLowerCase());
  expect(breaking((row) => isNamed(row) || isComplete(row))).toEqual([]);
  expect(breaking((row) => !/^\s+at .*:\d+/m.test(textOf(row)))).toEqual([]);
});

it('without a needed permission, a command fails and says what to do', () => {
  const needed = rows.filter((row) => isNeeded(row) && row.region === undefined && !isDoctor(row));
  const says = /select another profile|accepted for --regions|[0-9]+ instances? failed: /;
  expect(breaking((row) => row.denied.exitCode === 1 && says.test(textOf(row)), needed)).toEqual([]);
});

it('without an optional permission, the exit code does not change, but enforce leaves out what it cannot measure', () => {
  // The home Region is the one to deploy to.
  const isHome = ({ line, region }: DeniedCall) => line === 'regions' && region === 'us-east-1';
  const optional = rows.filter((row) => !isNeeded(row) && !isDoctor(row) && !isHome(row));
  const isLeftOut = (row: DeniedCall) => row.action === 'cloudwatch:GetMetricData' && /left out/.test(textOf(row));
  const rule = (row: DeniedCall) =>
    row.denied.exitCode === (isLeftOut(row) ? 2 : row.usual.exitCode) &&
    /missing permission|not visible/.test(textOf(row));
  expect(breaking(rule, optional)).toEqual([]);
});

it('a Region that may not be read changes the exit code only if it is the one that was asked for', () => {
  const reads = rows.filter(
    ({ action, region, line }) =>
      action === 'ec2:DescribeInstances' && region !== undefined && line.includes('--regions all'),
  );
  expect(reads.length).toBeGreaterThan(8);
  const rule = (row: DeniedCall) => {
    if (isComplete(row)) return true;
    return /not visible from here/.test(textOf(row)) && row.denied.exitCode === expected(row);
  };
  const expected = ({ line, usual }: DeniedCall) => (FINDS.test(line) ? 1 : usual.exitCode);
  expect(breaking(rule, reads)).toEqual([]);
});

it('doctor makes the other checks', () => {
  const others = rows.filter((row) => isDoctor(row) && row.action !== 'cloudformation:DescribeStacks');
  const rule = (row: DeniedCall) => {
    const { usual, denied } = row;
    const unchecked = denied.lines.filter((line) => /^(warn|\?) .*missing permission/.test(line));
    const isPassed = (line: string) => line.startsWith('ok ');
    const passed = denied.lines.filter(isPassed).length;
    return denied.exitCode > 0 && unchecked.length > 0 && passed > 0 && passed < usual.lines.filter(isPassed).length;
  };
  expect(breaking(rule, others)).toEqual([]);
});

it('says of nothing that it was found to be fine if it could not be read', () => {
  const claims = [
    ['cloudwatch:GetMetricData', /No IMDSv1 call was rejected on 2 instances/],
    ['cloudformation:DescribeStacks', /the deployed function remediates|deployment reports/],
    ['ec2:DescribeInstances', /not found in .*eu-west-1/],
    ['events:PutEvents', /Expect alerts|a retry/],
  ] as const;
  for (const [action, claim] of claims) {
    const denied = rows.filter((row) => row.action === action && row.region === undefined);
    expect(breaking((row) => !claim.test(textOf(row)), denied)).toEqual([]);
  }
});

it('README.md names the permissions of the audit that it starts with', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const actions = rows.filter(({ line }) => line === 'audit --regions all').map(({ action }) => action);
  const named = [...new Set(actions)].filter((action) => action !== 'sts:GetCallerIdentity').toSorted();
  const [, section = ''] = /^## Audit first\n([^]*?)^## /m.exec(readme) ?? [];
  expect(actionsIn(section).toSorted()).toEqual(named);
});

it('docs/permissions.md has the table (npm run docs:denied-calls)', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/permissions.md'), 'utf8');
  expect(page).toBe(withDeniedCalls(page, rows));
});
