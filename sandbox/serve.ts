import { plural } from '../lambda/core/words/format.ts';
import { MAILBOX_PATH } from './aws/sns/mailbox.ts';
import { startSandbox } from './index.ts';
import type { Print } from './print.ts';
import { buildProduct } from './product.ts';
import { EventLog } from './tour/event-log.ts';
import { CALLERS, Scenario } from './tour/scenario.ts';

export interface ServeOptions {
  readonly port: number;
  readonly timeScale: number;
  readonly seed: string;
  /** The number of existing instances. */
  readonly fleet: number;
  readonly regions: readonly string[];
}

/** Serves a local AWS with the product deployed until `stopped`, and prints outcomes and alerts. */
export async function serve(options: ServeOptions, stopped: Promise<unknown>, print: Print): Promise<void> {
  const product = await buildProduct({
    mode: 'enforce',
    alertEmail: ['security@example.com'],
    operationsEmail: ['ops@example.com'],
  });
  const sandbox = await startSandbox({ ...product, callers: CALLERS, ...options });
  for (const topic of sandbox.topics.all()) sandbox.topics.confirm(topic);
  const eventLog = new EventLog(new Scenario(sandbox), print);
  const timer = setInterval(() => eventLog.printNew(), 200);
  try {
    print(`Local AWS at ${sandbox.endpoint}. In another shell:\n`);
    for (const [name, value] of Object.entries(sandbox.environment())) print(`export ${name}=${value}`);
    print(`\nMailbox of the alerts: ${sandbox.endpoint}${MAILBOX_PATH}`);
    if (options.fleet > 0) {
      print(`\nSeeded ${plural(options.fleet, 'existing instance')} in ${options.regions.join(', ')}.`);
    }
    print('\nPress Ctrl-C to stop.');
    await stopped;
  } finally {
    clearInterval(timer);
    await sandbox.stop();
  }
}
