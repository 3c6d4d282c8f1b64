import { Duration } from 'aws-cdk-lib';

/** How long one invocation may take. The work queue's visibility follows from it. */
export const FUNCTION_TIMEOUT = Duration.seconds(120);

/** How long one step of a scan may take: the longest that Lambda allows. */
export const SCAN_TIMEOUT = Duration.minutes(15);

/** How long the work queue collects a batch, so that many launches share one DescribeInstances. */
export const BATCH_WINDOW = Duration.seconds(10);

/**
 * How long a rule tries to deliver. An hour without delivery is an outage that somebody should hear of; EventBridge itself would
 * go on for a day. The age decides, so the attempts are left at their maximum.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 */
export const DELIVERY = { maxEventAge: Duration.hours(1), retryAttempts: 185 };
