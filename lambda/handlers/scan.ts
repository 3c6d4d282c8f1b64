import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { autoScalingGroups } from '../adapters/autoscaling-groups.ts';
import { cloudTrailCallers } from '../adapters/cloudtrail-callers.ts';
import {
  autoScalingClients,
  cloudTrailClients,
  cloudWatchClients,
  ec2Clients,
  outcomesClient,
  sqsClient,
} from '../adapters/clients.ts';
import { cloudWatchUsage } from '../adapters/cloudwatch-usage.ts';
import { withPageReader } from '../adapters/describe-instances-reader.ts';
import { ec2Fleets } from '../adapters/ec2-fleets.ts';
import { ec2Fleet, ec2Reader, ec2Writer } from '../adapters/ec2-instances.ts';
import { ec2LaunchTemplates } from '../adapters/ec2-launch-templates.ts';
import { ec2NatGateways } from '../adapters/ec2-nat-gateways.ts';
import { ec2Regions } from '../adapters/ec2-regions.ts';
import { eventBridgeOutcomes } from '../adapters/eventbridge-outcomes.ts';
import { invocationTime } from '../adapters/invocation-time.ts';
import { telemetry } from '../adapters/telemetry.ts';
import { deployedHealth } from '../adapters/deployed-health.ts';
import { sqsMessageQueue } from '../adapters/sqs-message-queue.ts';
import { sqsScanQueue } from '../adapters/sqs-scan-queue.ts';
import { sqsWorkQueue } from '../adapters/sqs-work-queue.ts';
import { onGivenUp } from '../app/scan/given-up.ts';
import { onScanStep } from '../app/scan/index.ts';
import { parseScanConfig, rulesOf, scansMayChange } from '../config.ts';
import { METRICS } from '../contract.ts';
import { parseJson } from '../triggers/json.ts';

const config = parseScanConfig(process.env);
const homeRegion = process.env.AWS_REGION ?? '';
const { mode, scanEveryHours, forwarders } = config;
const rules = { ...rulesOf(config), mode, scanEveryHours, forwarders, homeRegion };
const logger = new Logger({ serviceName: METRICS.service });
const metrics = new Metrics({ namespace: METRICS.namespace, serviceName: METRICS.service });
const [ec2, queues] = [ec2Clients(withPageReader), sqsClient()];
const ports = {
  reader: ec2Reader(ec2),
  fleet: ec2Fleet(ec2),
  regions: ec2Regions(ec2, homeRegion),
  writer: scansMayChange(config) ? ec2Writer(ec2) : undefined,
  queue: sqsWorkQueue(queues, config),
  steps: sqsScanQueue(queues, config.scanQueueUrl),
  deadLetterQueue: sqsMessageQueue(queues, config.deadLetterQueueUrl),
  usage: cloudWatchUsage(cloudWatchClients()),
  bus: eventBridgeOutcomes(outcomesClient(), config.outcomeBusArn),
  telemetry: telemetry(logger, metrics),
  history: cloudTrailCallers(cloudTrailClients()),
  network: ec2NatGateways(ec2),
  launchSources: { ...ec2LaunchTemplates(ec2), ...ec2Fleets(ec2), ...autoScalingGroups(autoScalingClients()) },
  healthChecks: deployedHealth(config, homeRegion, process.env.AWS_LAMBDA_FUNCTION_NAME),
};

/**
 * Handles the steps of scans, and what was given up.
 *
 * It throws if a step must be retried, and SQS then delivers it again; of what was given up, it returns the messages to
 * deliver again.
 */
export const handler = middy(async ({ Records: records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
  const time = invocationTime(context.getRemainingTimeInMillis());
  const invocationPorts = { ...ports, time };
  const steps = records.filter(isStep);
  for (const { body } of steps) await onScanStep(parseJson(body), rules, invocationPorts);
  const unfinished = await onGivenUp(
    records.filter((record) => !isStep(record)),
    rules,
    invocationPorts,
  );
  return { batchItemFailures: unfinished.map((itemIdentifier) => ({ itemIdentifier })) };
})
  .use(injectLambdaContext(logger))
  .after(flushMetrics)
  .onError(flushMetrics);

/** The steps of scans come from a FIFO queue. */
const isStep = ({ attributes }: SQSRecord): boolean => attributes.MessageGroupId !== undefined;

function flushMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
