import type { Template } from 'aws-cdk-lib/assertions';
import { parseConfig } from '../../lambda/config.ts';
import { MODES } from '../../lambda/contract.ts';
import { actions, type Statement, statements, templateOf, theOne } from './synth.ts';

const template = templateOf();
const MODIFY = 'ec2:ModifyInstanceMetadataOptions';
const EVERY_INSTANCE = {
  'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':ec2:*:', { Ref: 'AWS::AccountId' }, ':instance/*']],
};
const ROLE_GUARD = [
  { StringNotEquals: { 'ec2:Attribute/HttpTokens': 'required' } },
  { StringEquals: { 'ec2:Attribute/HttpEndpoint': 'disabled' } },
  { StringEquals: { 'ec2:MetadataHttpEndpoint': 'disabled' } },
];

const policyIn = (of: Template) => statements(theOne(of, 'AWS::IAM::Policy', 'EnforcerFunctionRole')[1]);
const allowed = (all: readonly Statement[]) => all.filter(({ Effect }) => Effect === 'Allow');
/** Allowed EC2 actions other than reads. Wildcards such as `*` and `ec2:M*`, and any NotAction, count as writes. */
const allowedWrites = (all: readonly Statement[]) =>
  allowed(all)
    .flatMap((statement) => ('NotAction' in statement ? ['*'] : actions(statement)))
    .filter((action) => action === '*' || (/^ec2:/i.test(action) && !/^ec2:(describe|get|list)[a-z]+$/i.test(action)));

describe('the function', () => {
  test('runs on the tested runtime', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: 256,
      Timeout: 30,
      LoggingConfig: {
        LogFormat: 'JSON',
        LogGroup: { Ref: theOne(template, 'AWS::Logs::LogGroup', 'EnforcerFunction')[0] },
      },
    });
  });

  test('reserves no concurrency of the account', () => {
    const [, properties] = theOne<object>(template, 'AWS::Lambda::Function', 'EnforcerFunction');
    expect(properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  test('is not stopped by Lambda when it hands work back to its queue more than 16 times', () => {
    const [, properties] = theOne<object>(template, 'AWS::Lambda::Function', 'EnforcerFunction');
    expect(properties).toMatchObject({ RecursiveLoop: 'Allow' });
  });

  test('is invoked by its queues only, and has no settings of asynchronous invocations', () => {
    template.resourceCountIs('AWS::Lambda::EventInvokeConfig', 0);
    template.resourceCountIs('AWS::Lambda::Permission', 0);
  });

  test('retains its log as configured', () => {
    templateOf({ logRetentionDays: 400 }).hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 400 });
    template.hasResource('AWS::Logs::LogGroup', { DeletionPolicy: 'RetainExceptOnCreate' });
  });

  test('has an environment from which parseConfig reads the settings', () => {
    const [, { Environment }] = theOne<{ Environment: { Variables: Record<string, unknown> } }>(
      templateOf({ mode: 'audit', existing: 'enforce', trail: 'none', maxExemptionDays: 30, usageLookBackDays: 7 }),
      'AWS::Lambda::Function',
      'EnforcerFunction',
    );
    const resolved = Object.entries(Environment.Variables).map(([name, value]) => {
      if (typeof value === 'string') return [name, value] as const;
      return [
        name,
        name.endsWith('_ARN') ? 'arn:aws:events:eu-west-1:111122223333:event-bus/default' : 'https://sqs.example.com/q',
      ];
    });
    expect(parseConfig(Object.fromEntries(resolved) as Record<string, string>)).toMatchObject({
      mode: 'audit',
      existing: 'enforce',
      enforceSince: 'none',
      trail: false,
      maxExemptionDays: 30,
      usageLookBackDays: 7,
      usageMinimumAgeDays: 1,
    });
  });
});

describe('its role', () => {
  test('allows one change of instances in enforce mode: ModifyInstanceMetadataOptions', () => {
    const all = policyIn(template);
    expect(allowedWrites(all)).toEqual([MODIFY]);
    expect(allowed(all).filter((statement) => actions(statement).includes(MODIFY))).toEqual([
      { Effect: 'Allow', Action: MODIFY, Resource: EVERY_INSTANCE },
    ]);
  });

  test('allows no change of instances in audit mode', () => {
    const all = statements(templateOf({ mode: 'audit' }).toJSON());
    expect(allowedWrites(all)).toEqual([]);
    expect(allowed(all).flatMap(actions)).toContain('ec2:DescribeInstances');
  });

  test.each(MODES)('has three denies with mode=%s', (mode) => {
    const denies = policyIn(templateOf({ mode })).filter(({ Effect }) => Effect === 'Deny');
    expect(denies).toEqual(
      ROLE_GUARD.map((Condition) => ({
        Sid: expect.any(String),
        Effect: 'Deny',
        Action: MODIFY,
        Resource: '*',
        Condition,
      })),
    );
  });

  test('differs by the denies only with roleGuard=off', () => {
    const policyOf = (roleGuard: 'on' | 'off') => policyIn(templateOf({ roleGuard }));
    expect(policyOf('off')).toEqual(policyOf('on').filter(({ Effect }) => Effect === 'Allow'));
  });

  test('has no condition that passes if its key is absent', () => {
    const operators = statements(template.toJSON()).flatMap(({ Condition }) => Object.keys(Condition ?? {}));
    expect(operators.filter((operator) => /IfExists$/i.test(operator))).toEqual([]);
    expect(operators).toContain('StringNotEquals');
  });

  test('has one inline policy and no managed policy', () => {
    const [id, role] = theOne<object>(template, 'AWS::IAM::Role', 'EnforcerFunctionRole');
    expect(role).not.toHaveProperty('ManagedPolicyArns');
    expect(role).not.toHaveProperty('Policies');
    expect(theOne<{ Roles: unknown }>(template, 'AWS::IAM::Policy', 'EnforcerFunctionRole')[1].Roles).toEqual([
      { Ref: id },
    ]);
  });

  test('allows only the actions that the function needs', () => {
    const byAction = allowed(policyIn(template)).flatMap(actions);
    expect([...new Set(byAction)].sort()).toEqual([
      'autoscaling:DescribeScalingActivities',
      'cloudwatch:GetMetricData',
      'ec2:DescribeInstances',
      'ec2:GetInstanceMetadataDefaults',
      MODIFY,
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
});
