/**
 * Lets cfn-lint look at the templates of some deployments, as a second opinion beside cdk-nag.
 *
 *     npm run lint:templates
 *
 * It is installed in `.cfn-lint/`; where that cannot be had, it says so and exits 0.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import cdk from '../cdk.json' with { type: 'json' };
import { buildBundles } from '../build/bundle.ts';
import { STACK } from '../lambda/contract.ts';
import { deployment } from '../lib/index.ts';
import type { Settings } from '../lib/settings.ts';
import { pythonWith, UnavailableError } from './python-venv.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CFN_LINT = { requirement: 'cfn-lint==1.51.0', module: 'cfnlint' };

/** What its command does; isolated, so that neither a folder nor an environment decides what is run. */
const MAIN = 'from cfnlint.runner import main; import sys; sys.exit(main())';

/** Findings that we accept, and why. */
const ACCEPTED: readonly (readonly [form: RegExp, why: string])[] = [
  [/:W3005:/, 'the CDK writes dependencies on the policies of roles, whether or not a reference implies them'],
  [/:E3002:.*'WarmUpConfiguration' was unexpected/, 'newer than the schemas of this cfn-lint'],
];

/** Every kind of resource and every partition in one of them. */
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

const outdir = await mkdtemp(join(tmpdir(), 'imdsv2-templates-'));
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

/** Synthesizes a deployment and lints its templates, each for its own region. */
async function check(settings: Partial<Settings>, index: number, python: string): Promise<number> {
  const app = new App({ context: cdk.context, outdir: join(outdir, String(index)), analyticsReporting: false });
  const bundle = (name: string) => Code.fromAsset(join(ROOT, 'dist', name));
  const code = { enforce: bundle('enforce'), scan: bundle('scan') };
  const { home, forwarders } = deployment(app, STACK, { ...settings, code });
  const assembly = app.synth();
  let worst = 0;
  for (const { artifactId } of [home, ...forwarders]) {
    const { templateFullPath, environment } = assembly.getStackArtifact(artifactId);
    const region = environment.region === 'unknown-region' ? 'us-east-1' : environment.region;
    const findings = await cfnLint(python, ['--regions', region, '--format', 'parseable', templateFullPath]);
    const said = [
      `${findings.length === 0 ? 'ok' : 'FAILED'}: ${basename(templateFullPath)} for ${region}`,
      ...findings,
    ];
    console.log(said.join('\n'));
    if (findings.length > 0) worst = 1;
  }
  return worst;
}

/** What it finds and we do not accept, a line each. */
async function cfnLint(python: string, args: readonly string[]): Promise<readonly string[]> {
  stopping.signal.throwIfAborted();
  const { stdout, stderr, code } = await promisify(execFile)(python, ['-I', '-c', MAIN, ...args], {
    cwd: outdir,
    signal: stopping.signal,
    timeout: 120_000,
    maxBuffer: 2 ** 26,
  }).then(
    (said) => ({ ...said, code: 0 }),
    (error: Said) => error,
  );
  const lines = stdout.split('\n').filter((line) => line.trim() !== '');
  // It exits with 2, 4, 6, … where it found something; anything else is no look at all.
  if (code !== 0 && lines.length === 0) return [`cfn-lint failed: ${stderr.trim() || String(code)}`];
  return lines.filter((line) => !ACCEPTED.some(([form]) => form.test(line)));
}

/** What a program left that did not exit with 0. */
interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: unknown;
}
