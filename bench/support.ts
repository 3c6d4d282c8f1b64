import { execFile, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { toNotifyEnvironment, toScanEnvironment } from '../lambda/config.ts';
import { SCAN_CONFIG } from '../test/support/config.ts';

/** The environment of the handlers. What they do not call has no real values. */
export const ENVIRONMENT = {
  ...toScanEnvironment(SCAN_CONFIG),
  ...toNotifyEnvironment({
    maxExemptionDays: SCAN_CONFIG.maxExemptionDays,
    alertSummaryMinutes: SCAN_CONFIG.alertSummaryMinutes,
    outcomesTopicArn: 'arn:aws:sns:eu-central-1:111122223333:outcomes',
    chatTopicArns: [],
    summaryQueueUrl: SCAN_CONFIG.workQueueUrl,
  }),
  AWS_REGION: 'eu-central-1',
  AWS_LAMBDA_FUNCTION_NAME: 'enforce',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
};

const IMPORT = `
  const start = performance.now();
  const module = await import(process.argv[1]);
  const elapsed = performance.now() - start;
  if (typeof module.handler !== 'function') throw new Error('the bundle exports no handler');
  process.stdout.write(String(elapsed), () => process.exit());
`;

/** The milliseconds that a new Node.js process takes to import a bundle, as at a cold start. */
export async function importTime(bundle: string): Promise<number> {
  const args = ['--input-type=module', '--eval', IMPORT, pathToFileURL(bundle).href];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: ENVIRONMENT });
  return Number(stdout);
}

/** The median: the mean of the two middle values if their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? NaN) + (sorted[Math.floor(half)] ?? NaN)) / 2;
}

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

/** What a process printed and used. */
export interface Run {
  readonly stdout: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Peak memory. */
  readonly megabytes: number;
}

/**
 * Runs a new Node.js process to its end.
 *
 * @throws Error if it fails. Exit code 2 is no failure: it means findings.
 */
export async function runMeasured(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Run> {
  const start = performance.now();
  const child = spawn(process.execPath, ['--import', PEAK, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, exitCode] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  const seconds = (performance.now() - start) / 1000;
  if ((exitCode !== 0 && exitCode !== 2) || stdout === '') throw new Error(`${args.join(' ')} failed: ${stderr}`);
  const [, kilobytes, microseconds] = /peak (\d+) cpu (\d+)/.exec(stderr) ?? [];
  return { stdout, seconds, cpuSeconds: Number(microseconds) / 1e6, megabytes: Number(kilobytes) / 1024 };
}
