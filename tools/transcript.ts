/**
 * Runs a session of commands on a local AWS and writes the transcript to `docs/cli.md`.
 *
 * Fails if the result of a command differs from what the text between the commands says.
 *
 *     npm run docs:transcript
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { buildCli } from '../build/bundle.ts';
import { serve } from '../sandbox/serve.ts';
import { replaceSection } from './docs/marked-section.ts';

const PAGE = join(import.meta.dirname, '../docs/cli.md');
const MARKS = [
  '<!-- what follows is written by npm run docs:transcript -->',
  '<!-- the transcript ends here -->',
] as const;
/** As with `npm run sandbox -- --serve --fleet 200 --regions us-east-1,eu-west-1`. */
const LOCAL_AWS = { port: 0, timeScale: 1, seed: 'local', fleet: 200, regions: ['us-east-1', 'eu-west-1'] };
/** Timeout for the function in milliseconds. */
const TIMEOUT = 60_000;

/** The lines that the local AWS has printed. */
const printed: string[] = [];
const text: string[] = [];
const stop = new AbortController();
const stopped = new Promise((resolve) => stop.signal.addEventListener('abort', resolve));

const { outfile: cli } = await buildCli();
const serving = serve(LOCAL_AWS, stopped, (line = '') => printed.push(...stripVTControlCharacters(line).split('\n')));
try {
  await Promise.race([until('the local AWS serves', () => printed.includes('Press Ctrl-C to stop.')), serving]);
  await play();
  await writeFile(PAGE, replaceSection(await readFile(PAGE, 'utf8'), MARKS, text.join('\n')));
} finally {
  stop.abort();
  await serving;
}

async function play(): Promise<void> {
  const { out: listed } = await imdsv2(['audit', '--regions', 'all', '--json']);
  const id = idOf(listed, 'imdsv1-in-use');

  write('Which instances have IMDSv1 enabled, and what launches them?');
  await show(['audit', '--regions', 'all', '--top', '4'], { exitCode: 2, lines: 30 });

  write('What would be decided about one of them, and is IMDSv1 in use on it?');
  await show(['explain', id]);

  write('Which software on it uses IMDSv1?');
  await show(['callers', id], { exitCode: 2, contains: 'upgrade botocore' });

  write(
    'Require IMDSv2 where nothing depends on IMDSv1. In a terminal the command asks for confirmation; `--yes` is for scripts.',
  );
  await show(['enforce', '--regions', 'all', '--yes'], { exitCode: 2, contains: 'left out, see below' });

  write('An instance with IMDSv1 in use is changed only if an option says so:');
  await show(['enforce', '--instance-ids', id, '--include-in-use', '--yes']);

  write('What was left out remains:');
  await show(['audit', '--regions', 'all', '--top', '4'], { exitCode: 2, lines: 14 });

  write('The agent on that instance no longer works. Roll back, for two weeks:');
  const before = printed.length;
  await show(['rollback', id, '--for', '14d', '--reason', 'agent X has no IMDSv2 yet', '--yes']);

  write('The tag and the option are two calls, whose events invoke the function. It does not change the instance:');
  const triggers = ['grant', 'drift'];
  await until('both events are processed', () => triggers.every((trigger) => hasOutcome(before, trigger, id)));
  await sleep(2_000); // alerts follow outcomes
  showPrinted(before, id);
  expect('the instance was not changed', !linesAbout(before, id).some((line) => line.includes('remediated')));

  write('The agent supports IMDSv2 now. Revoke the exemption:');
  const revoked = printed.length;
  await show(['exempt', 'revoke', id]);
  const at = performance.now();
  await until('the instance is remediated', () => hasOutcome(revoked, 'revoke', id, 'remediated'));
  const seconds = Math.ceil((performance.now() - at) / 1000);

  await sleep(2_000);
  write(`The function remediated it within ${seconds} s:`);
  showPrinted(revoked, id);
  write('The instance requires IMDSv2:');
  await show(['explain', id], { lines: 11, contains: 'HttpTokens required' });
}

/** Adds a sentence between two commands. */
function write(sentence: string): void {
  text.push('', sentence, '');
}

interface Expected {
  readonly exitCode?: number;
  readonly contains?: string;
  /** The number of lines to show. */
  readonly lines?: number;
}

/** Runs a command and adds it with its output. */
async function show(args: readonly string[], { exitCode = 0, contains = '', lines = Infinity }: Expected = {}) {
  const { code, all } = await imdsv2(args);
  const typed = ['imdsv2', ...args.map((arg) => (/[\s"]/.test(arg) ? `"${arg}"` : arg))].join(' ');
  expect(`${typed}: exit code ${code}\n${all}`, code === exitCode && all.includes(contains));
  const output = all.trimEnd().split('\n');
  const omitted = output.length - lines;
  const note = omitted > 0 ? [`… (${omitted} more ${omitted === 1 ? 'line' : 'lines'})`] : [];
  block([`$ ${typed}`, ...output.slice(0, lines), ...note]);
  if (code !== 0) text.push('', `(Exit code ${code}.)`);
}

function showPrinted(from: number, id: string): void {
  block(linesAbout(from, id).map((line) => line.trim()));
}

function block(lines: readonly string[]): void {
  text.push(...lines.map((line) => `    ${line}`.trimEnd()));
}

/** The lines about an instance that the local AWS has printed. */
function linesAbout(from: number, id: string): string[] {
  return printed.slice(from).filter((line) => line.includes(id));
}

function hasOutcome(from: number, trigger: string, id: string, status = ''): boolean {
  return linesAbout(from, id).some((line) => line.trim().startsWith(`${trigger} `) && line.includes(status));
}

/** Runs the built command line as a process, with the environment variables that the local AWS printed. */
async function imdsv2(args: readonly string[]) {
  const exported = printed.flatMap((line) => /^export (\w+)=(.*)$/.exec(line)?.slice(1) ?? []);
  const variables = exported.flatMap((name, index) => (index % 2 ? [] : [[name, exported[index + 1]]]));
  const child = spawn(process.execPath, [cli, ...args], {
    env: { PATH: process.env.PATH, ...(Object.fromEntries(variables) as Record<string, string>) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, all] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    out += piece;
    all += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (all += piece));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, all };
}

function idOf(audit: string, wanted: string): string {
  const { instances } = JSON.parse(audit) as { instances: { region: string; name?: string; instanceId: string }[] };
  const found = instances.find(({ name, region }) => name === wanted && region === LOCAL_AWS.regions[0]);
  if (found === undefined) throw new Error(`the fleet has no ${wanted}`);
  return found.instanceId;
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const end = performance.now() + TIMEOUT;
  while (!isTrue()) {
    expect(`${what}, within a minute`, performance.now() < end);
    await sleep(100);
  }
}

function expect(what: string, isTrue: boolean): void {
  if (!isTrue) throw new Error([`expected: ${what}`, 'The local AWS printed:', ...printed].join('\n'));
}
