/**
 * Makes the calls of the product and prints the results (`v8.serialize` in base64, so that dates stay dates).
 *
 * `bundle.test.ts` bundles it twice. It is independent of the handlers, so that only the bundling is compared.
 */
import { serialize } from 'node:v8';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeInstancesCommand, EC2Client, ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const cloudTrail = new CloudTrailClient();
const cloudWatch = new CloudWatchClient();
const ec2 = new EC2Client();
const sns = new SNSClient();
const sqs = new SQSClient();

const outcomes = [
  await attempt(
    ec2.send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: 'instance-id', Values: ['i-0123456789abcdef0', 'i-0123456789abcdef1'] },
          { Name: 'tag:team', Values: ['a&b=c ü'] },
        ],
        MaxResults: 100,
      }),
    ),
  ),
  await attempt(
    ec2.send(
      new ModifyInstanceMetadataOptionsCommand({
        InstanceId: 'i-0123456789abcdef0',
        HttpTokens: 'required',
        HttpEndpoint: 'enabled',
      }),
    ),
  ),
  await attempt(ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-0000000000000000f'] }))),
  await attempt(
    sns.send(
      new PublishCommand({
        TopicArn: 'arn:aws:sns:eu-central-1:111122223333:outcomes',
        Subject: 'subject',
        Message: '{"default":"ü"}',
        MessageStructure: 'json',
        MessageAttributes: { severity: { DataType: 'String', StringValue: 'high' } },
      }),
    ),
  ),
  await attempt(sns.send(new PublishCommand({ TopicArn: 'arn:aws:sns:eu-central-1:111122223333:gone', Message: 'x' }))),
  await attempt(
    sqs.send(
      new SendMessageCommand({
        QueueUrl: `${process.env.AWS_ENDPOINT_URL}/111122223333/work`,
        MessageBody: '{"ü":1}',
        DelaySeconds: 15,
        MessageAttributes: { kind: { DataType: 'String', StringValue: 'undelivered' } },
      }),
    ),
  ),
  await attempt(
    sqs.send(
      new SendMessageCommand({ QueueUrl: `${process.env.AWS_ENDPOINT_URL}/111122223333/gone`, MessageBody: 'x' }),
    ),
  ),
  await attempt(
    cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date('2026-01-02T03:04:05Z'),
        EndTime: new Date('2026-01-02T04:04:05Z'),
        MetricDataQueries: [
          {
            Id: 'm0',
            MetricStat: {
              Metric: {
                Namespace: 'AWS/EC2',
                MetricName: 'MetadataNoToken',
                Dimensions: [{ Name: 'InstanceId', Value: 'i-0123456789abcdef0' }],
              },
              Period: 300,
              Stat: 'Sum',
            },
          },
        ],
      }),
    ),
  ),
  // The name of this error is not its code.
  await attempt(
    sns.send(new PublishCommand({ TopicArn: 'arn:aws:sns:eu-central-1:111122223333:denied', Message: 'x' })),
  ),
  await attempt(cloudTrail.send(new LookupEventsCommand({ MaxResults: 51 }))),
];
process.stdout.write(serialize(outcomes).toString('base64'));

async function attempt(call: Promise<object>): Promise<object> {
  try {
    return { output: await call };
  } catch (error) {
    const { name, message, $fault, $metadata } = error as Error & { $fault?: string; $metadata?: object };
    return { error: { name, message, $fault, $metadata } };
  }
}
