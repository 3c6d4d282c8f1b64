import type { HealthResult } from '../../lambda/core/health.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../common/aws.ts';
import type { Command } from '../common/command.ts';
import { STACK_OPTION, JSON_OPTION, instanceIdOf, wholeNumberOf } from '../common/options.ts';
import { checkStack, findDeployment } from './deployment.ts';
import { type Check, exitCodeOf, print, runCheck } from './check-result.ts';
import { healthOf } from './health.ts';
import { checkPing } from './ping.ts';
import { checkBacklog } from './queues.ts';

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
  details: `Checks every part of the deployment in the home Region and in each Region of the setting regions; docs/health.md lists what it finds. Changes nothing. A finding names the call that caused it and the caller, if CloudTrail's event history has it. Then it sends a ping event: the function makes two dry runs, one of the change that its role must allow and one of the change that its role must deny, and logs the results.

Exit code 0: no findings. 2: findings, among which is what is not visible from here. 1: a check failed.`,
  permissions:
    'cloudformation:DescribeStacks; optional: cloudformation:ListStackResources, cloudtrail:DescribeTrails, cloudtrail:GetEventSelectors, cloudtrail:GetTrailStatus, cloudwatch:DescribeAlarms, ec2:DescribeRegions, events:DescribeEventBus, events:DescribeRule, events:ListTargetsByRule, iam:GetRole, iam:SimulatePrincipalPolicy, kms:DescribeKey, kms:GetKeyPolicy, lambda:GetFunctionConcurrency, lambda:GetFunctionConfiguration, lambda:ListEventSourceMappings, sns:GetSubscriptionAttributes, sns:GetTopicAttributes, sns:ListSubscriptionsByTopic, sqs:GetQueueAttributes, sqs:GetQueueUrl for the checks, events:PutEvents, logs:FilterLogEvents and ec2:DescribeInstances for the ping',
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
      ...healthOf(deployment, aws, config).groups(),
      { name: 'backlog', run: () => checkBacklog(deployment, config) },
      ...(options.ping ? [{ name: 'ping', run: () => checkPing(deployment, options, aws, config, io) }] : []),
    ];
    const results: HealthResult[] = [];
    for (const check of checks) {
      io.progress(`checking ${check.name}`);
      const found = await runCheck(check, io.interrupted);
      io.progress('');
      results.push(...found);
      if (!options.json) for (const result of found) print(result, io);
    }
    if (options.json)
      io.verbatim(JSON.stringify({ stack: options.stack, region, results: results.map(published) }, null, 2));
    return exitCodeOf(results);
  },
};

/** The fields of a result that are in the JSON output. */
const published = ({ check, level, loss, text, changedBy, action }: HealthResult): HealthResult => ({
  check,
  level,
  loss,
  text,
  changedBy,
  action,
});
