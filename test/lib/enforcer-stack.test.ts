import type { App } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { actions, resources, type Statement, stackOf, statements, templateOf, theOne } from './synth.ts';

const ENV = { account: '111122223333', region: 'eu-west-1' };

// The ids of findings depend on mode, trail and region.
test.each([
  { mode: 'enforce', existing: 'audit', trail: 'existing', env: undefined },
  { mode: 'enforce', existing: 'enforce', trail: 'existing', env: undefined },
  { mode: 'enforce', existing: 'enforce-when-unused', trail: 'create', env: ENV },
  { mode: 'audit', existing: 'enforce', trail: 'create', env: undefined },
  { mode: 'audit', existing: 'audit', trail: 'none', env: ENV },
] as const)('has no cdk-nag findings with mode=$mode existing=$existing trail=$trail region=$env.region', (given) => {
  const { env, ...settings } = given;
  const stack = stackOf(settings, env);
  // After the synth, which adds the policies of roles.
  (stack.node.root as App).synth();
  expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
});

test.each([
  ['aws-us-gov', 'us-gov-west-1'],
  ['aws-cn', 'cn-north-1'],
])('uses the partition %s only', (partition, region) => {
  const text = JSON.stringify(templateOf({ trail: 'create' }, { account: '111122223333', region }).toJSON());
  expect(text).not.toContain('arn:aws:');
  expect(text).toContain(`arn:${partition}:ec2:*:111122223333:instance/*`);
});

test('has no fixed partition, account or region without an environment', () => {
  const text = JSON.stringify(templateOf({ trail: 'create' }).toJSON());
  expect(text).not.toContain('arn:aws');
  expect(text).not.toMatch(/[a-z]{2}-(east|west|north|south|central)[a-z]*-\d/);
});

test('has the outputs that scripts and the runbook use', () => {
  const outputs = templateOf().findOutputs('*');
  expect(Object.keys(outputs).sort()).toEqual([
    'AlertSummaryMinutes',
    'CheckQueueUrl',
    'DeadLetterQueueArn',
    'DeadLetterQueueUrl',
    'Existing',
    'FunctionName',
    'LogGroupName',
    'Mode',
    'NotifierDeadLetterQueueUrl',
    'NotifierFunctionName',
    'NotifierLogGroupName',
    'NotifierRedriveCommand',
    'OperationsTopicArn',
    'OutcomeBusArn',
    'OutcomesTopicArn',
    'RedriveCommand',
    'RoleGuard',
    'ScanDeadLetterQueueArn',
    'ScanDeadLetterQueueUrl',
    'ScanEveryHours',
    'ScanFunctionName',
    'ScanLogGroupName',
    'ScanQueueArn',
    'ScanQueueUrl',
    'ScanRedriveCommand',
    'SummaryQueueUrl',
    'Trail',
    'UrgentQueueUrl',
    'WorkQueueArn',
    'WorkQueueUrl',
  ]);
});

test('has the settings that doctor checks as outputs, defaults included', () => {
  const settings = (chosen?: Parameters<typeof templateOf>[0]) => {
    const outputs = templateOf(chosen).findOutputs('*') as Record<string, { readonly Value: unknown }>;
    return ['Mode', 'Existing', 'Trail', 'RoleGuard'].map((name) => outputs[name]?.Value);
  };
  expect(settings()).toEqual(['enforce', 'audit', 'existing', 'on']);
  expect(settings({ mode: 'audit', existing: 'enforce', trail: 'none', roleGuard: 'off' })).toEqual([
    'audit',
    'enforce',
    'none',
    'off',
  ]);
  const since = templateOf({ enforceSince: '2026-11-01' }).findOutputs('EnforceSince');
  expect(since).toMatchObject({ EnforceSince: { Value: '2026-11-01' } });
});

test.each([
  ['RedriveCommand', 'EnforcerDeadLetterQueue', 'EnforcerWorkQueue'],
  ['ScanRedriveCommand', 'EnforcerScanDeadLetterQueue', 'EnforcerScanQueue'],
  ['NotifierRedriveCommand', 'EnforcerNotifierDeadLetterQueue', 'EnforcerNotifierUrgentQueue'],
])('%s moves the dead-letter queue to its source queue', (output, from, to) => {
  const template = templateOf();
  const arn = (prefix: string) => ({ 'Fn::GetAtt': [theOne(template, 'AWS::SQS::Queue', prefix)[0], 'Arn'] });
  expect(template.findOutputs(output)[output]?.Value).toEqual({
    'Fn::Join': [
      '',
      [
        'aws sqs start-message-move-task --region ',
        { Ref: 'AWS::Region' },
        ' --source-arn ',
        arn(from),
        ' --destination-arn ',
        arn(to),
      ],
    ],
  });
});

describe('subscriptions', () => {
  const topicsWithWarning = (stack: ReturnType<typeof stackOf>) =>
    Annotations.fromStack(stack)
      .findWarning('*', Match.stringLikeRegexp('has no subscription'))
      .map(({ id }) => id.split('/').at(-1));

  test('a topic without a subscription has a warning', () => {
    expect(topicsWithWarning(stackOf())).toEqual(['Outcomes', 'Operations']);
  });

  test('each address is subscribed to its topic', () => {
    const stack = stackOf({
      alertEmail: ['security@example.com', 'ciso@example.com'],
      operationsEmail: ['p@example.com'],
    });
    expect(topicsWithWarning(stack)).toEqual([]);
    const subscriptions = resources<{ Endpoint: string; Protocol: string; TopicArn: { Ref: string } }>(
      templateOf({ alertEmail: ['security@example.com', 'ciso@example.com'], operationsEmail: ['p@example.com'] }),
      'AWS::SNS::Subscription',
    );
    expect(
      Object.values(subscriptions).map(({ Endpoint, Protocol, TopicArn }) => [Endpoint, Protocol, TopicArn.Ref]),
    ).toEqual([
      ['security@example.com', 'email', expect.stringMatching(/^EnforcerTopicsOutcomes/)],
      ['ciso@example.com', 'email', expect.stringMatching(/^EnforcerTopicsOutcomes/)],
      ['p@example.com', 'email', expect.stringMatching(/^EnforcerTopicsOperations/)],
    ]);
  });

  test('an app may subscribe after it has created the construct', () => {
    const stack = stackOf();
    stack.enforcer.outcomesTopic.addSubscription(new EmailSubscription('security@example.com'));
    expect(topicsWithWarning(stack)).toEqual(['Operations']);
  });
});

describe('trail', () => {
  test.each([
    ['existing', 0],
    ['create', 1],
    ['none', 0],
  ] as const)('%s creates %d trails', (trail, count) => {
    templateOf({ trail }).resourceCountIs('AWS::CloudTrail::Trail', count);
  });

  test('annotations state what is not detected without a trail', () => {
    const notDetected = Match.stringLikeRegexp('drift is not detected');
    expect(Annotations.fromStack(stackOf({ trail: 'none' })).findWarning('*', notDetected)).toHaveLength(1);
    expect(Annotations.fromStack(stackOf({ trail: 'existing' })).findInfo('*', notDetected)).toHaveLength(1);
    expect(Annotations.fromStack(stackOf({ trail: 'create' })).findInfo('*', notDetected)).toHaveLength(0);
  });

  test('create has a trail of write-only management events of all regions, in a private bucket', () => {
    const template = templateOf({ trail: 'create', logRetentionDays: 30 });
    template.hasResourceProperties('AWS::CloudTrail::Trail', {
      IsLogging: true,
      IsMultiRegionTrail: true,
      EventSelectors: [{ IncludeManagementEvents: true, ReadWriteType: 'WriteOnly' }],
    });
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 30, Status: 'Enabled' }] },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
    const tlsOnly = statements(template.findResources('AWS::S3::BucketPolicy')).filter(
      ({ Effect, Condition }) => Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false',
    );
    expect(tlsOnly).toHaveLength(1);
  });
});

test('nothing that remediates may publish, and only the notifier may', () => {
  const template = templateOf({ existing: 'enforce', chat: 'amazon-q' });
  const policies = resources<{
    Roles: readonly { Ref: string }[];
    PolicyDocument: { Statement: readonly Statement[] };
  }>(template, 'AWS::IAM::Policy');
  const publishers = Object.values(policies).filter(({ PolicyDocument }) =>
    PolicyDocument.Statement.some((statement) => actions(statement).some((action) => action === 'sns:Publish')),
  );
  expect(publishers.map(({ Roles: [role] }) => role?.Ref)).toEqual([
    expect.stringMatching(/^EnforcerNotifierFunctionRole/),
  ]);
});

test('ownerTag and the topic for chat are outputs if they are set', () => {
  expect(templateOf().findOutputs('OwnerTag')).toEqual({});
  const outputs = templateOf({ ownerTag: 'team', chat: 'amazon-q' }).findOutputs('*');
  expect(outputs).toMatchObject({ OwnerTag: { Value: 'team' }, ChatTopicArn: {} });
});
