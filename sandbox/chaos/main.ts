import { parseArgs } from 'node:util';
import { ConfigError, problem } from '../../lambda/parsers.ts';
import type { Print } from '../print.ts';
import { runBurst } from './burst.ts';
import { FAULT_NAMES, FAULT_TEXTS, MAX_CONCURRENCY } from './options.ts';
import { runChaos } from './run.ts';
import { PATH_NAMES } from './without.ts';

const LAUNCHES = 5000;
const TIME_SCALE = 60;
const BURST_TIME_SCALE = 5;

/** What `--existing` accepts. */
const EXISTING = ['enforce', 'enforce-when-unused'] as const;

const HELP = `Launches instances on the local AWS while faults are injected, and reports instances that were missed.

  npm run chaos -- --launches 5000 --seed 1 --redrive
  npm run chaos -- --burst                  1,000 concurrent single launches with AWS's request limits, without faults

Options
  --launches N       RunInstances calls, 1 to 20000, of about four instances each; default: ${LAUNCHES}
  --seed TEXT        seed of the launches and the faults; default: 1
  --time-scale K     simulated seconds per real second, 1 to 1000; default: ${TIME_SCALE}, ${BURST_TIME_SCALE} with --burst.
                     Real work counts as simulated time, so printed times depend on the machine: with 10 little, with 60 by minutes
  --faults LIST      all, none, or faults from the list below, separated by commas; default: all
  --without LIST     disable the rule of a trigger, or the schedule of the scan: ${PATH_NAMES.join(', ')}
  --scan             also lose both events of some instances, and run the scan at the end
  --existing VALUE   with --scan: ${EXISTING.join(' | ')}; with the latter there are fleets that existed before,
                     some of them in use, and no event is lost; default: ${EXISTING[0]}
  --redrive          redrive the dead-letter queue at the end without faults, and expect that every message is processed
  --burst            run the burst of launches
  --concurrency N    concurrent environments of each function, 1 to 1000; default: ${MAX_CONCURRENCY}, the quota of a new account
  --help             print this help

Faults
${FAULT_NAMES.map((name) => `  ${name.padEnd(16)} ${FAULT_TEXTS[name]}`).join('\n')}

Exit code 1 means that an instance was missed (it has IMDSv1 enabled against the policy, and no queue with an alarm contains it), that
a remediation is owed a notification, or, after a redrive, that an instance still has IMDSv1 enabled or a message is still queued.
`;

/** Runs `npm run chaos`. Invalid options are printed, one line each, with exit code 1. @returns the exit code. */
export async function main(argv: readonly string[], print: Print): Promise<number> {
  try {
    return await run(argv, print);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!(error instanceof ConfigError) && !code?.startsWith('ERR_PARSE_ARGS')) throw error;
    console.error((error as Error).message);
    return 1;
  }
}

async function run(argv: readonly string[], print: Print): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      launches: { type: 'string', default: String(LAUNCHES) },
      seed: { type: 'string', default: '1' },
      'time-scale': { type: 'string' },
      faults: { type: 'string', default: 'all' },
      without: { type: 'string', default: '' },
      redrive: { type: 'boolean', default: false },
      scan: { type: 'boolean', default: false },
      existing: { type: 'string' },
      burst: { type: 'boolean', default: false },
      concurrency: { type: 'string', default: String(MAX_CONCURRENCY) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const problems: string[] = [];
  const number = (name: string, text: string, max: number): number => {
    const isValid = /^\d{1,9}$/.test(text) && Number(text) >= 1 && Number(text) <= max;
    if (!isValid) problems.push(problem(`--${name}`, text, `a whole number from 1 to ${max}`));
    return Number(text);
  };
  const names = <T extends string>(name: string, text: string, accepted: readonly T[], more: string): readonly T[] => {
    const given = text.split(',').filter((word) => word !== '');
    const selected = given.flatMap((word) => accepted.find((other) => other === word) ?? []);
    if (selected.length !== given.length) problems.push(problem(`--${name}`, text, more + accepted.join(' | ')));
    return selected;
  };
  const { seed, redrive, scan } = values;
  if (!/^[\w-]{1,32}$/.test(seed))
    problems.push(problem('--seed', seed, '1 to 32 characters from a-z, A-Z, 0-9, _ and -'));
  const launches = number('launches', values.launches, 20_000);
  const timeScale = number(
    'time-scale',
    values['time-scale'] ?? String(values.burst ? BURST_TIME_SCALE : TIME_SCALE),
    1000,
  );
  const maxConcurrency = number('concurrency', values.concurrency, 1000);
  const listed = { all: FAULT_NAMES.join(), none: '' }[values.faults] ?? values.faults;
  const faults = names('faults', listed, FAULT_NAMES, 'all | none | ');
  const without = names('without', values.without, PATH_NAMES, '');
  const existing = EXISTING.find((value) => value === (values.existing ?? 'enforce'));
  if (existing === undefined) problems.push(problem('--existing', values.existing ?? '', EXISTING.join(' | ')));
  if (values.existing !== undefined && !scan) problems.push(problem('--existing', values.existing, 'only with --scan'));
  if (problems.length > 0) throw new ConfigError(problems);
  const startedAt = performance.now();
  const nothingLost = values.burst
    ? await runBurst({ seed, timeScale, maxConcurrency }, print)
    : await runChaos({ launches, seed, timeScale, faults, without, redrive, scan, existing, maxConcurrency }, print);
  print(`Finished in ${((performance.now() - startedAt) / 1000).toFixed(0)} s of real time.`);
  return nothingLost ? 0 : 1;
}
