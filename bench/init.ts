/**
 * Compares size and import time of the bundles with plain esbuild bundles of the same handlers.
 *
 *     npm run bench:init [-- <entry.ts>]
 *
 * A missed target does not fail the run, because times depend on the machine.
 */
import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import Table from 'cli-table3';
import { bundle, type Bundle, FUNCTIONS, handlerEntry } from '../build/bundle.ts';
import { toScanEnvironment } from '../lambda/config.ts';
import { SCAN_CONFIG } from '../test/support/config.ts';
import { temporaryFolder } from '../sandbox/temporary-folder.ts';
import { importTime, median } from './support.ts';

const RUNS = 31;
const TARGET = { bytes: 0.4, time: 0.5 };

/** The environment of the handlers. They make no calls, so that no value has to be real. */
const ENVIRONMENT = {
  ...toScanEnvironment(SCAN_CONFIG),
  AWS_REGION: 'eu-central-1',
  AWS_LAMBDA_FUNCTION_NAME: 'enforce',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
};

const entries = process.argv[2] ? [resolve(process.argv[2])] : FUNCTIONS.map(handlerEntry);
const folder = temporaryFolder('bench-init');
try {
  const measures: Measure[] = [];
  for (const entry of entries) measures.push(...(await measure(entry)));
  report(measures);
} finally {
  await rm(folder, { recursive: true });
}

async function measure(entry: string): Promise<Measure[]> {
  const name = basename(entry, '.ts');
  const plain = await bundle({ entry, outfile: join(folder, name, 'plain.mjs'), plugins: [] });
  const ours = await bundle({ entry, outfile: join(folder, name, 'ours.mjs') });
  const [plainTime, oursTime] = await importTimes(plain, ours);
  const time = `${name}: import, ms (median of ${RUNS})`;
  return [
    { what: `${name}: bytes`, plain: plain.bytes, ours: ours.bytes, digits: 0, target: TARGET.bytes },
    { what: time, plain: plainTime, ours: oursTime, digits: 1, target: TARGET.time },
  ];
}

/** Medians of alternating runs, so that other load affects both bundles. */
async function importTimes(plain: Bundle, ours: Bundle): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let run = -1; run < RUNS; run += 1) {
    const pair = [await importTime(plain.outfile, ENVIRONMENT), await importTime(ours.outfile, ENVIRONMENT)] as const;
    if (run < 0) continue; // the first pair warms the disk cache
    times[0].push(pair[0]);
    times[1].push(pair[1]);
  }
  return [median(times[0]), median(times[1])];
}

interface Measure {
  readonly what: string;
  readonly plain: number;
  readonly ours: number;
  readonly digits: number;
  readonly target: number;
}

function report(measures: readonly Measure[]): void {
  const table = new Table({ head: ['', 'plain esbuild', 'ours', 'ratio', 'target'], style: { head: [], border: [] } });
  for (const { what, plain, ours, digits, target } of measures) {
    const ratio = ours / plain;
    const verdict = ratio <= target ? 'met' : 'MISSED';
    table.push([
      what,
      plain.toFixed(digits),
      ours.toFixed(digits),
      ratio.toFixed(2),
      `${target.toFixed(2)} ${verdict}`,
    ]);
  }
  console.log(`Node.js ${process.version}\n${table.toString()}`);
}
