import type { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { BUS, FORWARDER_DEAD_LETTER_QUEUE } from '../../lambda/contract.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import { actions, deploymentOf, resources, stackOf, statements, templateOf, theOne } from './synth.ts';

interface Rule {
  readonly Name?: string;
  readonly EventBusName?: unknown;
  readonly EventPattern: Readonly<Record<string, unknown>>;
  readonly State: string;
  readonly Targets: readonly Readonly<Record<string, unknown>>[];
}

// cdk-nag reads a deprecated property of the bus policy.
process.env.JSII_DEPRECATED = 'quiet'; // cspell:disable-line

const REGIONS = ['us-east-1', 'eu-west-1', 'ap-southeast-2'] as const;
const stacks = deploymentOf(REGIONS);
const [first, second] = stacks.forwarders as [Stack, Stack];
const home = Template.fromStack(stacks.home);
const forwarder = Template.fromStack(first);
const ACCOUNT = { Ref: 'AWS::AccountId' };
const arn = (...parts: readonly (string | object)[]) => ({ 'Fn::Join': ['', parts] });
const homeBus = arn('arn:aws:events:us-east-1:', ACCOUNT, `:event-bus/${BUS}`);

describe('the stacks', () => {
  test('are one in each region, and the forwarders depend on the home region', () => {
    expect([stacks.home, first, second].map(({ stackName, region }) => [stackName, region])).toEqual([
      ['Imdsv2Enforcer', 'us-east-1'],
      ['Imdsv2Enforcer-eu-west-1', 'eu-west-1'],
      ['Imdsv2Enforcer-ap-southeast-2', 'ap-southeast-2'],
    ]);
    for (const stack of [first, second]) expect(stack.dependencies).toEqual([stacks.home]);
    expect(home.findOutputs('Regions').Regions?.Value).toBe(REGIONS.join(','));
  });

  test('are only one without further regions, with the same logical ids', () => {
    const idsOf = (template: Template) => Object.keys((template.toJSON() as { Resources: object }).Resources);
    const alone = idsOf(templateOf());
    expect(deploymentOf([]).forwarders).toEqual([]);
    expect(idsOf(Template.fromStack(deploymentOf([]).home))).toEqual(alone);
    expect(idsOf(Template.fromStack(deploymentOf(['us-east-1']).home))).toEqual(alone);
    expect(idsOf(home)).toEqual(expect.arrayContaining(alone));
    expect(templateOf().findOutputs('Regions')).toEqual({});
  });

  test('have an error if the construct is not in the home region', () => {
    const errors = (region?: string) =>
      Annotations.fromStack(stackOf({ regions: REGIONS }, region === undefined ? undefined : { region })).findError(
        '*',
        Match.stringLikeRegexp('^regions begins with us-east-1'),
      );
    expect(errors('us-east-1')).toEqual([]);
    expect(errors('eu-west-1')).toHaveLength(1);
    expect(errors()).toHaveLength(1);
  });

  test('have no cdk-nag findings', () => {
    const { home, forwarders } = deploymentOf(REGIONS, { existing: 'enforce', trail: 'create' });
    const app = home.node.root as App;
    app.synth();
    expect(forwarders).toHaveLength(2);
    expect(new AwsSolutionsChecks().validateScope(app).violations).toEqual([]);
  });
});

describe('a forwarder', () => {
  test('has no assets, needs no bootstrapped region, and is below the template limit of the API', () => {
    const assembly = (stacks.home.node.root as App).synth();
    for (const { artifactId } of stacks.forwarders) {
      const artifact = assembly.getStackArtifact(artifactId);
      const text = JSON.stringify(artifact.template, null, 1);
      expect(artifact.assets).toEqual([]);
      expect(artifact.requiresBootstrapStackVersion).toBeUndefined();
      expect(artifact.assumeRoleArn).toBeUndefined();
      expect(artifact.stackTemplateAssetObjectUrl).toBeUndefined();
      expect(text).not.toMatch(/bootstrap|hnb659fds|S3Key|S3Bucket|Fn::ImportValue/i);
      // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
      expect(Buffer.byteLength(text)).toBeLessThan(51_200);
    }
  });

  test.each(TRIGGERS)(
    'sends the events of the trigger $name to the home region, with retries and a dead-letter queue',
    (trigger) => {
      const [, rule] = theOne<Rule>(forwarder, 'AWS::Events::Rule', trigger.ruleId);
      const roleId = theOne(forwarder, 'AWS::IAM::Role')[0];
      expect(rule).toMatchObject({ Name: `imdsv2-enforcer-${trigger.ruleId}`, State: 'ENABLED' });
      expect(rule.EventPattern).toEqual({ ...trigger.pattern, account: [ACCOUNT] });
      expect(rule.EventBusName).toBeUndefined();
      expect(rule.Targets).toEqual([
        {
          Id: expect.any(String),
          Arn: homeBus,
          RoleArn: { 'Fn::GetAtt': [roleId, 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [theOne(forwarder, 'AWS::SQS::Queue')[0], 'Arn'] } },
          RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 185 },
        },
      ]);
    },
  );

  test('has no other rule and no other permission', () => {
    forwarder.resourceCountIs('AWS::Events::Rule', TRIGGERS.length);
    expect(statements(theOne(forwarder, 'AWS::IAM::Policy')[1])).toEqual([
      { Effect: 'Allow', Action: 'events:PutEvents', Resource: homeBus },
    ]);
  });

  test('has an encrypted dead-letter queue with the longest retention', () => {
    const [id, queue] = theOne<object>(forwarder, 'AWS::SQS::Queue');
    expect(queue).toMatchObject({
      QueueName: FORWARDER_DEAD_LETTER_QUEUE,
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 24 * 3600,
    });
    const allowRules = statements(forwarder.findResources('AWS::SQS::QueuePolicy')).filter(
      ({ Principal }) => Principal?.Service === 'events.amazonaws.com',
    );
    expect(allowRules).toHaveLength(TRIGGERS.length);
    expect(allowRules[0]).toMatchObject({ Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': [id, 'Arn'] } });
  });

  test('has the same patterns in all regions', () => {
    const patterns = [first, second].map((stack) =>
      Object.values(resources<Rule>(Template.fromStack(stack), 'AWS::Events::Rule')).map((rule) => rule.EventPattern),
    );
    expect(patterns[0]).toEqual(patterns[1]);
  });
});

describe('the event bus in the home region', () => {
  test('accepts events from the rules of the forwarders of this account only', () => {
    expect(theOne<object>(home, 'AWS::Events::EventBus')[1]).toEqual({ Name: BUS });
    const [, policy] = theOne<object>(home, 'AWS::Events::EventBusPolicy');
    expect(policy).toMatchObject({ EventBusName: { Ref: theOne(home, 'AWS::Events::EventBus')[0] } });
    expect(statements(policy)).toEqual([
      {
        Sid: 'cdk-AllowForwarders',
        Effect: 'Allow',
        Principal: { AWS: arn('arn:aws:iam::', ACCOUNT, ':root') },
        Action: 'events:PutEvents',
        Resource: homeBus,
        Condition: {
          ArnLike: {
            'aws:SourceArn': ['eu-west-1', 'ap-southeast-2'].map((region) =>
              arn(`arn:aws:events:${region}:`, ACCOUNT, ':rule/imdsv2-enforcer-*'),
            ),
          },
        },
      },
    ]);
  });

  test.each(TRIGGERS)('has a rule of the trigger $name for events of the other regions of the account', (trigger) => {
    const [, rule] = theOne<Rule>(home, 'AWS::Events::Rule', `EnforcerHomeBus${trigger.ruleId}`);
    const [, atHome] = theOne<Rule>(home, 'AWS::Events::Rule', `EnforcerRules${trigger.ruleId}`);
    const withoutId = ({ Targets }: Rule) => Targets.map((target) => ({ ...target, Id: undefined }));
    expect(rule.EventPattern).toEqual({
      ...trigger.pattern,
      account: [ACCOUNT],
      region: ['eu-west-1', 'ap-southeast-2'],
    });
    expect(rule.EventBusName).toEqual({ Ref: theOne(home, 'AWS::Events::EventBus')[0] });
    expect(withoutId(rule)).toEqual(withoutId(atHome));
  });
});

describe('problems of another region', () => {
  test('can be read by the scan', () => {
    const policy = ['EnforcerScanFunctionRole', 'EnforcerHealthPolicy'].flatMap((id) =>
      statements(theOne(home, 'AWS::IAM::Policy', id)[1]),
    );
    const queues = policy.filter((statement) => actions(statement).includes('sqs:GetQueueUrl'));
    const inRegions = ['ap-southeast-2', 'eu-west-1'].map((region) =>
      arn(`arn:aws:sqs:${region}:`, ACCOUNT, `:${FORWARDER_DEAD_LETTER_QUEUE}`),
    );
    const inOrder = (values: unknown) =>
      [values]
        .flat()
        .map((value) => JSON.stringify(value))
        .sort();
    expect(queues.map(({ Resource }) => inOrder(Resource))).toContainEqual(inOrder(inRegions));
    expect(policy.flatMap(actions)).toContain('events:ListRules');
    home.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ IMDSV2_FORWARDERS: 'eu-west-1,ap-southeast-2' }) },
    });
    templateOf().hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ IMDSV2_FORWARDERS: 'none' }) },
    });
  });

  test('have no alarms of their own, because those could not notify a topic of the home region', () => {
    for (const stack of stacks.forwarders) Template.fromStack(stack).resourceCountIs('AWS::CloudWatch::Alarm', 0);
  });
});

describe.each([
  ['aws', ['eu-west-1', 'af-south-1', 'eu-newplace-7']],
  ['aws-us-gov', ['us-gov-west-1', 'us-gov-east-1']],
  ['aws-cn', ['cn-north-1', 'cn-northwest-1']],
])('in the partition %s', (partition, regions) => {
  // The settings do not accept two regions of China; the stacks are created nevertheless.
  const { home, forwarders } = deploymentOf(regions);
  const foreign = [/arn:aws:/, /arn:aws-us-gov:/, /arn:aws-cn:/].filter((form) => !form.test(`arn:${partition}:`));

  test.each([home, ...forwarders].map((stack) => [stack.region, stack] as const))(
    '%s has no ARN of another partition',
    (_, stack) => {
      const text = JSON.stringify(Template.fromStack(stack).toJSON());
      for (const form of foreign) expect(text).not.toMatch(form);
    },
  );

  test('forwarders send to the event bus of their partition', () => {
    for (const stack of forwarders) {
      const rules = Object.values(resources<Rule>(Template.fromStack(stack), 'AWS::Events::Rule'));
      const targets = new Set(rules.flatMap(({ Targets }) => Targets.map((target) => JSON.stringify(target.Arn))));
      expect(targets.size).toBe(1);
      const literal = arn(`arn:${partition}:events:${home.region}:`, ACCOUNT, `:event-bus/${BUS}`);
      const reference = arn('arn:', { Ref: 'AWS::Partition' }, `:events:${home.region}:`, ACCOUNT, `:event-bus/${BUS}`);
      // Only CloudFormation knows the partition of a region that is newer than the CDK.
      expect([...targets][0]).toBe(JSON.stringify(stack.region === 'eu-newplace-7' ? reference : literal));
    }
  });
});
