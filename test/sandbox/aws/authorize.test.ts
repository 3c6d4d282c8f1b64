import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  ModifyInstanceMetadataOptionsCommand,
  type ModifyInstanceMetadataOptionsCommandInput,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Statement } from '../../../sandbox/aws/iam/policy.ts';
import type { Template } from '../../../sandbox/aws/cloudformation/template.ts';
import { templateOf } from '../stack.ts';
import { BRISK, ec2Of, FIXTURE, IMAGE, launch, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const MODIFY = 'ec2:ModifyInstanceMetadataOptions';
const denied = (Condition: Statement['Condition']): Statement => ({
  Effect: 'Deny',
  Action: MODIFY,
  Resource: '*',
  Condition,
});

/** Policies like those of the product's role, with instances that it may not modify. */
const POLICIES: readonly Statement[] = [
  { Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*' },
  { Effect: 'Allow', Action: [MODIFY, 'ec2:CreateTags'], Resource: 'arn:aws:ec2:*:111122223333:instance/*' },
  denied({ StringNotEquals: { 'ec2:Attribute/HttpTokens': 'required' } }),
  denied({ StringEquals: { 'ec2:Attribute/HttpEndpoint': 'disabled' } }),
  denied({ StringEquals: { 'ec2:MetadataHttpEndpoint': 'disabled' } }),
  denied({ StringEquals: { 'ec2:ResourceTag/frozen': 'yes' } }),
  { ...denied({ 'ForAnyValue:StringLike': { 'aws:TagKeys': 'imdsv2:*' } }), Action: 'ec2:CreateTags' },
];

describe('a caller with policies', () => {
  const arn = 'arn:aws:sts::111122223333:assumed-role/Enforcer/enforcer';
  const CHANGE = { HttpTokens: 'required', HttpEndpoint: 'enabled' } as const;
  const ALLOWED = ['DryRunOperation', 412];
  const DENIED = ['UnauthorizedOperation', 403];

  const setUp = async () => {
    const sandbox = await sandboxOf({ callers: { AKIAROLE: { arn, policies: POLICIES } } });
    const ec2 = ec2Of(sandbox, { accessKeyId: 'AKIAROLE' });
    const launchedAt = new Date(0);
    const add = (options = {}, tags = {}) => sandbox.fleet().add({ launchedAt, options, tags }).id;
    const modify = (input: ModifyInstanceMetadataOptionsCommandInput) =>
      refusal(ec2.send(new ModifyInstanceMetadataOptionsCommand({ DryRun: true, ...input })));
    return { sandbox, ec2, add, modify };
  };

  test('is authorized by the requested options and by the instance', async () => {
    const { add, modify } = await setUp();
    const InstanceId = add();

    expect(await modify({ InstanceId, ...CHANGE })).toEqual(ALLOWED);
    expect(await modify({ InstanceId, ...CHANGE, HttpTokens: 'optional' })).toEqual(DENIED);
    expect(await modify({ InstanceId, HttpPutResponseHopLimit: 2 })).toEqual(DENIED);
    expect(await modify({ InstanceId, HttpTokens: 'required', HttpEndpoint: 'disabled' })).toEqual(DENIED);
    expect(await modify({ InstanceId: add({ HttpEndpoint: 'disabled' }), ...CHANGE })).toEqual(DENIED);
    expect(await modify({ InstanceId: add({}, { frozen: 'yes' }), ...CHANGE })).toEqual(DENIED);
    expect(await modify({ InstanceId: 'i-0123456789abcdef0', ...CHANGE })).toEqual(['InvalidInstanceID.NotFound', 400]);
    expect(await modify({ InstanceId: 'i-nonsense', ...CHANGE })).toEqual(['InvalidInstanceID.Malformed', 400]);
  });

  test('changes nothing by a call that is denied', async () => {
    const { sandbox, ec2, add, modify } = await setUp();
    const id = add();

    expect(await modify({ InstanceId: id, HttpEndpoint: 'disabled', DryRun: false })).toEqual(DENIED);
    expect(sandbox.fleet().get(id)?.options.HttpEndpoint).toBe('enabled');
    const tag = (Key: string) => ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key, Value: 'x' }] }));
    await tag('team');
    expect(await refusal(tag('imdsv2:exempt-until'))).toEqual(DENIED);
    const run = new RunInstancesCommand({ ImageId: IMAGE, MinCount: 1, MaxCount: 1 });
    await expect(ec2.send(run)).rejects.toThrow(
      /^You are not authorized to perform this operation\. User: .*Enforcer.* is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:us-east-1:111122223333:instance\/\* because no identity-based policy allows/,
    );
    expect((await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations).toHaveLength(1);
  });

  test('is recorded by CloudTrail when denied', async () => {
    const { sandbox, add, modify } = await setUp();
    await modify({ InstanceId: add(), HttpTokens: 'optional', DryRun: false });
    await sandbox.idle();
    expect(sandbox.events.map(({ detail }) => detail['errorCode'])).toEqual(['Client.UnauthorizedOperation']);
  });
});

test('a function is authorized by the policies of its role in the stack', async () => {
  const { Resources = {} } = templateOf();
  const policy = (Statement: object[]): Template['Resources'] => ({
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyDocument: { Statement }, Roles: [{ Ref: 'FunctionRole' }] },
    },
  });
  const changesBy = async (statements: object[]) => {
    const template = { Resources: { ...Resources, ...policy(statements) } };
    const sandbox = await sandboxOf({ stacks: [{ template }], bundles: FIXTURE, timeScale: BRISK });
    await launch(ec2Of(sandbox));
    sandbox.clock.skipIdleTime();
    await sandbox.idle();
    return sandbox.calls.of('ModifyInstanceMetadataOptions').map(({ outcome }) => outcome);
  };
  const otherStatement = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: { 'Fn::GetAtt': ['Nowhere', 'Arn'] } };

  expect(new Set(await changesBy([otherStatement, { Effect: 'Allow', Action: 'ec2:*', Resource: '*' }]))).toEqual(
    new Set(['ok']),
  );
  expect(new Set(await changesBy([otherStatement]))).toEqual(new Set(['UnauthorizedOperation']));
});
