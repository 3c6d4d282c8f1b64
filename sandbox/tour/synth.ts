import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildBundles } from '../../build/bundle.ts';
import { EnforcerStack } from '../../lib/index.ts';
import type { Settings } from '../../lib/settings.ts';
import type { SandboxOptions } from '../options.ts';
import type { Template } from '../template/template.ts';

const DIST = join(import.meta.dirname, '../../dist/enforce');

/** Builds the bundle and synthesizes the stack, the very ones that would be deployed. */
export async function product(settings: Partial<Settings>): Promise<Pick<SandboxOptions, 'stacks' | 'bundles'>> {
  await buildBundles();
  const outdir = mkdtempSync(join(tmpdir(), 'imdsv2-'));
  try {
    const app = new App({ outdir, analyticsReporting: false });
    const stack = new EnforcerStack(app, 'Imdsv2Enforcer', { ...settings, code: Code.fromAsset(DIST) });
    const template = app.synth().getStackArtifact(stack.artifactId).template as Template;
    return { stacks: [{ template, name: stack.stackName }], bundles: join(DIST, 'index.mjs') };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
