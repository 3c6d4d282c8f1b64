import type { App } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { resources, stackOf, statements, templateOf, theOne } from './synth.ts';

const ENV = { account: '111122223333', region: 'eu-west-1' };

// The ids of findings depend on all three.
test.each([
  { mode: 'enforce', existing: 'audit', trail: 'existing', env: undefined },
  { mode: 'enforce', existing: 'enforce', trail: 'existing', env: undefined },
  { mode: 'enforce', existing: 'enforce-when-unused', trail: 'create', env: ENV },
  { mode: 'audit', existing: 'enforce', trail: 'create', env: undefined },
  { mode: 'audit', existing: 'audit', trail: 'none', env: ENV },
] as const)('cdk-nag finds nothing: mode=$mode existing=$existing trail=$trail region=$env.region', (given) => {
  const { env, ...settings } = given;
  const stack = stackOf(settings, env);
  // What is added at the end, as the policies of roles, is looked at too.
  (stack.node.root as App).synth();
  expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
});

test.each([
  ['aws-us-gov', 'us-gov-west-1'],
  ['aws-cn', 'cn-north-1'],
])('is at home in %s', (partition, region) => {
  const text = JSON.stringify(templateOf({ trail: 'create' }, { account: '111122223333', region }).toJSON());
  expect(text).not.toContain('arn:aws:');
  expect(text).toContain(`arn:${partition}:ec2:*:111122223333:instance/*`);
});

test('names no partition, account or region where it is told none', () => {
  const text = JSON.stringify(templateOf({ trail: 'create' }).toJSON());
  expect(text).not.toContain('arn:aws');
  expect(text).not.toMatch(/[a-z]{2}-(east|west|north|south|central)[a-z]*-\d/);
});

test('outputs are what scripts and the runbook ask for', () => {
  const outputs = templateOf().findOutputs('*');
  expect(Object.keys(outputs).sort()).toEqual([
    'DeadLetterQueueArn',
    'DeadLetterQueueUrl',
    'Existing',
    'FunctionName',
    'LogGroupName',
    'Mode',
    'OperationsTopicArn',
    'OutcomesTopicArn',
    'RedriveCommand',
    'RoleGuard',
    'ScanDeadLetterQueueArn',
    'ScanDeadLetterQueueUrl',
    'ScanFunctionName',
    'ScanLogGroupName',
    'ScanQueueArn',
    'ScanQueueUrl',
    'ScanRedriveCommand',
    'Trail',
    'WorkQueueArn',
    'WorkQueueUrl',
  ]);
});

test('settings that doctor judges by are outputs, the defaults too', () => {
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
});

test.each([
  ['RedriveCommand', 'EnforcerDeadLetterQueue', 'EnforcerWorkQueue'],
  ['ScanRedriveCommand', 'EnforcerScanDeadLetterQueue', 'EnforcerScanQueue'],
])('%s moves the dead letters to their queue', (output, from, to) => {
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

describe('who is told', () => {
  const notMonitored = (stack: ReturnType<typeof stackOf>) =>
    Annotations.fromStack(stack)
      .findWarning('*', Match.stringLikeRegexp('^Nobody is subscribed'))
      .map(({ id }) => id.split('/').at(-1));

  test('nobody → a warning for each topic', () => {
    expect(notMonitored(stackOf())).toEqual(['Outcomes', 'Operations']);
  });

  test('every address, each at its own topic', () => {
    const stack = stackOf({
      alertEmail: ['security@example.com', 'ciso@example.com'],
      operationsEmail: ['p@example.com'],
    });
    expect(notMonitored(stack)).toEqual([]);
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

  test('an app that subscribes later is not warned', () => {
    const stack = stackOf();
    stack.enforcer.outcomesTopic.addSubscription(new EmailSubscription('security@example.com'));
    expect(notMonitored(stack)).toEqual(['Operations']);
  });
});

describe('trail', () => {
  test.each([
    ['existing', 0],
    ['create', 1],
    ['none', 0],
  ] as const)('%s → %d trails', (trail, count) => {
    templateOf({ trail }).resourceCountIs('AWS::CloudTrail::Trail', count);
  });

  test('says what is unseen without one', () => {
    const unseen = Match.stringLikeRegexp('set back to IMDSv1 is not seen');
    expect(Annotations.fromStack(stackOf({ trail: 'none' })).findWarning('*', unseen)).toHaveLength(1);
    expect(Annotations.fromStack(stackOf({ trail: 'existing' })).findInfo('*', unseen)).toHaveLength(1);
    expect(Annotations.fromStack(stackOf({ trail: 'create' })).findInfo('*', unseen)).toHaveLength(0);
  });

  test('create → management events that change something, in every region, in a closed bucket', () => {
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
