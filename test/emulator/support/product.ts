import type { Context, SQSEvent } from 'aws-lambda';
import { type Config, toEnvironment } from '../../../lambda/config.ts';
import type { AlertJson } from '../../../lambda/core/message.ts';
import type { handler as Handler } from '../../../lambda/handlers/enforce.ts';
import { CONFIG } from '../../support/config.ts';
import type { Envelope } from '../../support/events.ts';
import { batchOf } from '../../support/function.ts';
import { createQueue, createTopic, receive, subscribe } from './account.ts';

/** An alert in a queue that is subscribed to the topic. */
export interface Alert {
  readonly subject: string;
  readonly json: AlertJson;
  readonly attributes: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
}

/** The function with a topic and queues. */
export interface Product {
  /** The envelope of an event that happens now in this account. */
  readonly now: () => Envelope;
  readonly topicArn: string;
  readonly workQueue: string;
  /**
   * Invokes the function with an event. `seconds` remain besides the reserve for cleaning up. @returns as
   * `deliverBatch`.
   */
  readonly deliver: (event: unknown, seconds?: number) => Promise<number[]>;
  /** Invokes the function with messages of the work queue. @returns the positions of messages to retry. */
  readonly deliverBatch: (bodies: readonly (string | undefined)[], seconds?: number) => Promise<number[]>;
  /** Receives the expected number of alerts. */
  readonly alerts: (expected: number) => Promise<Alert[]>;
}

const RESERVE_SECONDS = 15;

/** Imports the handler with new environment variables, as a cold start does. */
export async function deploy(over: Partial<Config> = {}): Promise<Product> {
  const topicArn = await createTopic();
  const [alertQueue, workQueue, checkQueue] = [await createQueue(), await createQueue(), await createQueue()];
  await subscribe(topicArn, alertQueue);
  const config: Config = {
    ...CONFIG,
    outcomesTopicArn: topicArn,
    workQueueUrl: workQueue,
    checkQueueUrl: checkQueue,
    ...over,
  };
  // Logs and metrics go to standard output; other tests check them.
  const silent = { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' };
  Object.assign(process.env, toEnvironment(config), silent);
  let handler: typeof Handler | undefined;
  await jest.isolateModulesAsync(async () => {
    ({ handler } = await import('../../../lambda/handlers/enforce.ts'));
  });
  const deliverBatch = async (bodies: readonly (string | undefined)[], seconds = 60): Promise<number[]> => {
    const batch = batchOf(...bodies) as unknown as SQSEvent;
    const response = await handler?.(batch, lambdaContext(seconds));
    return (response?.batchItemFailures ?? []).map(({ itemIdentifier }) => Number(itemIdentifier.slice(1)) - 1);
  };

  return {
    now: () => ({ account: topicArn.split(':')[4], time: new Date().toISOString() }),
    topicArn,
    workQueue,
    deliver: (event, seconds) => deliverBatch([JSON.stringify(event)], seconds),
    deliverBatch,
    alerts: async (expected) => (await receive(alertQueue, expected)).map(({ Body }) => toAlert(Body)),
  };
}

/** Parses an alert from the body of a queue message. */
export function toAlert(body = ''): Alert {
  const { Subject, Message, MessageAttributes } = JSON.parse(body) as Record<'Subject' | 'Message', string> & {
    MessageAttributes: Alert['attributes'];
  };
  return { subject: Subject, json: JSON.parse(Message) as AlertJson, attributes: MessageAttributes };
}

/** The statuses of the instances in alerts, by id. */
export function statuses(alerts: readonly Alert[]): Record<string, string> {
  const outcomes = alerts.flatMap(({ json }) => json.outcomes);
  return Object.fromEntries(outcomes.map(({ instanceId, status }) => [instanceId, status]));
}

function lambdaContext(seconds: number): Context {
  const remaining = (seconds + RESERVE_SECONDS) * 1000;
  return {
    functionName: 'enforce',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:enforce',
    memoryLimitInMB: '256',
    awsRequestId: 'f4a1b2c3-0d5e-4f60-8a7b-9c0d1e2f3a4b',
    logGroupName: '/aws/lambda/enforce',
    logStreamName: 'test',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => remaining,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
