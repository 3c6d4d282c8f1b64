/**
 * Measures time and memory of `imdsv2 audit` on a large fleet, relative to a loop with the SDK alone.
 *
 *     npm run bench:audit [-- <instances>]
 *
 * Exit code 1 means that a ratio misses its target. Ratios of CPU time and memory do not depend on the machine; the time that
 * passes depends on how fast the local AWS responds.
 */
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Table from 'cli-table3';
import { buildCli, bundle } from '../build/bundle.ts';
import { startSandbox } from '../sandbox/index.ts';
import { temporaryFolder } from '../sandbox/temporary-folder.ts';

const REGIONS = ['eu-central-1', 'eu-west-1', 'us-east-1', 'us-west-2'];
const INSTANCES = Number(process.argv[2] ?? 20_000);
const RUNS = 5;
const TARGET = { cpu: 0.5, memory: 0.7 };

// VmHWM is the peak of the process alone; maxRSS begins with the peak of the process that started it.
const PEAK = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync } from 'node:fs';
  process.on('exit', () => {
    const kilobytes = process.platform === 'linux'
      ? Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
      : process.resourceUsage().maxRSS;
    const { user, system } = process.cpuUsage();
    process.stderr.write('peak ' + kilobytes + ' cpu ' + (user + system) + '\\n');
  });
`)}`;

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

const folder = temporaryFolder('bench-audit');
try {
  const cli = (await buildCli(join(folder, 'cli', 'index.mjs'))).outfile;
  const entry = join(import.meta.dirname, 'audit-bare.ts');
  const bare = (await bundle({ entry, outfile: join(folder, 'bare', 'index.mjs'), plugins: [] })).outfile;
  const audit = [cli, 'audit', '--regions', REGIONS.join(',')];
  const [small] = await onFleet(INSTANCES / 10, [audit], 1);
  const [bareRuns, auditRuns] = await onFleet(INSTANCES, [[bare, ...REGIONS], audit], RUNS);
  report(bareRuns ?? [], auditRuns ?? [], small ?? []);
} finally {
  await rm(folder, { recursive: true });
}

/** Runs the commands alternately, so that other load affects all. The first round is not counted. */
async function onFleet(fleet: number, commands: readonly (readonly string[])[], runs: number): Promise<Run[][]> {
  const sandbox = await startSandbox({ regions: REGIONS, fleet });
  try {
    const all = commands.map((): Run[] => []);
    for (let run = -1; run < runs; run += 1) {
      for (const [index, command] of commands.entries()) {
        const measured = await measure(command, sandbox.environment());
        if (run >= 0) all[index]?.push(measured);
      }
    }
    return all;
  } finally {
    await sandbox.stop();
  }
}

async function measure(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Run> {
  const start = performance.now();
  const child = spawn(process.execPath, ['--import', PEAK, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  const seconds = (performance.now() - start) / 1000;
  // Exit code 2 means findings.
  if ((exitCode !== 0 && exitCode !== 2) || stdout === '') throw new Error(`${args.join(' ')} failed: ${stderr}`);
  const [, kilobytes, microseconds] = /peak (\d+) cpu (\d+)/.exec(stderr) ?? [];
  return { seconds, cpuSeconds: Number(microseconds) / 1e6, megabytes: Number(kilobytes) / 1024 };
}

function report(bare: readonly Run[], audit: readonly Run[], small: readonly Run[]): void {
  // The fastest run, because other load can only slow a run down.
  const fastest = (runs: readonly Run[], of: 'seconds' | 'cpuSeconds') => Math.min(...runs.map((run) => run[of]));
  const peak = (runs: readonly Run[]) => Math.max(...runs.map(({ megabytes }) => megabytes));
  const cpu = fastest(audit, 'cpuSeconds') / fastest(bare, 'cpuSeconds');
  const memory = peak(audit) / peak(bare);
  const judged = (ratio: number, target: number) => `${ratio.toFixed(2)} ${ratio <= target ? 'met' : 'MISSED'}`;
  const size = INSTANCES.toLocaleString('en-US');
  const table = new Table({ head: ['', 'bare SDK loop', 'audit'], style: { head: [], border: [] } });
  const times = (of: 'seconds' | 'cpuSeconds') => [fastest(bare, of).toFixed(2), fastest(audit, of).toFixed(2)];
  table.push(
    [`seconds for ${size} instances (fastest of ${audit.length})`, ...times('seconds')],
    ['seconds of CPU', ...times('cpuSeconds')],
    [`ratio, at most ${TARGET.cpu}`, '1.00', judged(cpu, TARGET.cpu)],
    ['peak memory, MB', peak(bare).toFixed(0), peak(audit).toFixed(0)],
    [`ratio, at most ${TARGET.memory}`, '1.00', judged(memory, TARGET.memory)],
    ['peak memory with a tenth of the instances, MB', '', peak(small).toFixed(0)],
  );
  console.log(`Node.js ${process.version}, ${REGIONS.length} regions\n${table.toString()}`);
  if (cpu > TARGET.cpu || memory > TARGET.memory) process.exitCode = 1;
}
