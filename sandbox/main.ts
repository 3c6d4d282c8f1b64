import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { ConfigError, problem } from '../lambda/parsers.ts';
import type { Screen } from './print.ts';
import { serve } from './serve.ts';
import type { CommandLine } from './tour/command-line.ts';
import { runTour } from './tour/index.ts';

const HELP = `Runs the product on a local AWS.

  npm start                               tour: plays every case and prints decisions and alerts
  npm run sandbox -- --serve [--port N]   serves a local AWS for AWS SDKs and the AWS CLI

Options
  --verbose         tour: also list every check and every instance at the end
  --serve           serve until Ctrl-C
  --port N          port to listen on, 1 to 65535; default: any free port
  --fleet N         with --serve: number of existing instances, 0 to 100000; default: 0
  --regions A,B     with --serve: enabled regions; the product is deployed in the first one; default: us-east-1
  --time-scale K    simulated seconds per real second, 1 to 60; default: 15 for the tour, 1 with --serve
  --seed TEXT       seed of ids and of the fleet; default: local
  --help            print this help
`;

/**
 * Runs `npm start` or `npm run sandbox`. Invalid options are printed, one line each, with exit code 1.
 *
 * @param imdsv2 the command line, which the tour uses.
 * @returns the exit code.
 */
export async function main(argv: readonly string[], screen: Screen, imdsv2: CommandLine): Promise<number> {
  try {
    return await run(argv, screen, imdsv2);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!(error instanceof ConfigError) && !code?.startsWith('ERR_PARSE_ARGS') && code !== 'EADDRINUSE') throw error;
    console.error((error as Error).message);
    return 1;
  }
}

async function run(argv: readonly string[], screen: Screen, imdsv2: CommandLine): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      verbose: { type: 'boolean', default: false },
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
    screen.print(HELP);
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
    const isValid = text === undefined || (/^\d+$/.test(text) && value >= min && value <= max);
    if (!isValid) problems.push(problem(`--${name}`, text, `a whole number from ${min} to ${max}`));
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
  if (values.verbose && values.serve) problems.push('--verbose is an option of the tour');
  if (problems.length > 0) throw new ConfigError(problems);
  const { seed, verbose } = values;
  if (!values.serve) return (await runTour({ timeScale, seed, verbose, imdsv2 }, screen)) ? 0 : 1;
  await serve(
    { port, timeScale, seed, fleet, regions },
    Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]),
    screen.print,
  );
  return 0;
}
