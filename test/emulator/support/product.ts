import type { Context, SQSEvent } from 'aws-lambda';
import { type Config, toEnvironment } from '../../../lambda/config.ts';
import type { OutcomeDetail } from '../../../lambda/core/outcome-detail.ts';
import type { handler as Handler } from '../../../lambda/handlers/enforce.ts';
import { CONFIG } from '../../support/config.ts';
import type { Envelope } from '../../support/events.ts';
import { batchOf } from '../../support/function.ts';
import { createBus, createQueue, receive } from './account.ts';

/** The function with an event bus and queues. */
export interface Product {
  /** The envelope of an event that happens now in this account. */
  readonly now: () => Envelope;
  readonly workQueue: string;
  /**
   * Invokes the function with an event. `seconds` remain besides the reserve for cleaning up. @returns as
   * `deliverBatch`.
   */
  readonly deliver: (event: unknown, seconds?: number) => Promise<number[]>;
  /** Invokes the function with messages of the work queue. @returns the positions of messages to retry. */
  readonly deliverBatch: (bodies: readonly (string | undefined)[], seconds?: number) => Promise<number[]>;
  /** Receives the expected number of events about outcomes. */
  readonly events: (expected: number) => Promise<OutcomeDetail[]>;
}

const RESERVE_SECONDS = 15;

/** Imports the handler with new environment variables, as a cold start does. */
export async function deploy(over: Partial<Config> = {}): Promise<Product> {
  const [eventQueue, workQueue, checkQueue] = [await createQueue(), await createQueue(), await createQueue()];
  const outcomeBusArn = await createBus(eventQueue);
  const account = outcomeBusArn.split(':')[4] ?? '';
  const config: Config = {
    ...CONFIG,
    outcomeBusArn,
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
    const response = await handler?.(batch, lambdaContext(seconds, account));
    return (response?.batchItemFailures ?? []).map(({ itemIdentifier }) => Number(itemIdentifier.slice(1)) - 1);
  };

  return {
    now: () => ({ account, time: new Date().toISOString() }),
    workQueue,
    deliver: (event, seconds) => deliverBatch([JSON.stringify(event)], seconds),
    deliverBatch,
    events: async (expected) =>
      (await receive(eventQueue, expected)).map(
        ({ Body = '' }) => (JSON.parse(Body) as { detail: OutcomeDetail }).detail,
      ),
  };
}

/** The statuses of instances, by id. */
export const statuses = (events: readonly OutcomeDetail[]): Record<string, string> =>
  Object.fromEntries(events.map(({ instanceId, status }) => [instanceId, status]));

function lambdaContext(seconds: number, account: string): Context {
  const remaining = (seconds + RESERVE_SECONDS) * 1000;
  return {
    functionName: 'enforce',
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:eu-west-1:${account}:function:enforce`,
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
