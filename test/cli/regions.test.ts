import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '../../sandbox/index.ts';
import { parseSettings } from '../../lib/settings.ts';
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

test('the enabled regions, the home region first; nothing is written unasked', async () => {
  const { out, notes, exitCode } = await imdsv2(['regions', '--file', file]);
  expect({ out, exitCode }).toEqual({ out: ['us-east-1 (home)', 'ap-southeast-2', 'eu-south-1'], exitCode: 0 });
  expect(notes).toEqual([`nothing is written; --write stores them in ${file}`]);
  expect(() => stored()).toThrow(/ENOENT/);
  expect(mutations(sandbox)).toEqual([]);
});

test('--write stores what regions=all reads, and leaves what else is in the file', async () => {
  writeFileSync(file, '{"availability-zones:account=1":["a"]}');
  const { notes } = await imdsv2(['regions', '--write', '--file', file]);
  expect(notes).toEqual([`written: ${file}`]);
  expect(stored()).toEqual({
    'availability-zones:account=1': ['a'],
    [KEY]: ['us-east-1', 'ap-southeast-2', 'eu-south-1'],
  });
  expect(parseSettings({ ...stored(), regions: 'all' }).regions).toEqual(['us-east-1', 'ap-southeast-2', 'eu-south-1']);
});

test('the home region stays where it is, unless somebody moves it; what changed is said', async () => {
  writeFileSync(file, JSON.stringify({ [KEY]: ['eu-south-1', 'us-east-1', 'me-south-1'] }));
  const kept = await imdsv2(['regions', '--json', '--write', '--file', file]);
  expect(JSON.parse(kept.out.join('\n'))).toEqual({
    home: 'eu-south-1',
    regions: ['eu-south-1', 'ap-southeast-2', 'us-east-1'],
    added: ['ap-southeast-2'],
    removed: ['me-south-1'],
  });
  expect(kept.notes).toEqual([
    `new since ${file} was written: ap-southeast-2`,
    'not enabled any more: me-south-1; its stack stays until it is destroyed',
    `written: ${file}`,
  ]);
  await imdsv2(['regions', '--write', '--region', 'ap-southeast-2', '--file', file]);
  expect(stored()[KEY]).toEqual(['ap-southeast-2', 'eu-south-1', 'us-east-1']);
});

test.each([
  ['no JSON object', '[1]', /is no JSON object; accepted: the cdk\.context\.json of a CDK app, or no file$/],
  ['no JSON', '{', /is no JSON object/],
  [
    'a home that is not enabled',
    JSON.stringify({ [KEY]: ['me-south-1'] }),
    /^imdsv2: the home region me-south-1 is not enabled .*; accepted: --region with ap-southeast-2, eu-south-1, us-east-1$/,
  ],
])('%s → one line, and the file stays', async (_, text, message) => {
  writeFileSync(file, text);
  const { notes, exitCode } = await imdsv2(['regions', '--write', '--file', file]);
  expect(exitCode).toBe(1);
  expect(notes).toEqual([expect.stringMatching(message)]);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('a folder that is not there → one line', async () => {
  const { notes, exitCode } = await imdsv2(['regions', '--write', '--file', join(folder, 'no/where.json')]);
  expect({ exitCode, notes }).toEqual({ exitCode: 1, notes: [expect.stringMatching(/cannot be written: ENOENT/)] });
});
