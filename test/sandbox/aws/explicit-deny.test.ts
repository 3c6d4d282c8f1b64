import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { LambdaClient, GetFunctionCommand } from '@aws-sdk/client-lambda';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Sandbox } from '../../../sandbox/index.ts';
import { sandboxOf, stopAll } from '../support.ts';

const accessKeyId = 'AKIADENIED';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await sandboxOf({ regions: ['us-east-1', 'eu-west-1'] });
});
afterAll(stopAll);

const deny = (Action: string, Condition = {}) =>
  sandbox.callers.add(accessKeyId, {
    arn: 'arn:kim',
    policies: [{ Effect: 'Deny', Action, Resource: '*', Condition }],
  });
const errorOf = async (call: Promise<unknown>) => {
  const { name, message } = await call.then(
    () => ({ name: 'none', message: '' }),
    (error: Error) => error,
  );
  return `${name}: ${message.replace(/ with an explicit deny.*/, '')}`;
};
const config = (region?: string) => ({ ...sandbox.client({ accessKeyId, region }), maxAttempts: 1 });
const Id = '1';

test.each([
  [
    'cloudformation:DescribeStacks',
    'AccessDenied',
    'cloudformation:DescribeStacks',
    () => new CloudFormationClient(config()).send(new DescribeStacksCommand({})),
  ],
  [
    'cloudwatch:GetMetricData',
    'AccessDenied',
    'cloudwatch:GetMetricData',
    () =>
      new CloudWatchClient(config()).send(
        new GetMetricDataCommand({ MetricDataQueries: [], StartTime: new Date(0), EndTime: new Date(1) }),
      ),
  ],
  [
    'events:List*',
    'AccessDeniedException',
    'events:ListRules',
    () => new EventBridgeClient(config()).send(new ListRulesCommand({})),
  ],
  [
    'lambda:GetFunction',
    'AccessDeniedException',
    'lambda:GetFunction',
    () => new LambdaClient(config()).send(new GetFunctionCommand({ FunctionName: 'f' })),
  ],
  [
    'sns:ListSubscriptionsByTopic',
    'AuthorizationErrorException',
    'SNS:ListSubscriptionsByTopic',
    () => new SNSClient(config()).send(new ListSubscriptionsByTopicCommand({ TopicArn: 'arn' })),
  ],
  [
    'sqs:SendMessage',
    'AccessDenied',
    'sqs:sendmessage',
    () =>
      new SQSClient(config()).send(
        new SendMessageBatchCommand({ QueueUrl: `${sandbox.endpoint}/1/q`, Entries: [{ Id, MessageBody: 'x' }] }),
      ),
  ],
  [
    'sts:GetCallerIdentity',
    'AccessDenied',
    'sts:GetCallerIdentity',
    () => new STSClient(config()).send(new GetCallerIdentityCommand({})),
  ],
])('a deny of %s is the error %s about %s', async (action, code, spelled, call) => {
  deny(action);
  expect(await errorOf(call())).toBe(`${code}: User: arn:kim is not authorized to perform: ${spelled}`);
});

test('a deny holds in the Region of its condition only, and nothing else is denied', async () => {
  deny('events:*', { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } });
  const list = (region: string) => errorOf(new EventBridgeClient(config(region)).send(new ListRulesCommand({})));
  expect([await list('us-east-1'), await list('eu-west-1')]).toEqual([
    'none: ',
    'AccessDeniedException: User: arn:kim is not authorized to perform: events:ListRules',
  ]);
  const other = new SQSClient(config('eu-west-1')).send(new GetQueueUrlCommand({ QueueName: 'q' }));
  expect(await errorOf(other)).toMatch(/^QueueDoesNotExist/);
});
