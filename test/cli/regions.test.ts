import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '../../sandbox/index.ts';
import { settingsInContext } from '../../lib/app-context.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { enterAws, imdsv2, leaveAws, mutations } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'imdsv2-regions-'));
const file = join(folder, 'cdk.context.json');
const KEY = 'imdsv2-enforcer:regions';
const stored = () => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await sandboxOf({ regions: ['us-east-1', 'eu-south-1', 'ap-southeast-2'] });
  enterAws(sandbox);
});
beforeEach(() => rmSync(file, { force: true }));
afterAll(async () => {
  leaveAws();
  await stopAll();
  rmSync(folder, { recursive: true });
});

test('prints the enabled regions, the home region first, and writes nothing', async () => {
  const { out, notes, exitCode } = await imdsv2(['regions', '--file', file]);
  expect({ out, exitCode }).toEqual({ out: ['us-east-1 (home)', 'ap-southeast-2', 'eu-south-1'], exitCode: 0 });
  expect(notes).toEqual([`Nothing was written; --write stores the list in ${file}`]);
  expect(() => stored()).toThrow(/ENOENT/);
  expect(mutations(sandbox)).toEqual([]);
});

test('--write stores the list for regions=all, and keeps other entries of the file', async () => {
  writeFileSync(file, '{"availability-zones:account=1":["a"]}');
  const { notes } = await imdsv2(['regions', '--write', '--file', file]);
  expect(notes).toEqual([`Wrote ${file}`]);
  expect(stored()).toEqual({
    'availability-zones:account=1': ['a'],
    [KEY]: ['us-east-1', 'ap-southeast-2', 'eu-south-1'],
  });
  expect(settingsInContext({ ...stored(), regions: 'all' }).regions).toEqual([
    'us-east-1',
    'ap-southeast-2',
    'eu-south-1',
  ]);
});

test('keeps the home region of the file unless --region is given, and prints the changes', async () => {
  writeFileSync(file, JSON.stringify({ [KEY]: ['eu-south-1', 'us-east-1', 'me-south-1'] }));
  const rewritten = await imdsv2(['regions', '--json', '--write', '--file', file]);
  expect(JSON.parse(rewritten.out.join('\n'))).toEqual({
    home: 'eu-south-1',
    regions: ['eu-south-1', 'ap-southeast-2', 'us-east-1'],
    added: ['ap-southeast-2'],
    removed: ['me-south-1'],
    notVisible: [],
  });
  expect(rewritten.notes).toEqual([
    `not in ${file}: ap-southeast-2`,
    'no longer in the list: me-south-1; its stack remains until you destroy it',
    `Wrote ${file}`,
  ]);
  await imdsv2(['regions', '--write', '--region', 'ap-southeast-2', '--file', file]);
  expect(stored()[KEY]).toEqual(['ap-southeast-2', 'eu-south-1', 'us-east-1']);
});

test.each([
  ['not a JSON object', '[1]', /is not a JSON object; accepted: the cdk\.context\.json of a CDK app, or no file$/],
  ['not JSON', '{', /is not a JSON object/],
  [
    'a home region that is not enabled',
    JSON.stringify({ [KEY]: ['me-south-1'] }),
    /^imdsv2: home Region me-south-1 is not enabled .*; accepted: --region with ap-southeast-2, eu-south-1, us-east-1$/,
  ],
])('refuses a file: %s', async (_, text, message) => {
  writeFileSync(file, text);
  const { notes, exitCode } = await imdsv2(['regions', '--write', '--file', file]);
  expect(exitCode).toBe(1);
  expect(notes).toEqual([expect.stringMatching(message)]);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('refuses a directory that does not exist', async () => {
  const { notes, exitCode } = await imdsv2(['regions', '--write', '--file', join(folder, 'no/where.json')]);
  expect({ exitCode, notes }).toEqual({ exitCode: 1, notes: [expect.stringMatching(/cannot be written: ENOENT/)] });
});
