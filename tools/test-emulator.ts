/**
 * Runs the tests in test/emulator against an independent emulator of AWS.
 *
 *     npm run test:emulator [-- <options of jest>]
 *     AWS_ENDPOINT_URL=http://127.0.0.1:4566 npm run test:emulator
 *
 * Without an endpoint it starts moto, which is installed in `.emulator/`. If moto cannot be installed, the tests are skipped with
 * exit code 0.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { startMoto } from '../test/emulator/moto/server.ts';
import { pythonWith, UnavailableError } from './python-venv.ts';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDER = join(ROOT, '.emulator');
const MOTO = { requirement: 'moto[server,autoscaling,ec2,events,sns,sqs,sts]==5.2.5', module: 'moto' };
const TESTS_SECONDS = 180;

/** Hosts of AWS, which are refused because the tests launch instances. */
const AWS_HOSTS = /(^|\.)(amazonaws\.com|amazonaws\.com\.cn|api\.aws|amazonwebservices\.com\.cn)$/;

/** Credentials and a region for the emulator. Real credentials are never sent to it. */
const FAKE_ENVIRONMENT = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'emulator',
  AWS_SECRET_ACCESS_KEY: 'emulator',
  AWS_EC2_METADATA_DISABLED: 'true',
  // A profile may have endpoints for some services.
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
} as const;

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    process.exitCode = 128 + constants.signals[name];
    stopping.abort(new Error(name));
  });
}

try {
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  process.exitCode = endpoint ? await against(endpoint) : await againstMoto();
} catch (error) {
  if (error instanceof UnavailableError) {
    console.log(`skipped: tests against moto (${error.message})`);
  } else if (!stopping.signal.aborted) {
    console.error(error);
    process.exitCode = 1;
  }
}

async function against(endpoint: string): Promise<number> {
  if (!URL.canParse(endpoint) || AWS_HOSTS.test(new URL(endpoint).hostname)) {
    console.error(`AWS_ENDPOINT_URL is ${JSON.stringify(endpoint)}; accepted: the URL of an emulator, not AWS itself`);
    return 1;
  }
  console.log(`endpoint: ${endpoint}`);
  return jest({ AWS_ENDPOINT_URL: endpoint });
}

async function againstMoto(): Promise<number> {
  await mkdir(FOLDER, { recursive: true });
  const python = await pythonWith(MOTO, FOLDER, stopping.signal);
  const moto = await startMoto(python, FOLDER, stopping.signal);
  try {
    console.log(`endpoint: ${moto.endpoint}, ${MOTO.requirement}`);
    return await jest({ AWS_ENDPOINT_URL: moto.endpoint, EMULATOR: 'moto' });
  } finally {
    await moto.stop();
  }
}

/** Runs the tests. @returns the exit code of Jest. */
async function jest(emulator: Readonly<Record<string, string>>): Promise<number> {
  stopping.signal.throwIfAborted();
  const program = createRequire(import.meta.url).resolve('jest/bin/jest');
  const args = [program, '--config', join(ROOT, 'jest.emulator.config.js'), ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...withoutAws(process.env), ...FAKE_ENVIRONMENT, ...emulator },
  });
  const stop = () => child.kill('SIGKILL');
  const timeout = setTimeout(() => {
    console.error(`the tests timed out after ${TESTS_SECONDS} s`);
    stop();
  }, TESTS_SECONDS * 1000);
  stopping.signal.addEventListener('abort', stop);
  const code = await new Promise<number>((done, failed) => {
    child.once('error', failed).once('exit', (exitCode) => done(exitCode ?? 1));
  });
  clearTimeout(timeout);
  stopping.signal.throwIfAborted();
  return code;
}

/** Removes variables that could redirect calls, such as `AWS_ENDPOINT_URL_EC2`. */
function withoutAws(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(AWS_|IMDSV2_|EMULATOR$|NODE_USE_ENV_PROXY$)/.test(name)),
  );
}
