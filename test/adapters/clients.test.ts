import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { PublishCommand } from '@aws-sdk/client-sns';
import { ec2Clients, snsClient } from '../../lambda/adapters/clients.ts';
import { CREDENTIALS, ec2Error, type Loopback, snsError, startLoopback } from '../support/loopback.ts';

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

it('EC2 clients are made once for each region', () => {
  const client = ec2Clients();

  expect(client('eu-west-1')).toBe(client('eu-west-1'));
  expect(client('us-east-1')).not.toBe(client('eu-west-1'));
});

it('EC2 calls are not tried again by the SDK, whose allowance a burst would use up', async () => {
  const ec2 = ec2Clients()('us-east-1');
  aws.prepare('DescribeInstances', ec2Error('RequestLimitExceeded', 'slow down', 503));

  await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
  expect(aws.take()).toHaveLength(1);
  ec2.destroy();
});

it('SNS calls are tried again by the SDK', async () => {
  const sns = snsClient();
  aws.prepare('Publish', snsError('InternalError', 'away', 500));

  await sns.send(new PublishCommand({ TopicArn: 'arn:aws:sns:eu-west-1:111122223333:outcomes', Message: 'text' }));
  expect(aws.take()).toHaveLength(2);
  sns.destroy();
});
