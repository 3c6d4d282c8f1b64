import { parseArgs } from 'node:util';
import { ConfigError, problem } from '../../lambda/parsers.ts';
import { runBurst } from './burst.ts';
import { FAULT_NAMES, FAULT_TEXTS } from './options.ts';
import { runChaos } from './run.ts';
import { PATH_NAMES } from './without.ts';

const LAUNCHES = 5000;
const TIME_SCALE = 60;
const BURST_TIME_SCALE = 5;

const HELP = `Launches a fleet on the local AWS while everything goes wrong that can, and looks for what was lost.

  npm run chaos -- --launches 5000 --seed 1 --redrive
  npm run chaos -- --burst                  1,000 single launches at once at AWS's real buckets, nothing goes wrong

Options
  --launches N       RunInstances calls, 1 to 20000; about four instances each; default: ${LAUNCHES}
  --seed TEXT        what the fleet and the faults are drawn from; default: 1
  --time-scale K     how many times faster than yours the clock runs, 1 to 1000; default: ${TIME_SCALE}, ${BURST_TIME_SCALE} with --burst
  --faults LIST      all, none, or some of those below, with commas; default: all
  --without LIST     take away the rule of a trigger, or the schedule of the scan: ${PATH_NAMES.join(', ')}
  --scan            lose both events of some instances as well, and let the scan find them in the end (existing=enforce)
  --redrive          move the dead letters back in the end, without faults, and expect nothing left open or waiting
  --burst            the burst instead of the fleet
  --help             this text

Faults
${FAULT_NAMES.map((name) => `  ${name.padEnd(16)} ${FAULT_TEXTS[name]}`).join('\n')}

It exits with 1 if an instance that should be closed is not, and is named in no queue that has an alarm; or if one was closed and
nobody was told; or, after the redrive, if one is still open or a message still waits.
`;

type Print = (line?: string) => void;

/** Runs `npm run chaos`, and returns its exit code. Bad options are one line each and 1. */
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
      burst: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const problems: string[] = [];
  const number = (name: string, text: string, max: number): number => {
    const fine = /^\d{1,9}$/.test(text) && Number(text) >= 1 && Number(text) <= max;
    if (!fine) problems.push(problem(`--${name}`, text, `a whole number from 1 to ${max}`));
    return Number(text);
  };
  const names = <T extends string>(name: string, text: string, accepted: readonly T[], more: string): readonly T[] => {
    const given = text.split(',').filter((word) => word !== '');
    const chosen = given.flatMap((word) => accepted.find((other) => other === word) ?? []);
    if (chosen.length !== given.length) problems.push(problem(`--${name}`, text, more + accepted.join(' | ')));
    return chosen;
  };
  const { seed, redrive, scan } = values;
  if (!/^[\w-]{1,32}$/.test(seed)) problems.push(problem('--seed', seed, '1 to 32 letters, digits, _ and -'));
  const launches = number('launches', values.launches, 20_000);
  const timeScale = number(
    'time-scale',
    values['time-scale'] ?? String(values.burst ? BURST_TIME_SCALE : TIME_SCALE),
    1000,
  );
  const listed = { all: FAULT_NAMES.join(), none: '' }[values.faults] ?? values.faults;
  const faults = names('faults', listed, FAULT_NAMES, 'all | none | ');
  const without = names('without', values.without, PATH_NAMES, '');
  if (problems.length > 0) throw new ConfigError(problems);
  const startedAt = performance.now();
  const fine = values.burst
    ? await runBurst({ seed, timeScale }, print)
    : await runChaos({ launches, seed, timeScale, faults, without, redrive, scan }, print);
  print(`${((performance.now() - startedAt) / 1000).toFixed(0)} s of your time`);
  return fine ? 0 : 1;
}
