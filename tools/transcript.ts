/**
 * Uses the command line on a local AWS as somebody would who has just deployed the product, and writes what it says into
 * `docs/cli.md`. Fails if it does not go as the text around it says.
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

const PAGE = join(import.meta.dirname, '../docs/cli.md');
const MARKS = [
  '<!-- what follows is written by npm run docs:transcript -->',
  '<!-- the transcript ends here -->',
] as const;
/** The same as `npm run sandbox -- --serve --fleet 200 --regions us-east-1,eu-west-1`. */
const LOCAL_AWS = { port: 0, timeScale: 1, seed: 'local', fleet: 200, regions: ['us-east-1', 'eu-west-1'] };
/** Milliseconds that the function is given. */
const PATIENCE = 60_000;

/** What the local AWS has printed. */
const printed: string[] = [];
const text: string[] = [];
const stop = new AbortController();
const stopped = new Promise((resolve) => stop.signal.addEventListener('abort', resolve));

const { outfile: cli } = await buildCli();
const serving = serve(LOCAL_AWS, stopped, (line = '') => printed.push(...stripVTControlCharacters(line).split('\n')));
try {
  await Promise.race([until('it is up', () => printed.includes('Ctrl-C ends it.')), serving]);
  await play();
  await writePage(text.join('\n'));
} finally {
  stop.abort();
  await serving;
}

async function play(): Promise<void> {
  const { out: listed } = await imdsv2(['audit', '--regions', 'all', '--json']);
  const id = idOf(listed, 'open-and-calling');

  say('What is open, and what makes such instances?');
  await show(['audit', '--regions', 'all', '--top', '4'], { exitCode: 2, lines: 25 });

  say('One of them. What would be decided, and does anything on it still need IMDSv1?');
  await show(['explain', id]);

  say('Close what is open. At a terminal it asks first; `--yes` is for scripts.');
  await show(['enforce', '--regions', 'all', '--yes']);

  say('Nothing is left but what a person has to look at: exemptions that are no date, or too far away.');
  await show(['audit', '--regions', 'all', '--top', '4'], {
    exitCode: 2,
    lines: 11,
    contains: 'Exemptions that do not count: 2',
  });

  say('Somebody reports that the agent on that instance has stopped. Back out, for two weeks:');
  const before = printed.length;
  await show(['rollback', id, '--for', '14d', '--reason', 'agent X has no IMDSv2 yet', '--yes']);

  say(
    'Both calls, the tag and the option, are events at which the function looks at the instance. It leaves it alone:',
  );
  await until('the function has looked', () => ['grant', 'drift'].every((trigger) => decided(before, trigger, id)));
  await sleep(2_000); // alerts follow decisions
  showPrinted(before, id);
  expect('it was left alone', !saysOf(before, id).some((line) => line.includes('remediated')));

  say('The agent is up to date, so the exemption can go:');
  const revoked = printed.length;
  await show(['exempt', 'revoke', id]);
  const at = performance.now();
  await until('the function has closed it', () => decided(revoked, 'revoke', id, 'remediated'));
  const seconds = Math.ceil((performance.now() - at) / 1000);

  await sleep(2_000);
  say(`${seconds} seconds later the function has closed it:`);
  showPrinted(revoked, id);
  say('And the instance says so:');
  await show(['explain', id], { lines: 7, contains: 'HttpTokens required' });
}

/** A sentence between two commands. */
function say(sentence: string): void {
  text.push('', sentence, '');
}

interface Expected {
  readonly exitCode?: number;
  readonly contains?: string;
  /** How many lines are shown. */
  readonly lines?: number;
}

/** Runs a command, and shows it with what it says. */
async function show(args: readonly string[], { exitCode = 0, contains = '', lines = Infinity }: Expected = {}) {
  const { code, all } = await imdsv2(args);
  const typed = ['imdsv2', ...args.map((arg) => (/[\s"]/.test(arg) ? `"${arg}"` : arg))].join(' ');
  expect(`${typed}: exit code ${code}\n${all}`, code === exitCode && all.includes(contains));
  const said = all.trimEnd().split('\n');
  const left = said.length - lines;
  block([`$ ${typed}`, ...said.slice(0, lines), ...(left > 0 ? [`… (${left} more lines)`] : [])]);
  if (code !== 0) text.push('', `(Exit code ${code}.)`);
}

function showPrinted(from: number, id: string): void {
  block(saysOf(from, id).map((line) => line.trim()));
}

function block(lines: readonly string[]): void {
  text.push(...lines.map((line) => `    ${line}`.trimEnd()));
}

/** What the local AWS has printed about an instance. */
function saysOf(from: number, id: string): string[] {
  return printed.slice(from).filter((line) => line.includes(id));
}

function decided(from: number, trigger: string, id: string, status = ''): boolean {
  return saysOf(from, id).some((line) => line.trim().startsWith(`${trigger} `) && line.includes(status));
}

/** Runs the built command line as a process of its own, with the environment that the local AWS told. */
async function imdsv2(args: readonly string[]) {
  const exported = printed.flatMap((line) => /^export (\w+)=(.*)$/.exec(line)?.slice(1) ?? []);
  const told = Object.fromEntries(exported.flatMap((name, index) => (index % 2 ? [] : [[name, exported[index + 1]]])));
  const child = spawn(process.execPath, [cli, ...args], {
    env: { PATH: process.env.PATH, ...told },
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

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!holds()) {
    expect(`${what}, within a minute`, performance.now() < end);
    await sleep(100);
  }
}

function expect(what: string, holds: boolean): void {
  if (!holds) throw new Error([`not so: ${what}`, 'The local AWS printed:', ...printed].join('\n'));
}

/** Replaces what is between the marks. */
async function writePage(transcript: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [begin, end] = MARKS;
  const [before, rest = ''] = page.split(begin);
  const [, after] = rest.split(end);
  if (before === undefined || after === undefined) throw new Error(`${PAGE} lacks ${MARKS.join(' and ')}`);
  await writeFile(PAGE, `${before}${begin}\n${transcript}\n\n${end}${after}`);
}
