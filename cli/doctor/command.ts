import { Aws, AWS_OPTIONS, type AwsOptions } from '../shared/aws.ts';
import type { Command } from '../shared/command.ts';
import { STACK_OPTION, JSON_OPTION, instanceIdOf, wholeNumberOf } from '../shared/options.ts';
import { checkStack, findDeployment } from './deployment.ts';
import { type Check, type CheckResult, exitCodeOf, print, runCheck } from './check-result.ts';
import { checkEventSources, checkFunctions } from './functions.ts';
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

export const doctor: Command<DoctorOptions> = {
  name: 'doctor',
  summary: 'Check the health of the deployment, its permissions and alert delivery',
  details: `Checks stack, trail, rules, functions, subscriptions and queues, and each Region of the setting regions. Changes nothing. Then it sends a ping event: the function makes two dry runs, one of the change that its role must allow and one of the change that its role must deny, and logs the results.

Exit code 0: no findings. 2: findings. 1: a check could not be made.`,
  permissions:
    'cloudformation:DescribeStacks, cloudformation:ListStackResources, cloudtrail:DescribeTrails, cloudtrail:GetEventSelectors, cloudtrail:GetTrailStatus, events:DescribeRule, events:ListTargetsByRule, lambda:GetFunction, lambda:ListEventSourceMappings, sns:ListSubscriptionsByTopic, sqs:GetQueueAttributes; events:ListRules and sqs:GetQueueUrl for other Regions; events:PutEvents, logs:FilterLogEvents and ec2:DescribeInstances for the ping',
  options: [
    STACK_OPTION,
    ...AWS_OPTIONS,
    { flags: '--no-ping', description: 'do not send a ping event' },
    {
      flags: '--instance-id <id>',
      description: 'instance for the dry runs (default: any in the Region)',
      read: instanceIdOf,
    },
    {
      flags: '--timeout <seconds>',
      description: 'time to wait for the response to the ping',
      read: wholeNumberOf(1, 600),
      fallback: 60,
    },
    JSON_OPTION,
  ],
  examples: [
    ['imdsv2 doctor', 'the deployment in the default Region'],
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
      { name: 'event source', run: () => checkEventSources(deployment, config) },
      { name: 'subscriptions', run: () => checkTopic('Outcomes', deployment, config) },
      { name: 'subscriptions', run: () => checkTopic('Operations', deployment, config) },
      { name: 'queues', run: () => checkQueues(deployment, config) },
      ...otherRegions(deployment).map((name) => ({ name, run: () => checkRegion(name, aws.config(name)) })),
      ...(options.ping ? [{ name: 'ping', run: () => checkPing(deployment, options, aws, config, io) }] : []),
    ];
    const results: CheckResult[] = [];
    for (const check of checks) {
      io.progress(`checking ${check.name}`);
      const found = await runCheck(check, io.interrupted);
      io.progress('');
      results.push(...found);
      if (!options.json) for (const result of found) print(result, io);
    }
    if (options.json) io.out(JSON.stringify({ stack: options.stack, region, results }, null, 2));
    return exitCodeOf(results);
  },
};
