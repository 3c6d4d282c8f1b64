/**
 * Runs the shell commands of README.md and docs/*.md on a local AWS.
 *
 *     npm run docs:check [-- PAGE…]
 *
 * Not those that tools/docs/not-run.ts lists. `aws` is the AWS CLI of the machine, or one that is installed in `.awscli/`; without
 * either, commands that need it are skipped.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pMap from 'p-map';
import { buildCli } from '../build/bundle.ts';
import { checkPage } from './docs/check-page.ts';
import { commandsIn } from './docs/commands.ts';
import { reasonNotToRun, unusedEntries } from './docs/not-run.ts';
import { findAws, isInstalled, needing } from './docs/programs.ts';

const ROOT = resolve(import.meta.dirname, '..');

const docs = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
const pages = await Promise.all(
  ['README.md', ...docs].map(async (page) => ({
    page,
    commands: commandsIn(page, await readFile(join(ROOT, page), 'utf8')),
  })),
);
const [aws, jq, { outfile: cli }] = await Promise.all([findAws(join(ROOT, '.awscli')), isInstalled('jq'), buildCli()]);
const missing = [...(aws === undefined ? ['aws'] : []), ...(jq ? [] : ['jq'])];
const counts = { passed: 0, failed: 0, skipped: 0 };

for (const entry of unusedEntries(pages.flatMap(({ commands }) => commands))) {
  fail(`tools/docs/not-run.ts lists "${entry}", which no page has`);
}
const chosen = process.argv.slice(2);
const selected = pages.filter(({ page }) => chosen.length === 0 || chosen.includes(page));
// A local AWS for each page keeps the pages independent of each other. The longest page begins first.
await pMap(
  selected.toSorted((a, b) => b.commands.length - a.commands.length),
  async ({ page, commands }) => {
    const runnable = commands.filter((command) => reasonNotToRun(command) === undefined);
    const unavailable = needing(missing, runnable);
    for (const { line, text } of unavailable)
      console.log(`skipped: ${page}:${line} (no ${missing.join(', no ')}) ${text}`);
    const run = runnable.filter((command) => !unavailable.has(command));
    const failures = run.length === 0 ? [] : await checkPage(run, { aws: aws ?? 'aws', cli });
    counts.skipped += commands.length - run.length;
    counts.passed += run.length - failures.length;
    failures.forEach(fail);
    console.log(`${page}: ${run.length} run, ${commands.length - runnable.length} listed as not to run`);
  },
  { concurrency: 2 },
);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);

function fail(message: string): void {
  counts.failed += 1;
  process.exitCode = 1;
  console.log(`FAILED  ${message}`);
}
