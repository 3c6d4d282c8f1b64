import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { buildBundles, type FUNCTIONS } from '../build/bundle.ts';
import { STACK } from '../lambda/contract.ts';
import { ConfigError } from '../lambda/parsers.ts';
import { deployment } from '../lib/index.ts';
import { settingsInContext } from '../lib/app-context.ts';
import type { Settings } from '../lib/settings.ts';

// The CDK CLI sets CDK_OUTDIR. Without it, an App would write to the temporary folder of the system.
const app = new App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' });
const settings = settingsOf(app);
await buildBundles();
deployment(app, STACK, {
  ...settings,
  code: { enforce: bundle('enforce'), scan: bundle('scan'), notify: bundle('notify') },
});
Validations.of(app).addPlugins(new AwsSolutionsChecks());

function bundle(name: (typeof FUNCTIONS)[number]): Code {
  return Code.fromAsset(join(import.meta.dirname, '../dist', name));
}

/** Reads the settings. For a mistyped one, prints the problems without a stack trace. */
function settingsOf(app: App): Settings {
  try {
    return settingsInContext(app.node.getAllContext() as Record<string, unknown>);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
