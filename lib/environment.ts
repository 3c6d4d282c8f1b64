import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Config } from '../lambda/config.ts';
import type { Settings } from './settings.ts';
import type { Topics } from './topics.ts';

/** What every function of the product is told. */
export function configOf(settings: Settings, topics: Topics, workQueue: IQueue): Config {
  return {
    mode: settings.mode,
    existing: settings.existing,
    trail: settings.trail !== 'none',
    maxExemptionDays: settings.maxExemptionDays,
    usageLookBackDays: settings.usageLookBackDays,
    usageMinimumAgeDays: settings.usageMinimumAgeDays,
    outcomesTopicArn: topics.outcomes.topicArn,
    workQueueUrl: workQueue.queueUrl,
  };
}
