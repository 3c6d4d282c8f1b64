import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { ConfigError, problem } from '../lambda/config.ts';
import { serve } from './serve.ts';
import { runTour } from './tour/index.ts';

const HELP = `The product on a local AWS.

  npm start                               the tour: every case, what was decided, what was told
  npm run sandbox -- --serve [--port N]   the local AWS stays up for any AWS SDK or CLI

Options
  --serve           stay up until Ctrl-C
  --port N          where to listen, 1 to 65535; default: a free port
  --fleet N         with --serve: instances that were there before the product, 0 to 100000; default: 0
  --regions A,B     with --serve: regions of the account; the product is in the first; default: us-east-1
  --time-scale K    how many times faster than yours its clock runs, 1 to 60; default: 15 for the tour, 1 with --serve
  --seed TEXT       what ids and the fleet are made from; default: local
  --help            this text
`;

type Print = (line?: string) => void;

/** Runs `npm start` or `npm run sandbox`, and returns its exit code. Bad options are one line each and 1. */
export async function main(argv: readonly string[], print: Print): Promise<number> {
  try {
    return await run(argv, print);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!(error instanceof ConfigError) && !code?.startsWith('ERR_PARSE_ARGS') && code !== 'EADDRINUSE') throw error;
    console.error((error as Error).message);
    return 1;
  }
}

async function run(argv: readonly string[], print: Print): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      serve: { type: 'boolean', default: false },
      port: { type: 'string' },
      fleet: { type: 'string' },
      regions: { type: 'string' },
      'time-scale': { type: 'string' },
      seed: { type: 'string', default: 'local' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const problems: string[] = [];
  const number = (
    name: 'port' | 'fleet' | 'time-scale',
    fallback: number,
    [min, max]: readonly [number, number],
  ): number => {
    const text = values[name];
    const value = text === undefined ? fallback : Number(text);
    const fine = text === undefined || (/^\d+$/.test(text) && value >= min && value <= max);
    if (!fine) problems.push(problem(`--${name}`, text, `a whole number from ${min} to ${max}`));
    return value;
  };
  const port = number('port', 0, [1, 65_535]);
  const fleet = number('fleet', 0, [0, 100_000]);
  const regions = [...new Set((values.regions ?? 'us-east-1').split(','))];
  if (!regions.every((name) => /^[a-z]{2}(-[a-z]+)+-\d$/.test(name))) {
    problems.push(problem('--regions', values.regions, 'names of regions, separated by commas'));
  }
  const timeScale = number('time-scale', values.serve ? 1 : 15, [1, 60]);
  for (const name of ['port', 'fleet', 'regions'] as const) {
    if (values[name] !== undefined && !values.serve) problems.push(`--${name} needs --serve`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  if (!values.serve) return (await runTour({ timeScale, seed: values.seed }, print)) ? 0 : 1;
  await serve(
    { port, timeScale, seed: values.seed, fleet, regions },
    Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]),
    print,
  );
  return 0;
}
