import { Duration } from 'aws-cdk-lib';

/** Timeout of the function that handles events, and base of the work queue's visibility timeout. */
export const FUNCTION_TIMEOUT = Duration.seconds(120);

/** Timeout of one step of a scan: the maximum of Lambda. */
export const SCAN_TIMEOUT = Duration.minutes(15);

/** Batch window of the work queue, so that many launches share one DescribeInstances. */
export const BATCH_WINDOW = Duration.seconds(10);

/**
 * Retry policy of the rules: one hour, then the event goes to the dead-letter queue.
 *
 * An alarm notifies the operators then. The default of EventBridge is 24 hours. The age is the limit, so the number of attempts is the maximum.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 */
export const DELIVERY = { maxEventAge: Duration.hours(1), retryAttempts: 185 };
