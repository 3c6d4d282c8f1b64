import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { toScanEnvironment } from '../lambda/config.ts';
import { SCAN_CONFIG } from '../test/support/config.ts';

/** The environment of the handlers. What they do not call has no real values. */
export const ENVIRONMENT = {
  ...toScanEnvironment(SCAN_CONFIG),
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
