import type { Template } from '../../sandbox/aws/cloudformation/template.ts';

/** How a template for the fixture differs from the default. */
export interface TemplateOptions {
  readonly behaviour?: string;
  readonly timeout?: number;
  readonly mapping?: Record<string, unknown>;
  readonly queue?: Record<string, unknown>;
  readonly without?: readonly string[];
}

export const getArn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

/** A stack in the form of the CDK: two rules, a function, a queue, its dead-letter queue and a topic. */
export function templateOf({
  behaviour = 'remediate',
  timeout = 60,
  mapping,
  queue,
  without = [],
}: TemplateOptions = {}): Template {
  const target = (id: string) => ({
    Arn: getArn(id),
    Id: 'Target0',
    DeadLetterConfig: { Arn: getArn('DeadLetterQueueAAAAAAAA') },
    RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 2 },
  });
  const mayDeliver = (id: string) => ({
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: getArn(id),
    Condition: { ArnEquals: { 'aws:SourceArn': [getArn('LaunchRule33333333'), getArn('RunningRule44444444')] } },
  });
  const resources: Record<string, Template['Resources']> = {
    TopicBBBBBBBB: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'Test' } },
    DeadLetterQueueAAAAAAAA: {
      Type: 'AWS::SQS::Queue',
      Metadata: { 'aws:cdk:path': 'Local/DeadLetterQueue/Resource' },
    },
    WorkQueue11111111: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        DelaySeconds: 15,
        VisibilityTimeout: 400,
        RedrivePolicy: { deadLetterTargetArn: getArn('DeadLetterQueueAAAAAAAA'), maxReceiveCount: 2 },
        ...queue,
      },
    },
    QueuePolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        PolicyDocument: { Statement: [mayDeliver('DeadLetterQueueAAAAAAAA'), mayDeliver('WorkQueue11111111')] },
        Queues: [{ Ref: 'DeadLetterQueueAAAAAAAA' }, { Ref: 'WorkQueue11111111' }],
      },
    },
    FunctionRole: { Type: 'AWS::IAM::Role', Properties: {} },
    Function22222222: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: { 'Fn::Sub': 'assets-${AWS::AccountId}-${AWS::Region}' }, S3Key: 'code.zip' },
        Handler: 'function.handler',
        Role: getArn('FunctionRole'),
        Runtime: 'nodejs24.x',
        Timeout: timeout,
        Environment: {
          Variables: {
            BEHAVIOUR: behaviour,
            TOPIC_ARN: { Ref: 'TopicBBBBBBBB' },
            QUEUE_URL: { Ref: 'WorkQueue11111111' },
            JOINED: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':', { Ref: 'AWS::Region' }]] },
          },
        },
      },
    },
    LaunchRule33333333: {
      Type: 'AWS::Events::Rule',
      Properties: {
        State: 'ENABLED',
        EventPattern: {
          source: ['aws.ec2'],
          detail: { eventName: ['RunInstances'], errorCode: [{ exists: false }] },
        },
        Targets: [target('WorkQueue11111111')],
      },
    },
    RunningRule44444444: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: ['aws.ec2'], detail: { state: ['running'] } },
        Targets: [target('WorkQueue11111111')],
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: getArn('WorkQueue11111111'),
        FunctionName: { Ref: 'Function22222222' },
        BatchSize: 200,
        MaximumBatchingWindowInSeconds: 10,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 2 },
        ...mapping,
      },
    },
    Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { Something: { 'Fn::GetAtt': ['Nowhere', 'At'] } } },
  } as unknown as Record<string, Template['Resources']>;
  return {
    Resources: Object.fromEntries(Object.entries(resources).filter(([id]) => !without.includes(id))),
  } as unknown as Template;
}

/** How a template with a FIFO queue differs from the default: properties of its resources. */
export interface FifoOptions {
  readonly behaviour?: string;
  readonly queue?: object;
  readonly mapping?: object;
  readonly rule?: object;
  readonly function?: object;
}

/** Function properties for the reader fixture. */
export const READER_PROPERTIES = {
  Timeout: 900,
  Handler: 'reader.handler',
  Environment: { Variables: { STEPS_URL: { Ref: 'Steps' }, RULE_NAME: { Ref: 'Schedule' } } },
};

/** A stack with a schedule, and a FIFO queue that invokes a function and has a dead-letter queue. */
export function fifoTemplate({ behaviour = 'partial', ...changed }: FifoOptions = {}): Template {
  const { Resources = {} } = templateOf({ behaviour, without: ['Mapping'] });
  const { Function22222222: original = { Type: 'none' } } = Resources;
  const queuePolicy = {
    Queues: [{ Ref: 'Steps' }],
    PolicyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: getArn('Steps'),
          Condition: { ArnEquals: { 'aws:SourceArn': getArn('Schedule') } },
        },
      ],
    },
  };
  return {
    Resources: {
      ...Resources,
      Function22222222: { ...original, Properties: { ...original.Properties, ...changed.function } },
      DeadSteps: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
      Steps: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          FifoQueue: true,
          ContentBasedDeduplication: true,
          VisibilityTimeout: 60,
          RedrivePolicy: { deadLetterTargetArn: getArn('DeadSteps'), maxReceiveCount: 2 },
          ...changed.queue,
        },
      },
      StepsPolicy: { Type: 'AWS::SQS::QueuePolicy', Properties: queuePolicy },
      StepsMapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          EventSourceArn: getArn('Steps'),
          FunctionName: { Ref: 'Function22222222' },
          BatchSize: 1,
          ScalingConfig: { MaximumConcurrency: 3 },
          ...changed.mapping,
        },
      },
      Schedule: {
        Type: 'AWS::Events::Rule',
        Metadata: { 'aws:cdk:path': 'Local/Scan/Schedule/Resource' },
        Properties: {
          ScheduleExpression: 'cron(0 0/6 * * ? *)',
          State: 'ENABLED',
          Targets: [{ Id: 'Target0', Arn: getArn('Steps'), SqsParameters: { MessageGroupId: 'start' } }],
          ...changed.rule,
        },
      },
    },
  };
}
