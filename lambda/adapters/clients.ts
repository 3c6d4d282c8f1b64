import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';

/** An answer that takes longer than this is given up, so that one hung call does not use up an invocation. */
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** EC2 clients by region. `withRetries` tries again, the client does not. */
export const ec2Clients = (): ((region: string) => EC2Client) =>
  byRegion((region) => unlogged(new EC2Client({ region, requestHandler, maxAttempts: 1 })));

/** CloudWatch clients by region. `withRetries` tries again, the client does not. */
export const cloudWatchClients = (): ((region: string) => CloudWatchClient) =>
  byRegion((region) => unlogged(new CloudWatchClient({ region, requestHandler, maxAttempts: 1 })));

/**
 * A client without the step that logs: for a logger that drops everything, as the default one, the step still copies the whole
 * answer, which takes a quarter of the time to read a page of instances.
 */
export function unlogged<T extends { readonly middlewareStack: { remove(name: string): boolean } }>(client: T): T {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}

/** Clients that are made when first needed and kept while the function is warm. */
function byRegion<T>(make: (region: string) => T): (region: string) => T {
  const clients = new Map<string, T>();
  return (region) => {
    const client = clients.get(region) ?? make(region);
    clients.set(region, client);
    return client;
  };
}

export const snsClient = (): SNSClient => new SNSClient({ requestHandler });

export const sqsClient = (): SQSClient => new SQSClient({ requestHandler });

export const trailClient = (): CloudTrailClient => new CloudTrailClient({ requestHandler });

/** SQS clients by region. */
export const sqsClients = (): ((region: string) => SQSClient) =>
  byRegion((region) => new SQSClient({ region, requestHandler }));

/** EventBridge clients by region. */
export const eventsClients = (): ((region: string) => EventBridgeClient) =>
  byRegion((region) => new EventBridgeClient({ region, requestHandler }));

export const eventsClient = (): EventBridgeClient => new EventBridgeClient({ requestHandler });
