import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { cloudWatchClients, ec2Clients, snsClient, sqsClient } from '../adapters/clients.ts';
import { cloudWatchUsage } from '../adapters/cloudwatch-usage.ts';
import { ec2Reader, ec2Writer } from '../adapters/ec2-instances.ts';
import { ec2Probe } from '../adapters/ec2-probe.ts';
import { invocationTime } from '../adapters/invocation-time.ts';
import { telemetry } from '../adapters/telemetry.ts';
import { pingAnswerLog } from '../adapters/ping-answer-log.ts';
import { snsPublisher } from '../adapters/sns-publisher.ts';
import { sqsWorkQueue } from '../adapters/sqs-work-queue.ts';
import { handleBatch, handleEvent } from '../app/handle-events.ts';
import { onPing } from '../app/ping.ts';
import { parseConfig, rulesOf } from '../config.ts';
import { METRICS } from '../contract.ts';
import { ping } from '../triggers/ping.ts';

const config = parseConfig(process.env);
const logger = new Logger({ serviceName: METRICS.service });
const metrics = new Metrics({ namespace: METRICS.namespace, serviceName: METRICS.service });
const ec2 = ec2Clients();
const policy = rulesOf(config);
const ports = {
  reader: ec2Reader(ec2),
  writer: config.mode === 'enforce' ? ec2Writer(ec2) : undefined,
  queue: sqsWorkQueue(sqsClient(), config.workQueueUrl),
  usage: cloudWatchUsage(cloudWatchClients()),
  publisher: snsPublisher(snsClient(), config.outcomesTopicArn),
  telemetry: telemetry(logger, metrics),
};

/**
 * Handles an event of the event bus or a batch of the work queue.
 *
 * It throws, or returns the messages to deliver again, if a retry may succeed. An error that is only logged would
 * disable retry, dead-letter queue and alarm.
 */
export const handler = middy(async (event: unknown, context: Context): Promise<SQSBatchResponse | undefined> => {
  const time = invocationTime(context.getRemainingTimeInMillis());
  if (ping.accepts(event)) {
    await onPing(event, config.mode, {
      probe: ec2Probe(ec2),
      telemetry: ports.telemetry,
      answer: pingAnswerLog(logger),
    });
    return undefined;
  }
  const rules = { ...policy, account: accountOf(context.invokedFunctionArn) };
  if (!isBatch(event)) {
    await handleEvent(event, rules, { ...ports, time });
    return undefined;
  }
  const records = event.Records.map(({ messageId, body, attributes }) => ({
    messageId,
    body,
    receiveCount: Number(attributes?.ApproximateReceiveCount),
  }));
  const unfinished = await handleBatch(records, rules, { ...ports, time });
  return { batchItemFailures: unfinished.map((itemIdentifier) => ({ itemIdentifier })) };
})
  .use(injectLambdaContext(logger))
  .after(flushMetrics)
  .onError(flushMetrics);

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
const accountOf = (functionArn: string): string => functionArn.split(':')[4] ?? '';

function isBatch(event: unknown): event is SQSEvent {
  const { Records: records } = (event ?? {}) as { Records?: unknown };
  return Array.isArray(records) && (records[0] as { eventSource?: unknown } | undefined)?.eventSource === 'aws:sqs';
}

function flushMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
