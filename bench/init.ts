/**
 * Compares size and import time of the bundles with plain esbuild bundles of the same handlers.
 *
 *     npm run bench:init [-- --bytes] [<entry.ts>]
 *
 * Exit code 1 if a bundle is larger than its target: bytes are the same on every machine. Times are not, so their targets are
 * only reported. With `--bytes` nothing is timed, which takes seconds: `npm run check` runs it.
 */
import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { bundle, type Bundle, FUNCTIONS, handlerEntry } from '../build/bundle.ts';
import { temporaryFolder } from '../sandbox/temporary-folder.ts';
import { importTime, median } from './support.ts';

const RUNS = 31;
/**
 * The plain bundle of the notifier is small already, because it has three clients only. That of the scan has a client for each
 * service that the health checks read from, of which the schemas and endpoint rules remain.
 */
const TARGET = { bytes: 0.4, scanBytes: 0.45, notifyBytes: 0.65, time: 0.3 };

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { bytes: { type: 'boolean' } } });
const entries = positionals[0] ? [resolve(positionals[0])] : FUNCTIONS.map(handlerEntry);
const folder = temporaryFolder('bench-init');
try {
  const bundles = await Promise.all(entries.map(bundlesOf));
  const measures = bundles.map(bytesOf);
  if (!report(measures)) process.exitCode = 1;
  if (options.bytes !== true) {
    const times: Measure[] = [];
    for (const each of bundles) times.push(await timesOf(each));
    report(times);
  }
} finally {
  await rm(folder, { recursive: true });
}

interface Bundles {
  readonly name: string;
  readonly plain: Bundle;
  readonly ours: Bundle;
}

async function bundlesOf(entry: string): Promise<Bundles> {
  const name = basename(entry, '.ts');
  const [plain, ours] = await Promise.all([
    bundle({ entry, outfile: join(folder, name, 'plain.mjs'), plugins: [] }),
    bundle({ entry, outfile: join(folder, name, 'ours.mjs') }),
  ]);
  return { name, plain, ours };
}

function bytesOf({ name, plain, ours }: Bundles): Measure {
  const target = { notify: TARGET.notifyBytes, scan: TARGET.scanBytes }[name] ?? TARGET.bytes;
  return { what: `${name}: bytes`, plain: plain.bytes, ours: ours.bytes, digits: 0, target };
}

/** Medians of alternating runs, so that other load affects both bundles. */
async function timesOf({ name, plain, ours }: Bundles): Promise<Measure> {
  const times: [number[], number[]] = [[], []];
  for (let run = -1; run < RUNS; run += 1) {
    const pair = [await importTime(plain.outfile), await importTime(ours.outfile)] as const;
    if (run < 0) continue; // the first pair warms the disk cache
    times[0].push(pair[0]);
    times[1].push(pair[1]);
  }
  const what = `${name}: import, ms (median of ${RUNS})`;
  return { what, plain: median(times[0]), ours: median(times[1]), digits: 1, target: TARGET.time };
}

interface Measure {
  readonly what: string;
  readonly plain: number;
  readonly ours: number;
  readonly digits: number;
  readonly target: number;
}

/** Prints a table, and returns whether every target is met. */
function report(measures: readonly Measure[]): boolean {
  const table = new Table({ head: ['', 'plain esbuild', 'ours', 'ratio', 'target'], style: { head: [], border: [] } });
  for (const { what, plain, ours, digits, target } of measures) {
    const verdict = ours / plain <= target ? 'met' : 'MISSED';
    const ratio = (ours / plain).toFixed(3);
    table.push([what, plain.toFixed(digits), ours.toFixed(digits), ratio, `${target.toFixed(2)} ${verdict}`]);
  }
  console.log(`Node.js ${process.version}\n${table.toString()}`);
  return measures.every(({ plain, ours, target }) => ours / plain <= target);
}
