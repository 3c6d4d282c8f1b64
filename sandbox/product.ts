import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { App, type CfnElement, type Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { DISABLE_CREATION_STACK_TRACES } from 'aws-cdk-lib/cx-api';
import type { IConstruct } from 'constructs';
import { isSealed, ROOT } from '../build/seal.ts';
import { STACK } from '../lambda/contract.ts';
import { deployment } from '../lib/index.ts';
import type { Settings } from '../lib/settings.ts';
import type { Template } from './aws/cloudformation/template.ts';
import type { SandboxOptions } from './options.ts';
import { temporaryFolder } from './temporary-folder.ts';

const DIST = join(ROOT, 'dist');

/** Builds the bundles if they are out of date. esbuild is loaded only then. */
async function build(): Promise<void> {
  if (await isSealed()) return;
  const { buildBundles } = await import('../build/bundle.ts');
  await buildBundles();
}

let building: Promise<void> | undefined;

/** Builds once per process: the sources do not change while it runs. */
const built = () => (building ??= build());

const codeOf = (name: string): Code => Code.fromAsset(join(DIST, name));

/** Builds the bundles and synthesizes the stacks as they would be deployed. */
export async function buildProduct(
  settings: Partial<Settings>,
): Promise<Pick<SandboxOptions, 'stacks' | 'bundles' | 'regions'>> {
  await built();
  const outdir = temporaryFolder('synth');
  try {
    // Validation takes seconds and is part of `npm run synth`. Stack traces and the tree file take half of the remaining time.
    const app = new App({
      outdir,
      analyticsReporting: false,
      builtinCloudFormationValidation: false,
      context: { [DISABLE_CREATION_STACK_TRACES]: true },
      stackTraces: false,
      treeMetadata: false,
    });
    const { home, forwarders } = deployment(app, STACK, {
      ...settings,
      code: { enforce: codeOf('enforce'), scan: codeOf('scan'), notify: codeOf('notify') },
    });
    const { function: enforce, scan, notifier } = home.enforcer;
    const idOf = (construct: IConstruct) => home.getLogicalId(construct.node.defaultChild as CfnElement);
    const assembly = app.synth();
    const templateOf = (stack: Stack) => assembly.getStackArtifact(stack.artifactId).template as Template;
    const modules = {
      [idOf(enforce)]: join(DIST, 'enforce/index.mjs'),
      [idOf(scan.function)]: join(DIST, 'scan/index.mjs'),
      [idOf(notifier.function)]: join(DIST, 'notify/index.mjs'),
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
