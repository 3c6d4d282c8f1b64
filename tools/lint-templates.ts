/**
 * Checks the templates of several deployments with cfn-lint, in addition to cdk-nag.
 *
 *     npm run lint:templates
 *
 * cfn-lint is installed in `.cfn-lint/`. If it cannot be installed, the check is skipped with exit code 0.
 */
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import cdk from '../cdk.json' with { type: 'json' };
import { buildBundles } from '../build/bundle.ts';
import { STACK } from '../lambda/contract.ts';
import { deployment } from '../lib/index.ts';
import type { Settings } from '../lib/settings.ts';
import { temporaryFolder } from '../sandbox/temporary-folder.ts';
import { pythonWith, UnavailableError } from './python-venv.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CFN_LINT = { requirement: 'cfn-lint==1.51.0', module: 'cfnlint' };

/**
 * The entry point of cfn-lint.
 *
 * It runs in isolated mode, so that the current folder and the environment have no effect.
 */
const MAIN = 'from cfnlint.runner import main; import sys; sys.exit(main())';

/** Accepted findings, and why they are accepted. */
const ACCEPTED: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/:W3005:/, 'the CDK adds dependencies on the policies of roles, even if a reference implies them'],
  [/:E3002:.*'WarmUpConfiguration' was unexpected/, 'newer than the schemas of this version of cfn-lint'],
];

/** Deployments that together have every kind of resource and every partition. */
const DEPLOYMENTS: readonly Partial<Settings>[] = [
  {},
  {
    regions: ['us-east-1', 'eu-west-1', 'ap-southeast-2'],
    trail: 'create',
    existing: 'enforce',
    alertEmail: ['a@b.example'],
  },
  { regions: ['us-gov-west-1', 'us-gov-east-1'] },
  { regions: ['cn-north-1'] },
];

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    process.exitCode = 128 + constants.signals[name];
    stopping.abort(new Error(name));
  });
}

const outdir = temporaryFolder('lint-templates');
try {
  const folder = join(ROOT, '.cfn-lint');
  await mkdir(folder, { recursive: true });
  const python = await pythonWith(CFN_LINT, folder, stopping.signal);
  await buildBundles();
  process.exitCode = Math.max(
    ...(await Promise.all(DEPLOYMENTS.map((settings, index) => check(settings, index, python)))),
  );
} catch (error) {
  if (error instanceof UnavailableError) {
    console.log(`skipped: templates by ${CFN_LINT.requirement} (${error.message})`);
  } else if (!stopping.signal.aborted) {
    console.error(error);
    process.exitCode = 1;
  }
} finally {
  await rm(outdir, { recursive: true });
}

/** Synthesizes a deployment and checks each template for its region. @returns the exit code. */
async function check(settings: Partial<Settings>, index: number, python: string): Promise<number> {
  const app = new App({ context: cdk.context, outdir: join(outdir, String(index)), analyticsReporting: false });
  const bundle = (name: string) => Code.fromAsset(join(ROOT, 'dist', name));
  const code = { enforce: bundle('enforce'), scan: bundle('scan'), notify: bundle('notify') };
  const { home, forwarders } = deployment(app, STACK, { ...settings, code });
  const assembly = app.synth();
  let worst = 0;
  for (const { artifactId } of [home, ...forwarders]) {
    const { templateFullPath, environment } = assembly.getStackArtifact(artifactId);
    const region = environment.region === 'unknown-region' ? 'us-east-1' : environment.region;
    const findings = await cfnLint(python, ['--regions', region, '--format', 'parseable', templateFullPath]);
    const result = `${findings.length === 0 ? 'ok' : 'FAILED'}: ${basename(templateFullPath)} for ${region}`;
    console.log([result, ...findings].join('\n'));
    if (findings.length > 0) worst = 1;
  }
  return worst;
}

/** Runs cfn-lint. @returns the findings that are not accepted. */
async function cfnLint(python: string, args: readonly string[]): Promise<readonly string[]> {
  stopping.signal.throwIfAborted();
  const { stdout, stderr, code } = await promisify(execFile)(python, ['-I', '-c', MAIN, ...args], {
    cwd: outdir,
    signal: stopping.signal,
    timeout: 120_000,
    maxBuffer: 2 ** 26,
  }).then(
    (output) => ({ ...output, code: 0 }),
    (error: FailedOutput) => error,
  );
  const lines = stdout.split('\n').filter((line) => line.trim() !== '');
  // Its exit code is 2, 4, 6, … with findings. An error without findings means that it did not check the template.
  if (code !== 0 && lines.length === 0) return [`cfn-lint failed: ${stderr.trim() || String(code)}`];
  return lines.filter((line) => !ACCEPTED.some(([pattern]) => pattern.test(line)));
}

/** The output of a program that failed. */
interface FailedOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: unknown;
}
