import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Notifier } from '../../lib/notifier.ts';
import { DEFAULTS, type Settings } from '../../lib/settings.ts';
import { Topics } from '../../lib/topics.ts';
import { parseNotifyConfig } from '../../lambda/config.ts';
import { SEVERITIES } from '../../lambda/contract.ts';
import { actions, newApp, resources, statements, theOne } from './synth.ts';

const templateWith = (settings: Partial<Settings> = {}): Template => {
  const stack = new Stack(newApp(), 'Test');
  const all = { ...DEFAULTS, ...settings };
  new Notifier(stack, 'Notifier', {
    code: Code.fromInline('export const handler = async () => undefined;'),
    topics: new Topics(stack, 'Topics', all),
    settings: all,
  });
  return Template.fromStack(stack);
};

interface RuleProperties {
  readonly EventPattern?: { readonly account: unknown; readonly detail: { readonly severity: readonly string[] } };
  readonly ScheduleExpression?: string;
  readonly EventBusName?: unknown;
  readonly Targets: readonly { readonly Arn: { readonly 'Fn::GetAtt': readonly [string, string] } }[];
}

const template = templateWith();
const queueId = (name: string) => theOne(template, 'AWS::SQS::Queue', `Notifier${name}`)[0];
const rule = (name: string, from = template) => theOne<RuleProperties>(from, 'AWS::Events::Rule', `Notifier${name}`)[1];
const targetOf = ({ Targets }: RuleProperties) => Targets.map(({ Arn }) => Arn['Fn::GetAtt'][0]);

test('every severity goes to one of the two queues, in this account only', () => {
  expect(targetOf(rule('Urgent'))).toEqual([queueId('UrgentQueue')]);
  expect(targetOf(rule('Summary'))).toEqual([queueId('SummaryQueue')]);
  const severities = [rule('Summary'), rule('Urgent')].flatMap(
    ({ EventPattern }) => EventPattern?.detail.severity ?? [],
  );
  expect(severities).toEqual(SEVERITIES);
  expect(rule('Urgent').EventPattern?.account).toEqual([{ Ref: 'AWS::AccountId' }]);
});

test.each([
  [15, 'cron(0/15 * * * ? *)'],
  [1, 'cron(0/1 * * * ? *)'],
])('the urgent queue receives the schedule of summaries: every %i minutes', (alertSummaryMinutes, expression) => {
  const from = templateWith({ alertSummaryMinutes });
  expect(rule('Drain', from).ScheduleExpression).toBe(expression);
  expect(targetOf(rule('Drain', from))).toEqual([queueId('UrgentQueue')]);
});

test('without summaries, everything is urgent, and nothing is scheduled', () => {
  const from = templateWith({ alertSummaryMinutes: 0 });
  expect(Object.keys(resources(from, 'AWS::Events::Rule'))).toHaveLength(1);
  expect(rule('Urgent', from).EventPattern?.detail.severity).toEqual(SEVERITIES);
});

test('the function reads the urgent queue only, without a filter, which would delete what it does not match', () => {
  const [, mapping] = theOne<Record<string, unknown>>(template, 'AWS::Lambda::EventSourceMapping');
  expect(mapping).toMatchObject({
    EventSourceArn: { 'Fn::GetAtt': [queueId('UrgentQueue'), 'Arn'] },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  expect(mapping).not.toHaveProperty('FilterCriteria');
  expect(Number(mapping.MaximumBatchingWindowInSeconds)).toBeLessThan(60);
});

test('an alert that SNS refuses is sent again for hours, and the queues outlast the function', () => {
  for (const name of ['UrgentQueue', 'SummaryQueue']) {
    const [, queue] = theOne<{ VisibilityTimeout: number; RedrivePolicy: { maxReceiveCount: number } }>(
      template,
      'AWS::SQS::Queue',
      `Notifier${name}`,
    );
    expect(queue.VisibilityTimeout).toBeGreaterThan(90);
    expect(queue.VisibilityTimeout * queue.RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(2 * 3600);
  }
});

test('the role reaches the queues, the topic and its key, the history of CloudTrail, and nothing else', () => {
  const policies = statements(template.findResources('AWS::IAM::Policy'));
  expect([...new Set(policies.flatMap(actions))].sort()).toEqual([
    'cloudtrail:LookupEvents',
    'kms:Decrypt',
    'kms:GenerateDataKey*',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'sns:Publish',
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ReceiveMessage',
    'sqs:SendMessage',
  ]);
  expect(policies.filter(({ Resource }) => Resource === '*').flatMap(actions)).toEqual(['cloudtrail:LookupEvents']);
});

test('the configuration is one that the function accepts, with and without chat', () => {
  const environment = (from: Template) =>
    theOne<{ Environment: { Variables: Record<string, unknown> } }>(from, 'AWS::Lambda::Function')[1].Environment
      .Variables;
  const plain = environment(template);
  const resolved = {
    ...(plain as Record<string, string>),
    IMDSV2_OUTCOMES_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:outcomes',
    IMDSV2_SUMMARY_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/summary',
  };
  expect(parseNotifyConfig(resolved)).toMatchObject({
    alertSummaryMinutes: 15,
    maxExemptionDays: 90,
    chatTopicArns: [],
  });
  const withChat = templateWith({ chat: 'amazon-q' });
  expect(environment(withChat).IMDSV2_CHAT_TOPIC_ARNS).toEqual({ Ref: expect.stringMatching(/^TopicsChat/) });
});

test('the rules are on the bus of outcomes', () => {
  const from = templateWith({ outcomeBusArn: 'arn:aws:events:eu-west-1:111122223333:event-bus/security' });
  expect(rule('Urgent', from).EventBusName).toBe('security');
  from.hasResourceProperties('AWS::Events::Rule', {
    ScheduleExpression: Match.anyValue(),
    EventBusName: Match.absent(),
  });
});
