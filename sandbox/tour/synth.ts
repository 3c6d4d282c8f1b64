import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type CfnElement, type Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { buildBundles } from '../../build/bundle.ts';
import { STACK } from '../../lambda/contract.ts';
import { deployment } from '../../lib/index.ts';
import type { Settings } from '../../lib/settings.ts';
import type { SandboxOptions } from '../options.ts';
import type { Template } from '../template/template.ts';

const DIST = join(import.meta.dirname, '../../dist');

let bundles: ReturnType<typeof buildBundles> | undefined;

/** The sources do not change while a process runs, so they are built once. */
const built = () => (bundles ??= buildBundles());

/** Builds the bundles and synthesizes the stacks, the very ones that would be deployed. */
export async function product(
  settings: Partial<Settings>,
): Promise<Pick<SandboxOptions, 'stacks' | 'bundles' | 'regions'>> {
  await built();
  const outdir = mkdtempSync(join(tmpdir(), 'imdsv2-'));
  try {
    // The CDK's validation takes seconds, and `npm run synth` does it.
    const app = new App({ outdir, analyticsReporting: false, builtinCloudFormationValidation: false });
    const { home, forwarders } = deployment(app, STACK, {
      ...settings,
      code: { enforce: Code.fromAsset(join(DIST, 'enforce')), sweep: Code.fromAsset(join(DIST, 'sweep')) },
    });
    const { function: enforce, sweep } = home.enforcer;
    const idOf = (construct: IConstruct) => home.getLogicalId(construct.node.defaultChild as CfnElement);
    const assembly = app.synth();
    const templateOf = (stack: Stack) => assembly.getStackArtifact(stack.artifactId).template as Template;
    const modules = {
      [idOf(enforce)]: join(DIST, 'enforce/index.mjs'),
      [idOf(sweep.function)]: join(DIST, 'sweep/index.mjs'),
    };
    return {
      stacks: [
        { template: templateOf(home), name: home.stackName },
        ...forwarders.map((stack) => ({ template: templateOf(stack), name: stack.stackName, region: stack.region })),
      ],
      bundles: modules,
      ...(settings.regions && { regions: settings.regions }),
    };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
