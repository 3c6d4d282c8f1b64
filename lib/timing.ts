import { Duration } from 'aws-cdk-lib';

/** How long one invocation may take. The work queue's visibility follows from it. */
export const FUNCTION_TIMEOUT = Duration.seconds(120);

/** How long one step of a sweep may take: the longest that Lambda allows. */
export const SWEEP_TIMEOUT = Duration.minutes(15);

/** How long the work queue collects a batch, so that many launches share one DescribeInstances. */
export const BATCH_WINDOW = Duration.seconds(10);
