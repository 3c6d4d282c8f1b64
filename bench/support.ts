import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { toScanEnvironment } from '../lambda/config.ts';

/** What the handlers find in Lambda, and more. What is not called does not have to be real. */
export const ENVIRONMENT = {
  ...toScanEnvironment({
    mode: 'enforce',
    existing: 'audit',
    trail: true,
    maxExemptionDays: 90,
    usageLookBackDays: 14,
    usageMinimumAgeDays: 1,
    outcomesTopicArn: 'arn:aws:sns:eu-central-1:111122223333:outcomes',
    workQueueUrl: 'https://sqs.eu-central-1.amazonaws.com/111122223333/work',
    scanQueueUrl: 'https://sqs.eu-central-1.amazonaws.com/111122223333/scan.fifo',
    deadLetterQueueUrl: 'https://sqs.eu-central-1.amazonaws.com/111122223333/dead',
    ruleNames: ['launch'],
    scanEveryHours: 6,
    forwarders: [],
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

/** How long a fresh Node.js process takes to import a bundle, in milliseconds: what Lambda does at cold start. */
export async function importTime(bundle: string): Promise<number> {
  const args = ['--input-type=module', '--eval', IMPORT, pathToFileURL(bundle).href];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: ENVIRONMENT });
  return Number(stdout);
}

/** The middle value; between the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? NaN) + (sorted[Math.floor(half)] ?? NaN)) / 2;
}
