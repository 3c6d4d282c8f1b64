import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { refusedGroups } from '../adapters/autoscaling-activities.ts';
import { autoScalingClients, cloudWatchClients, ec2Clients, outcomesClient, sqsClient } from '../adapters/clients.ts';
import { cloudWatchUsage } from '../adapters/cloudwatch-usage.ts';
import { readDefaults } from '../adapters/ec2-defaults.ts';
import { ec2Reader, ec2Writer } from '../adapters/ec2-instances.ts';
import { ec2Probe } from '../adapters/ec2-probe.ts';
import { eventBridgeOutcomes } from '../adapters/eventbridge-outcomes.ts';
import { invocationTime } from '../adapters/invocation-time.ts';
import { telemetry } from '../adapters/telemetry.ts';
import { pingAnswerLog } from '../adapters/ping-answer-log.ts';
import { sqsWorkQueue } from '../adapters/sqs-work-queue.ts';
import { Budget } from '../app/budget.ts';
import { handleBatch } from '../app/handle-batch.ts';
import { onPing } from '../app/ping.ts';
import { parseConfig, rulesOf } from '../config.ts';
import { METRICS } from '../contract.ts';

const config = parseConfig(process.env);
const logger = new Logger({ serviceName: METRICS.service });
const metrics = new Metrics({ namespace: METRICS.namespace, serviceName: METRICS.service });
const ec2 = ec2Clients();
const policy = rulesOf(config);
const budget = new Budget();
const telemetryPort = telemetry(logger, metrics);
const pingPorts = { probe: ec2Probe(ec2), telemetry: telemetryPort, answer: pingAnswerLog(logger) };
const ports = {
  reader: ec2Reader(ec2),
  writer: config.mode === 'enforce' ? ec2Writer(ec2) : undefined,
  regions: { defaults: (region: string) => readDefaults(ec2(region)) },
  refusedGroups: refusedGroups(autoScalingClients()),
  queue: sqsWorkQueue(sqsClient(), config),
  usage: cloudWatchUsage(cloudWatchClients()),
  bus: eventBridgeOutcomes(outcomesClient(), config.outcomeBusArn),
  telemetry: telemetryPort,
  answerPing: (event: unknown) => onPing(event, config.mode, pingPorts),
};

/**
 * Milliseconds after which a batch begins nothing new. What is not done by then goes back to the queue; the rest of the
 * timeout of the function is for that, and for events about outcomes.
 */
const WORK_MS = 5000;

/**
 * Handles a batch of the work queue, or of the queue of post-change checks.
 *
 * It returns the messages to deliver again. An error that is only logged would disable retry, dead-letter queue and
 * alarm.
 */
export const handler = middy(async ({ Records: batch }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
  const time = invocationTime(context.getRemainingTimeInMillis(), WORK_MS);
  const rules = { ...policy, account: accountOf(context.invokedFunctionArn) };
  const records = batch.map(({ messageId, body, attributes }) => ({
    messageId,
    body,
    receiveCount: Number(attributes.ApproximateReceiveCount),
  }));
  const unfinished = await handleBatch(records, rules, { ...ports, time }, budget);
  return { batchItemFailures: unfinished.map((itemIdentifier) => ({ itemIdentifier })) };
})
  .use(injectLambdaContext(logger))
  .after(flushMetrics)
  .onError(flushMetrics);

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
const accountOf = (functionArn: string): string => functionArn.split(':')[4] ?? '';

function flushMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
