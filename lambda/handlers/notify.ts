import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { cloudTrailCallers } from '../adapters/cloudtrail-callers.ts';
import { cloudTrailChanges } from '../adapters/cloudtrail-changes.ts';
import { cloudTrailClients, snsClient, sqsClient } from '../adapters/clients.ts';
import { invocationTime } from '../adapters/invocation-time.ts';
import { snsChat } from '../adapters/sns-chat.ts';
import { snsPublisher } from '../adapters/sns-publisher.ts';
import { sqsMessageQueue } from '../adapters/sqs-message-queue.ts';
import { telemetry } from '../adapters/telemetry.ts';
import { onUrgent } from '../app/notify/index.ts';
import { RecentAlerts } from '../app/notify/recent-alerts.ts';
import { parseNotifyConfig } from '../config.ts';
import { METRICS } from '../contract.ts';

const config = parseNotifyConfig(process.env);
const logger = new Logger({ serviceName: METRICS.service });
const metrics = new Metrics({ namespace: METRICS.namespace, serviceName: METRICS.service });
const sns = snsClient();
const [chatTopicArn] = config.chatTopicArns;
const trails = cloudTrailClients();
const ports = {
  publisher: snsPublisher(sns, config.outcomesTopicArn),
  chat: chatTopicArn === undefined ? undefined : snsChat(sns, chatTopicArn),
  summaries: sqsMessageQueue(sqsClient(), config.summaryQueueUrl),
  changes: cloudTrailChanges(trails),
  history: cloudTrailCallers(trails),
  recent: new RecentAlerts(config.alertSummaryMinutes),
  telemetry: telemetry(logger, metrics),
};

/** Handles a batch of the urgent queue. It returns the messages to deliver again, if a retry may succeed. */
export const handler = middy(async ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
  const time = invocationTime(context.getRemainingTimeInMillis());
  const failed = await onUrgent(Records, config, { ...ports, time });
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
})
  .use(injectLambdaContext(logger))
  .after(flushMetrics)
  .onError(flushMetrics);

function flushMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
