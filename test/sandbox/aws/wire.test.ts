import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstancesCommand,
  DescribeRegionsCommand,
  DescribeTagsCommand,
  GetInstanceMetadataDefaultsCommand,
  ModifyInstanceMetadataDefaultsCommand,
  ModifyInstanceMetadataOptionsCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { ec2Of, IMAGE, launch, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

test('the SDK can call EC2', async () => {
  const sandbox = await sandboxOf({ regions: ['us-east-1', 'eu-west-1'] });
  const ec2 = ec2Of(sandbox);

  const run = await ec2.send(
    new RunInstancesCommand({
      ImageId: IMAGE,
      MinCount: 1,
      MaxCount: 2,
      InstanceType: 'c7g.large',
      MetadataOptions: { HttpTokens: 'optional', HttpPutResponseHopLimit: 2 },
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: ' <a> & "b" \u202e\n ü ' }] }],
    }),
  );
  expect(run.ReservationId).toMatch(/^r-[0-9a-f]{17}$/);
  expect(run.Instances).toHaveLength(2);
  const [first] = run.Instances ?? [];
  expect(first).toMatchObject({
    InstanceId: expect.stringMatching(/^i-[0-9a-f]{17}$/),
    InstanceType: 'c7g.large',
    State: { Code: 0, Name: 'pending' },
    Tags: [{ Key: 'Name', Value: ' <a> & "b" \u202e\n ü ' }],
    MetadataOptions: { State: 'pending', HttpTokens: 'optional', HttpPutResponseHopLimit: 2, HttpEndpoint: 'enabled' },
    Operator: { Managed: false },
  });
  expect(first?.LaunchTime).toBeInstanceOf(Date);
  const id = first?.InstanceId ?? '';

  const modified = await ec2.send(
    new ModifyInstanceMetadataOptionsCommand({ InstanceId: id, HttpTokens: 'required', HttpEndpoint: 'enabled' }),
  );
  expect(modified).toMatchObject({
    InstanceId: id,
    InstanceMetadataOptions: { State: 'pending', HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
  });

  await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'team', Value: 'web' }] }));
  await ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: 'Name' }] }));
  const tags = await ec2.send(new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] }));
  expect(tags.Tags).toEqual([{ ResourceId: id, ResourceType: 'instance', Key: 'team', Value: 'web' }]);

  await sandbox.idle();
  const stopping = await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  expect(stopping.StoppingInstances).toMatchObject([
    { InstanceId: id, PreviousState: { Name: 'running' }, CurrentState: { Name: 'stopping' } },
  ]);
  await sandbox.idle();
  await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await sandbox.idle();
  const described = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  expect(described.Reservations?.[0]?.Instances?.[0]).toMatchObject({ State: { Name: 'terminated' }, Placement: {} });

  const { Regions } = await ec2.send(new DescribeRegionsCommand({}));
  expect(Regions?.map(({ RegionName }) => RegionName)).toEqual(['us-east-1', 'eu-west-1']);
});

test('the SDK can modify account defaults', async () => {
  const ec2 = ec2Of(await sandboxOf());
  const defaults = async () => (await ec2.send(new GetInstanceMetadataDefaultsCommand({}))).AccountLevel;
  expect(await defaults()).toEqual({ HttpTokensEnforced: 'disabled', ManagedBy: 'account' });

  await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokens: 'required', HttpPutResponseHopLimit: 2 }));
  await ec2.send(
    new ModifyInstanceMetadataDefaultsCommand({ HttpTokensEnforced: 'enabled', InstanceMetadataTags: 'enabled' }),
  );
  expect(await defaults()).toMatchObject({
    HttpTokens: 'required',
    HttpPutResponseHopLimit: 2,
    InstanceMetadataTags: 'enabled',
    HttpTokensEnforced: 'enabled',
  });

  await ec2
    .send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokens: 'no-preference', HttpPutResponseHopLimit: -1 }))
    .catch(() => undefined);
  expect(await defaults()).toMatchObject({ HttpTokensEnforced: 'enabled' });
});

test('errors have a code and an HTTP status', async () => {
  const sandbox = await sandboxOf();
  const ec2 = ec2Of(sandbox);
  const [id = ''] = await launch(ec2);
  const modify = (InstanceId: string, more = {}) =>
    refusal(ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpTokens: 'required', ...more })));

  expect(await modify('i-0123456789abcdef0')).toEqual(['InvalidInstanceID.NotFound', 400]);
  expect(await modify('i-nonsense')).toEqual(['InvalidInstanceID.Malformed', 400]);
  expect(await modify(id, { DryRun: true })).toEqual(['DryRunOperation', 412]);
  expect(await modify(id, { HttpTokens: 'perhaps' })).toEqual(['InvalidParameterValue', 400]);
  expect(await modify(id, { HttpPutResponseHopLimit: 65 })).toEqual(['InvalidParameterValue', 400]);
  const refused = (input: object) => refusal(ec2.send(new DescribeInstancesCommand(input)));
  expect(await refused({ InstanceIds: [id], MaxResults: 5 })).toEqual(['InvalidParameterCombination', 400]);
  expect(await refused({ MaxResults: 4 })).toEqual(['InvalidParameterValue', 400]);
  expect(await refused({ Filters: [{ Name: 'colour', Values: ['red'] }] })).toEqual(['InvalidParameterValue', 400]);
  const otherRegion = ec2Of(sandbox, { region: 'ap-south-1' });
  expect(await refusal(otherRegion.send(new DescribeInstancesCommand({})))).toEqual(['AuthFailure', 401]);
  expect(sandbox.calls.of('ModifyInstanceMetadataOptions').map(({ outcome }) => outcome)).toEqual([
    'InvalidInstanceID.NotFound',
    'InvalidInstanceID.Malformed',
    'DryRunOperation',
    'InvalidParameterValue',
    'InvalidParameterValue',
  ]);
});

test('the SDK retries after throttling, server errors and reset connections', async () => {
  const sandbox = await sandboxOf({
    faults: {
      throttles: ({ action, attempt }) => action === 'RunInstances' && attempt === 1,
      fails: ({ action, attempt }) => (action === 'DescribeInstances' && attempt === 1 ? 'Unavailable' : undefined),
      resets: ({ action, attempt }) => (action === 'RunInstances' && attempt === 2 ? 'after' : undefined),
    },
  });
  const ec2 = ec2Of(sandbox, { maxAttempts: 3 });
  const ids = await launch(ec2);

  await ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }));

  // The third attempt returns, by its client token, the instances that the second one launched.
  expect(sandbox.calls.of('RunInstances').map(({ outcome }) => outcome)).toEqual([
    'RequestLimitExceeded',
    'reset',
    'ok',
  ]);
  expect(
    sandbox
      .fleet()
      .instances()
      .map(({ id }) => id),
  ).toEqual(ids);
  expect(sandbox.calls.of('DescribeInstances').map(({ outcome }) => outcome)).toEqual(['Unavailable', 'ok']);
});

test('the SDK can call SNS and SQS', async () => {
  const sandbox = await sandboxOf();
  const topic = sandbox.topics.create('us-east-1', 'eventLog');
  sandbox.queues.create('us-east-1', 'jobs');
  const sns = new SNSClient({ ...sandbox.client(), maxAttempts: 1 });
  const sqs = new SQSClient({ ...sandbox.client(), maxAttempts: 1 });

  const TopicArn = topic.arn;
  await sns.send(new PublishCommand({ TopicArn, Subject: 'Hello', Message: 'one' }));
  const batch = await sns.send(
    new PublishBatchCommand({
      TopicArn,
      PublishBatchRequestEntries: [
        { Id: 'good', Message: 'two', MessageAttributes: { list: { DataType: 'String.Array', StringValue: '["a"]' } } },
        { Id: 'bad', Message: 'three', Subject: 'two\nlines' },
      ],
    }),
  );
  expect(batch.Successful?.map(({ Id }) => Id)).toEqual(['good']);
  expect(batch.Failed).toMatchObject([{ Id: 'bad', Code: 'InvalidParameter', SenderFault: true }]);
  expect(topic.messages.map(({ email }) => email.body)).toEqual(['one', 'two']);

  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs' }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'now' }));
  const Entries = [{ Id: '1', MessageBody: 'later', DelaySeconds: 900 }];
  expect((await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).Successful).toHaveLength(1);
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }),
  );
  expect(Messages).toMatchObject([{ Body: 'now', Attributes: { ApproximateReceiveCount: '1' } }]);
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
  expect(
    sandbox.queues
      .named('us-east-1', 'jobs')
      .messages()
      .map(({ body }) => body),
  ).toEqual(['later']);
  expect(await refusal(sqs.send(new GetQueueUrlCommand({ QueueName: 'none' })))).toEqual(['QueueDoesNotExist', 400]);

  sns.destroy();
  sqs.destroy();
});

test('STS returns the caller of an access key', async () => {
  const arn = 'arn:aws:iam::111122223333:user/ana';
  const sandbox = await sandboxOf({ callers: { AKIAANA: { arn } } });
  const whoIs = async (key: string) => {
    const authorization = `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/sts/aws4_request, Signature=x`;
    const body = 'Action=GetCallerIdentity&Version=2011-06-15';
    return (await fetch(sandbox.endpoint, { method: 'POST', headers: { authorization }, body })).text();
  };
  expect(await whoIs('AKIAANA')).toContain(`<Arn>${arn}</Arn>`);
  expect(await whoIs('AKIAOTHER')).toContain('assumed-role/Developer/dev');
});
