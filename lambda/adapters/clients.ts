import { EC2Client } from '@aws-sdk/client-ec2';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';

/** An answer that takes longer than this is given up, so that one hung call does not use up an invocation. */
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** EC2 clients by region, made when first needed and kept while the function is warm. */
export function ec2Clients(): (region: string) => EC2Client {
  const clients = new Map<string, EC2Client>();
  return (region) => {
    const client = clients.get(region) ?? new EC2Client({ region, requestHandler, maxAttempts: 1 });
    clients.set(region, client);
    return client;
  };
}

export const snsClient = (): SNSClient => new SNSClient({ requestHandler });

export const sqsClient = (): SQSClient => new SQSClient({ requestHandler });
