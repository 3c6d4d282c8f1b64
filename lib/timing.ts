import { Duration } from 'aws-cdk-lib';

/**
 * Timeout of the function that handles events: 5 s of work (lambda/handlers/enforce.ts), and time for its alerts and
 * for what it hands back. The visibility timeout of its queues is derived from it.
 */
export const FUNCTION_TIMEOUT = Duration.seconds(30);

/** Timeout of one step of a scan: the maximum of Lambda. */
export const SCAN_TIMEOUT = Duration.minutes(15);

/** Batch window of the work queue: many launches share one DescribeInstances, and a single one is hardly delayed. */
export const BATCH_WINDOW = Duration.seconds(1);

/** Batch window of post-change checks, which nothing waits for. */
export const CHECK_WINDOW = Duration.seconds(60);

/**
 * Retry policy of the rules: one hour, then the event goes to the dead-letter queue.
 *
 * An alarm notifies the operators then. The default of EventBridge is 24 hours. The age is the limit, so the number of
 * attempts is the maximum.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 */
export const DELIVERY = { maxEventAge: Duration.hours(1), retryAttempts: 185 };
