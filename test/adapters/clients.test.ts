import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { PublishCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { cloudWatchClients, ec2Clients, healthClients, snsClient, sqsClient } from '../../lambda/adapters/clients.ts';
import { Aws } from '../../cli/common/aws.ts';
import { recordingIo } from '../support/io.ts';
import { CREDENTIALS, ec2Error, json, type Loopback, snsError, startLoopback } from '../support/loopback.ts';

const before = { ...process.env };
let aws: Loopback;

beforeAll(async () => {
  aws = await startLoopback();
  Object.assign(process.env, CREDENTIALS, { AWS_ENDPOINT_URL: aws.url, AWS_REGION: 'eu-west-1' });
});
afterAll(async () => {
  process.env = before;
  await aws.close();
});

it.each([
  ['EC2', ec2Clients],
  ['CloudWatch', cloudWatchClients],
])('creates one %s client for each region', (_, clients) => {
  const client = clients();

  expect(client('eu-west-1')).toBe(client('eu-west-1'));
  expect(client('us-east-1')).not.toBe(client('eu-west-1'));
});

it('removes the logging middleware of the EC2 and CloudWatch clients', () => {
  const steps = (client: { readonly middlewareStack: { identify(): string[] } }) =>
    client.middlewareStack.identify().filter((step) => step.startsWith('loggerMiddleware'));

  expect(steps(new EC2Client({ region: 'us-east-1' }))).toHaveLength(1);
  expect(steps(ec2Clients()('us-east-1'))).toEqual([]);
  expect(steps(cloudWatchClients()('us-east-1'))).toEqual([]);
});

it.each<[string, () => SQSClient]>([
  ['the function', sqsClient],
  ['the health checks', () => healthClients({ region: 'us-east-1' }).inRegion('us-east-1').queues],
  ['the command line', () => new SQSClient(new Aws({}, recordingIo({ env: CREDENTIALS }).io).config('eu-west-1'))],
])('SQS clients of %s call the configured endpoint, not the one in the URL of the queue', async (_, make) => {
  aws.reset();
  const QueueUrl = 'https://sqs.eu-west-1.amazonaws.com/111122223333/work';
  await make().send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  expect(aws.take('GetQueueAttributes')).toHaveLength(1);
});

it('does not let the SDK retry EC2 calls', async () => {
  const ec2 = ec2Clients()('us-east-1');
  aws.prepare('DescribeInstances', ec2Error('RequestLimitExceeded', 'slow down', 503));

  await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
  expect(aws.take()).toHaveLength(1);
  ec2.destroy();
});

it('repeats an EC2 call without a parameter that the endpoint does not know, and leaves it out from then on', async () => {
  const ec2 = ec2Clients()('us-east-1');
  const unknown = ec2Error('UnknownParameter', 'The parameter IncludeManagedResources is not recognized', 400);
  aws.prepare('DescribeInstances', unknown);
  const call = () => ec2.send(new DescribeInstancesCommand({ IncludeManagedResources: true, MaxResults: 5 }));

  expect(await call()).toMatchObject({ Reservations: [] });
  await call();

  const sent = aws.take().map(({ parameters }) => Object.keys(parameters));
  expect(sent).toEqual([['IncludeManagedResources', 'MaxResults'], ['MaxResults'], ['MaxResults']]);
  ec2.destroy();
});

it('does not repeat a call without what it is about', async () => {
  const ec2 = ec2Clients()('us-east-1');
  aws.prepare('DescribeInstances', ec2Error('UnknownParameter', 'The parameter Filters is not recognized', 400));
  const Filters = [{ Name: 'instance-id', Values: ['i-0a1b2c3d4e5f60718'] }];

  await expect(ec2.send(new DescribeInstancesCommand({ Filters }))).rejects.toMatchObject({ name: 'UnknownParameter' });
  expect(aws.take()).toHaveLength(1);
  ec2.destroy();
});

it('does not let the SDK retry CloudWatch calls', async () => {
  const cloudWatch = cloudWatchClients()('us-east-1');
  aws.prepare('GetMetricData', json({ __type: 'com.amazonaws.cloudwatch#ThrottlingException', message: 'no' }, 400));

  const command = new GetMetricDataCommand({ MetricDataQueries: [], StartTime: new Date(0), EndTime: new Date(1) });
  await expect(cloudWatch.send(command)).rejects.toMatchObject({ name: 'ThrottlingException' });
  expect(aws.take()).toHaveLength(1);
  cloudWatch.destroy();
});

it('lets the SDK make two attempts of an SQS call', async () => {
  const sqs = sqsClient();
  const away = json({ __type: 'com.amazonaws.sqs#ServiceUnavailable', message: 'away' }, 503);
  aws.prepare('SendMessage', away, away, away);

  const command = new SendMessageCommand({ QueueUrl: `${aws.url}/111122223333/work`, MessageBody: 'text' });
  await expect(sqs.send(command)).rejects.toThrow('away');
  expect(aws.take()).toHaveLength(2);
  sqs.destroy();
});

it('lets the SDK retry SNS calls', async () => {
  const sns = snsClient();
  aws.prepare('Publish', snsError('InternalError', 'away', 500));

  await sns.send(new PublishCommand({ TopicArn: 'arn:aws:sns:eu-west-1:111122223333:outcomes', Message: 'text' }));
  expect(aws.take()).toHaveLength(2);
  sns.destroy();
});
