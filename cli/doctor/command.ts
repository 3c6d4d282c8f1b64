import { Aws, AWS_OPTIONS, type AwsOptions } from '../shared/aws.ts';
import type { Command } from '../shared/command.ts';
import { STACK_OPTION, JSON_OPTION, instanceIdOf, wholeNumberOf } from '../shared/options.ts';
import { checkStack, findDeployment } from './deployment.ts';
import { carryOut, type Check, exitCodeOf, type CheckResult, print } from './check-result.ts';
import { checkFunctions, checkSources } from './functions.ts';
import { checkPing } from './ping.ts';
import { checkQueues } from './queues.ts';
import { checkRegion, otherRegions } from './region.ts';
import { checkRules } from './rules.ts';
import { checkTopic } from './topics.ts';
import { checkTrail } from './trail.ts';

interface DoctorOptions extends AwsOptions {
  readonly stack: string;
  readonly ping: boolean;
  readonly instanceId?: string;
  readonly timeout: number;
  readonly json?: true;
}

/** Whether a deployment would do what it is there for. */
export const doctor: Command<DoctorOptions> = {
  name: 'doctor',
  summary: 'is the deployment alive, and may it do what it should and nothing else',
  details: `Looks at stack, trail, rules, functions, subscriptions and queues, and changes nothing. Then it sends a ping through the event bus: the function itself tries, as dry runs, the change that it makes and the one that its role must refuse, and writes the answers to its log.

Exit code 0: fine. 2: there is something to do. 1: something could not be looked at.`,
  options: [
    STACK_OPTION,
    ...AWS_OPTIONS,
    { flags: '--no-ping', description: 'only look' },
    {
      flags: '--instance-id <id>',
      description: 'what the function tries its dry runs on; default: some instance of the region',
      read: instanceIdOf,
    },
    {
      flags: '--timeout <seconds>',
      description: 'how long to wait for the answer to the ping',
      read: wholeNumberOf(1, 600),
      fallback: 60,
    },
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 doctor', 'the deployment in the region of the environment'],
    ['imdsv2 doctor --region eu-west-1 --json', 'for a pipeline'],
    ['imdsv2 doctor --no-ping', 'without the ping'],
  ],
  run: async (_, options, io) => {
    const aws = new Aws(options, io);
    const region = await aws.home();
    const config = aws.config(region);
    const deployment = await findDeployment(options.stack, region, config);
    const checks: Check[] = [
      { name: 'stack', run: () => Promise.resolve(checkStack(deployment)) },
      { name: 'trail', run: () => checkTrail(deployment, config) },
      { name: 'rules', run: () => checkRules(deployment, config) },
      { name: 'function', run: () => checkFunctions(deployment, config) },
      { name: 'source', run: () => checkSources(deployment, config) },
      { name: 'subscriptions', run: () => checkTopic('Outcomes', deployment, config) },
      { name: 'subscriptions', run: () => checkTopic('Operations', deployment, config) },
      { name: 'queues', run: () => checkQueues(deployment, config) },
      ...otherRegions(deployment).map((name) => ({ name, run: () => checkRegion(name, aws.config(name)) })),
      ...(options.ping ? [{ name: 'ping', run: () => checkPing(deployment, options, aws, config, io) }] : []),
    ];
    const results: CheckResult[] = [];
    for (const check of checks) {
      io.progress(`looking at ${check.name}`);
      const found = await carryOut(check, io.interrupted);
      io.progress('');
      results.push(...found);
      if (!options.json) for (const result of found) print(result, io);
    }
    if (options.json) io.out(JSON.stringify({ stack: options.stack, region, results }, null, 2));
    return exitCodeOf(results);
  },
};
