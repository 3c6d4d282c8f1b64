import type { Template } from 'aws-cdk-lib/assertions';
import { parseScanConfig } from '../../lambda/config.ts';
import { EXISTING, MODES } from '../../lambda/contract.ts';
import { actions, resources, type Statement, statements, templateOf, theOne } from './synth.ts';

interface Queue {
  readonly FifoQueue?: boolean;
  readonly ContentBasedDeduplication?: boolean;
  readonly MessageRetentionPeriod: number;
  readonly VisibilityTimeout: number;
  readonly RedrivePolicy?: { readonly deadLetterTargetArn: unknown; readonly maxReceiveCount: number };
}

interface Rule {
  readonly ScheduleExpression: string;
  readonly State: string;
  readonly Targets: readonly object[];
}

interface FunctionProperties {
  readonly Timeout: number;
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
}

const MODIFY = 'ec2:ModifyInstanceMetadataOptions';
const DAY = 24 * 3600;
const template = templateOf();
const [queueId, queue] = theOne<Queue>(template, 'AWS::SQS::Queue', 'EnforcerScanQueue');
const [deadLetterQueueId, deadLetterQueue] = theOne<Queue>(template, 'AWS::SQS::Queue', 'EnforcerScanDeadLetterQueue');
const [functionId, scan] = theOne<FunctionProperties>(template, 'AWS::Lambda::Function', 'EnforcerScanFunction');
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const queueArn = (prefix: string) => arn(theOne(template, 'AWS::SQS::Queue', prefix)[0]);
const policyOf = (of: Template, role: string) =>
  statements(theOne(of, 'AWS::IAM::Policy', `Enforcer${role}RoleDefaultPolicy`)[1]);
const scanPolicy = (of: Template = template) => policyOf(of, 'ScanFunction');
const allowed = (all: readonly Statement[]) => all.filter(({ Effect }) => Effect === 'Allow');
const denied = (all: readonly Statement[]) => all.filter(({ Effect }) => Effect === 'Deny');

/** Resources of every statement that allows an action. */
const allowedOn = (action: string) =>
  allowed(scanPolicy())
    .filter((statement) => actions(statement).includes(action))
    .flatMap(({ Resource }) => Resource);

describe('the schedule', () => {
  test.each([
    [1, 'cron(0 0/1 * * ? *)'],
    [6, 'cron(0 0/6 * * ? *)'],
    [12, 'cron(0 0/12 * * ? *)'],
    // `0/24` is not a valid hour.
    [24, 'cron(0 0 * * ? *)'],
  ])('every %d hours is %s, the same hours every day', (scanEveryHours, expression) => {
    const [, rule] = theOne<Rule>(templateOf({ scanEveryHours }), 'AWS::Events::Rule', 'EnforcerScanSchedule');
    expect(rule).toMatchObject({ ScheduleExpression: expression, State: 'ENABLED' });
  });

  test('sends one message to the queue, with retries and a dead-letter queue', () => {
    const [id, rule] = theOne<Rule>(template, 'AWS::Events::Rule', 'EnforcerScanSchedule');
    expect(rule.Targets).toEqual([
      {
        Id: expect.any(String),
        Arn: arn(queueId),
        SqsParameters: { MessageGroupId: 'start' },
        // EventBridge supports no FIFO queue as dead-letter queue.
        DeadLetterConfig: { Arn: queueArn('EnforcerDeadLetterQueue') },
        RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 185 },
      },
    ]);
    const fromThisRule = JSON.stringify(arn(id));
    const delivers = statements(template.findResources('AWS::SQS::QueuePolicy'))
      .filter(({ Condition }) => JSON.stringify(Condition?.ArnEquals?.['aws:SourceArn']) === fromThisRule)
      .map(({ Resource }) => Resource);
    expect(delivers).toEqual(expect.arrayContaining([arn(queueId), queueArn('EnforcerDeadLetterQueue')]));
  });
});

describe('the queue', () => {
  test('is FIFO, so that the steps of a region run in order, and so is its dead-letter queue', () => {
    expect(queue).toMatchObject({
      FifoQueue: true,
      // The schedule sends no deduplication id.
      ContentBasedDeduplication: true,
      RedrivePolicy: { deadLetterTargetArn: arn(deadLetterQueueId), maxReceiveCount: 5 },
    });
    expect(deadLetterQueue).toMatchObject({ FifoQueue: true });
    expect(deadLetterQueue.RedrivePolicy).toBeUndefined();
  });

  test('hides a running step for longer than the function timeout', () => {
    expect(scan.Timeout).toBe(900);
    expect(queue.VisibilityTimeout).toBeGreaterThan(scan.Timeout);
  });

  test('retains steps for longer than a large region takes, and failed steps for 14 days', () => {
    expect(queue.MessageRetentionPeriod).toBeGreaterThanOrEqual(2 * DAY);
    expect(deadLetterQueue.MessageRetentionPeriod).toBe(14 * DAY);
  });

  test('delivers one step at a time, and three regions in parallel', () => {
    const [, source] = theOne<object>(template, 'AWS::Lambda::EventSourceMapping', 'EnforcerScanSource');
    expect(source).toMatchObject({
      EventSourceArn: arn(queueId),
      FunctionName: { Ref: functionId },
      BatchSize: 1,
      ScalingConfig: { MaximumConcurrency: 3 },
    });
    // A failed batch of one is delivered again as a whole.
    expect(source).not.toHaveProperty('FunctionResponseTypes');
  });

  test('what was given up comes beside it, and each message alone can fail', () => {
    const [, source] = theOne<object>(template, 'AWS::Lambda::EventSourceMapping', 'EnforcerScanGivenUpSource');
    expect(source).toMatchObject({
      EventSourceArn: queueArn('EnforcerGivenUpQueue'),
      FunctionName: { Ref: functionId },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });
});

describe('the function', () => {
  test('runs its own bundle on the tested runtime', () => {
    const codeOf = (prefix: string) =>
      theOne<{ Code: { ZipFile: string } }>(template, 'AWS::Lambda::Function', prefix)[1].Code.ZipFile;
    expect(codeOf('EnforcerFunction')).toContain("'enforce'");
    expect(codeOf('EnforcerScanFunction')).toContain("'scan'");
    template.hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 900,
      RecursiveLoop: 'Allow',
      LoggingConfig: {
        LogFormat: 'JSON',
        LogGroup: { Ref: theOne(template, 'AWS::Logs::LogGroup', 'EnforcerScan')[0] },
      },
    });
  });

  test('has an environment from which parseScanConfig reads the settings', () => {
    const settings = { existing: 'enforce', enforceSince: '2026-11-01', scanEveryHours: 12 } as const;
    const [, { Environment }] = theOne<FunctionProperties>(
      templateOf({ ...settings, usageMinimumAgeDays: 3 }),
      'AWS::Lambda::Function',
      'EnforcerScanFunction',
    );
    const resolved = Object.entries(Environment.Variables).map(([name, value]) => {
      if (name === 'IMDSV2_STACK_NAME') return [name, 'Imdsv2Enforcer'] as const;
      if (typeof value === 'string') return [name, value] as const;
      return [
        name,
        name.endsWith('_ARN') ? 'arn:aws:events:eu-west-1:111122223333:event-bus/default' : 'https://sqs.example.com/q',
      ];
    });
    const config = parseScanConfig(Object.fromEntries(resolved) as Record<string, string>);
    expect(config).toMatchObject({ ...settings, mode: 'enforce', usageMinimumAgeDays: 3, trail: true });
  });

  test('has the URLs of its queues', () => {
    const variables = scan.Environment.Variables;
    expect(variables.IMDSV2_SCAN_QUEUE_URL).toEqual({ Ref: queueId });
    expect(variables.IMDSV2_WORK_QUEUE_URL).toEqual({
      Ref: theOne(template, 'AWS::SQS::Queue', 'EnforcerWorkQueue')[0],
    });
  });

  test('retains its log as configured', () => {
    const logs = resources<{ RetentionInDays: number }>(templateOf({ logRetentionDays: 400 }), 'AWS::Logs::LogGroup');
    expect(Object.values(logs).map(({ RetentionInDays }) => RetentionInDays)).toEqual([400, 400, 400]);
  });
});

describe('its role', () => {
  const cases = MODES.flatMap((mode) => EXISTING.map((existing) => ({ mode, existing })));
  const since = MODES.map((mode) => ({ mode, existing: 'audit', enforceSince: '2026-11-01' }) as const);

  test.each(cases)('has the three denies with mode=$mode existing=$existing', (settings) => {
    const of = templateOf(settings);
    expect(denied(scanPolicy(of))).toHaveLength(3);
    expect(denied(scanPolicy(of))).toEqual(denied(policyOf(of, 'Function')));
  });

  test.each([...cases, ...since])(
    'allows changes only if mode and existing enforce, or enforceSince is set (%j)',
    (settings) => {
      const of = templateOf(settings);
      const changes = settings.mode === 'enforce' && (settings.existing !== 'audit' || 'enforceSince' in settings);
      const grants = allowed(scanPolicy(of)).filter((statement) => actions(statement).includes(MODIFY));
      expect(grants).toHaveLength(changes ? 1 : 0);
      // No wildcard allows the change either.
      const wide = allowed(scanPolicy(of)).filter(
        (statement) =>
          'NotAction' in statement || actions(statement).some((action) => /^(\*|ec2:(\*|m.*\*))$/i.test(action)),
      );
      expect(wide).toEqual([]);
      if (!changes) expect(JSON.stringify(grants)).toBe('[]');
    },
  );

  test.each(MODES)('does not affect the role of the other function, whatever existing is (mode=%s)', (mode) => {
    const [audit, unused, enforce] = (['audit', 'enforce-when-unused', 'enforce'] as const).map((existing) =>
      policyOf(templateOf({ mode, existing }), 'Function'),
    );
    expect(unused).toEqual(audit);
    expect(enforce).toEqual(audit);
  });

  test('differs by the denies only with roleGuard=off', () => {
    expect(scanPolicy(templateOf({ roleGuard: 'off' }))).toEqual(allowed(scanPolicy()));
  });

  test('has one inline policy and no managed policy', () => {
    const [id, role] = theOne<object>(template, 'AWS::IAM::Role', 'EnforcerScan');
    expect(role).not.toHaveProperty('ManagedPolicyArns');
    expect(role).not.toHaveProperty('Policies');
    expect(theOne<{ Roles: unknown }>(template, 'AWS::IAM::Policy', 'EnforcerScan')[1].Roles).toEqual([{ Ref: id }]);
  });

  test('allows only the actions that the function needs', () => {
    const enforcing = templateOf({ existing: 'enforce' });
    expect([...new Set(allowed(scanPolicy(enforcing)).flatMap(actions))].sort()).toEqual([
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:DescribeLaunchConfigurations',
      'cloudwatch:GetMetricData',
      ...['Fleets', 'Images', 'Instances', 'LaunchTemplateVersions', 'LaunchTemplates', 'NatGateways', 'Regions'].map(
        (what) => `ec2:Describe${what}`,
      ),
      ...['ec2:DescribeSpotFleetRequests', 'ec2:DescribeSpotInstanceRequests'],
      'ec2:GetInstanceMetadataDefaults',
      MODIFY,
      'events:ListRules',
      'events:PutEvents',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:ReceiveMessage',
      'sqs:SendMessage',
    ]);
  });

  test('puts events on the bus of outcomes only', () => {
    expect(JSON.stringify(allowedOn('events:PutEvents'))).toMatch(/:event-bus\/default"/);
  });

  test('allows sending to the queues that it sends to only', () => {
    expect(allowedOn('sqs:SendMessage')).toEqual([
      queueArn('EnforcerCheckQueue'),
      queueArn('EnforcerDeadLetterQueue'),
      arn(queueId),
      queueArn('EnforcerWorkQueue'),
    ]);
    expect(allowedOn('sqs:ReceiveMessage')).toEqual([
      queueArn('EnforcerGivenUpQueue'),
      arn(queueId),
      queueArn('EnforcerDeadLetterQueue'),
    ]);
  });

  test('may read the parts of the deployment, and change none', () => {
    const policy = statements(theOne(template, 'AWS::IAM::Policy', 'EnforcerHealthPolicy')[1]);
    const verbs = policy.flatMap(actions).map((action) => action.split(':')[1]);
    expect(
      verbs.filter((verb) => !/^(Describe|Get|List|LookupEvents|SimulatePrincipalPolicy)/.test(verb ?? '')),
    ).toEqual([]);
    // What has resource-level permissions has resources.
    const wide = policy.filter(({ Resource }) => Resource === '*').flatMap(actions);
    expect(wide.sort()).toEqual([
      'cloudtrail:DescribeTrails',
      'cloudtrail:GetEventSelectors',
      'cloudtrail:GetTrailStatus',
      'cloudtrail:LookupEvents',
      'cloudwatch:DescribeAlarms',
      'lambda:ListEventSourceMappings',
      'sns:GetSubscriptionAttributes',
    ]);
  });
});
