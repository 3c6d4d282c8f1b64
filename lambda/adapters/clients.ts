import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import type { HealthOptions } from './health/index.ts';

/** Timeouts in milliseconds, so that one call without a response does not use up an invocation. */
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** The same for SQS, SNS and events about outcomes, which the time after a remediation must suffice for. */
const quick = { requestHandler: { ...requestHandler, requestTimeout: 3_000 }, maxAttempts: 2 };

/**
 * EC2 clients by region. They do not retry; `withRetries` does.
 *
 * @param adapt changes each client, for example `withPageReader` to read whole fleets.
 */
export const ec2Clients = (adapt = (client: EC2Client): EC2Client => client): ((region: string) => EC2Client) =>
  byRegion((region) => adapt(withoutUnknown(unlogged(new EC2Client({ region, requestHandler, maxAttempts: 1 })))));

/** Auto Scaling clients by region. They do not retry; `withRetries` does. */
export const autoScalingClients = (): ((region: string) => AutoScalingClient) =>
  byRegion((region) => unlogged(new AutoScalingClient({ region, requestHandler, maxAttempts: 1 })));

/** CloudWatch clients by region. They do not retry; `withRetries` does. */
export const cloudWatchClients = (): ((region: string) => CloudWatchClient) =>
  byRegion((region) => unlogged(new CloudWatchClient({ region, requestHandler, maxAttempts: 1 })));

/** CloudTrail clients by region. They do not retry; `withRetries` does. */
export const cloudTrailClients = (): ((region: string) => CloudTrailClient) =>
  byRegion((region) => unlogged(new CloudTrailClient({ ...quick, region, maxAttempts: 1 })));

/**
 * Removes the SDK's logging middleware from a client.
 *
 * The middleware copies every response even if the logger discards it, as the default logger does. That takes a quarter
 * of the time needed to read a page of instances.
 */
export function unlogged<T extends { readonly middlewareStack: { remove(name: string): boolean } }>(client: T): T {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}

/** Parameters that an endpoint may not know yet, and without which the call still answers. */
const NEWER = ['IncludeManagedResources'];

/** Makes a client repeat a call without a parameter that EC2 does not know, and leave it out from then on. */
export function withoutUnknown(client: EC2Client): EC2Client {
  const unknown = new Set<string>();
  client.middlewareStack.add(
    (next) => async (args) => {
      const known = () => ({
        ...args,
        input: Object.fromEntries(
          Object.entries(args.input).filter(([name]) => !unknown.has(name)),
        ) as typeof args.input,
      });
      try {
        return await next(known());
      } catch (error) {
        const { name, message } = error as Error;
        const parameter = NEWER.find((one) => !unknown.has(one) && message.includes(one));
        if (name !== 'UnknownParameter' || parameter === undefined) throw error;
        unknown.add(parameter);
        return next(known());
      }
    },
    { step: 'initialize', name: 'withoutUnknown' },
  );
  return client;
}

/** Creates clients on first use and caches them while the function is warm. */
export function byRegion<T>(make: (region: string) => T): (region: string) => T {
  const clients = new Map<string, T>();
  return (region) => {
    const client = clients.get(region) ?? make(region);
    clients.set(region, client);
    return client;
  };
}

/** The SNS client of the function's region. */
export const snsClient = (): SNSClient => new SNSClient(quick);

/**
 * Calls go to the endpoint of the configuration, as those of the other services do, not to the one in the URL of a queue:
 * `AWS_ENDPOINT_URL`, FIPS and dual-stack endpoints would otherwise not apply.
 */
const configuredEndpoint = { useQueueUrlAsEndpoint: false };

/** The SQS client of the function's region. */
export const sqsClient = (): SQSClient => new SQSClient({ ...quick, ...configuredEndpoint });

/**
 * The clients of the health checks.
 *
 * @param config of every client; `region` is the home region.
 */
export function healthClients(config: ClientOptions): HealthOptions['clients'] {
  const home = { requestHandler, ...config };
  return {
    inRegion: byRegion((region) => ({
      events: new EventBridgeClient({ ...home, region }),
      queues: new SQSClient({ ...home, ...configuredEndpoint, region }),
      // Event history takes two lookups a second, of all callers together.
      trails: new CloudTrailClient({ ...home, region, maxAttempts: 8 }),
      ec2: new EC2Client({ ...home, region }),
    })),
    alarms: new CloudWatchClient(home),
    functions: new LambdaClient(home),
    keys: new KMSClient(home),
    roles: new IAMClient(home),
    topics: new SNSClient(home),
  };
}

/** The configuration of any client. */
type ClientOptions = Pick<SQSClientConfig, 'region' | 'profile' | 'requestHandler'>;

/** The EventBridge client of events about outcomes. It does not retry; `putOutcomes` does. */
export const outcomesClient = (): EventBridgeClient => new EventBridgeClient({ ...quick, maxAttempts: 1 });
