/**
 * Measures the peak memory of the function that scans, with up to 300,000 non-compliant instances in one region.
 *
 *     npm run bench:scan-memory [-- <instances over the wire> [<instances> ...]]
 *
 * Each size is a process of its own, with a heap of about that of the function. On the virtual clock, CloudWatch measures all of
 * the instances, and the process includes the simulation; a region that takes longer than Lambda's timeout is scanned to its end
 * all the same. Over the wire, the function reads EC2 and CloudWatch of the local AWS. Exit code 1 means that a bound is missed.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import { bundle } from '../build/bundle.ts';
import { count } from '../lambda/core/words/format.ts';
import { startSandbox } from '../sandbox/index.ts';
import { temporaryFolder } from '../sandbox/temporary-folder.ts';
import { type Run, runMeasured } from './support.ts';

const [WIRE = 100_000, ...SIZES] = process.argv.slice(2).map(Number);
const REGION = 'eu-central-1';
const MEGABYTES = 384;
const HEAP = `--max-old-space-size=${MEGABYTES}`;

const folder = temporaryFolder('bench-scan-memory');
const table = new Table({
  head: ['', 'peak memory, MB', 'longest invocation, s', 'CPU, s'],
  colAligns: ['left', 'right', 'right', 'right'],
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
});
let most = 0;
try {
  const [virtual, wire] = await Promise.all([bundled('virtual-scan'), bundled('wire-scan')]);
  for (const size of SIZES.length > 0 ? SIZES : [100_000, 300_000]) {
    add(`${count(size)} non-compliant instances, virtual clock`, await runMeasured([HEAP, virtual, `${size}`], {}));
  }
  const sandbox = await startSandbox({ regions: [REGION], fleet: WIRE });
  try {
    add(`${count(WIRE)} instances, over the wire`, await runMeasured([HEAP, wire, REGION], sandbox.environment()));
  } finally {
    await sandbox.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
console.log(`Node.js ${process.version}\n${table.toString()}`);
console.log(`at most ${MEGABYTES} MB: ${most <= MEGABYTES ? 'met' : 'MISSED'}`);
if (most > MEGABYTES) process.exitCode = 1;

async function bundled(name: string): Promise<string> {
  const entry = join(import.meta.dirname, 'scan', `${name}.ts`);
  return (await bundle({ entry, outfile: join(folder, name, 'index.mjs'), plugins: [] })).outfile;
}

function add(what: string, { stdout, megabytes, cpuSeconds }: Run): void {
  most = Math.max(most, megabytes);
  table.push([what, megabytes.toFixed(0), stdout.trim(), cpuSeconds.toFixed(0)]);
}
