import { startSandbox } from './index.ts';
import { alertLine, decisionLine, type Print } from './tour/print.ts';
import { CALLERS, Scenario } from './tour/scenario.ts';
import { product } from './tour/synth.ts';

export interface ServeOptions {
  readonly port: number;
  readonly timeScale: number;
  readonly seed: string;
  /** Instances that were there before. */
  readonly fleet: number;
  readonly regions: readonly string[];
}

/** Keeps a local AWS with the product on it up until `stopped`, and prints what is decided and told. */
export async function serve(options: ServeOptions, stopped: Promise<unknown>, print: Print): Promise<void> {
  const built = await product({
    mode: 'enforce',
    alertEmail: ['security@example.com'],
    operationsEmail: ['ops@example.com'],
  });
  const sandbox = await startSandbox({ ...built, callers: CALLERS, ...options });
  for (const topic of sandbox.topics.all()) sandbox.topics.confirm(topic);
  const scenario = new Scenario(sandbox);
  let [decisions, alerts] = [0, 0];
  const timer = setInterval(() => {
    for (const decided of scenario.decided().slice(decisions)) print(decisionLine(decided));
    for (const message of scenario.mailbox().slice(alerts)) print(alertLine(message));
    [decisions, alerts] = [scenario.decided().length, scenario.mailbox().length];
  }, 200);
  try {
    print(`Local AWS at ${sandbox.endpoint}. In another shell:\n`);
    for (const [name, value] of Object.entries(sandbox.environment())) print(`export ${name}=${value}`);
    if (options.fleet > 0) print(`\n${options.fleet} instances were there before, in ${options.regions.join(', ')}.`);
    print('\nCtrl-C ends it.');
    await stopped;
  } finally {
    clearInterval(timer);
    await sandbox.stop();
  }
}
