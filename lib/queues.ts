import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Trail } from '../lambda/contract.ts';
import { BATCH_WINDOW, FUNCTION_TIMEOUT } from './timing.ts';

/**
 * The queue of events that could not be delivered or handled, until an operator redrives them.
 *
 * SQS redrives only from the dead-letter queue of another queue. This one belongs to `WorkQueue`, so one redrive also
 * covers the events of rules and of the function's on-failure destination.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 */
export class DeadLetterQueue extends Queue {
  public constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The maximum of SQS. A message from the work queue keeps its age.
      retentionPeriod: Duration.days(14),
    });
  }
}

/** The dead-letter queue, and the setting that determines the delay. */
export interface WorkQueueProps {
  readonly deadLetterQueue: Queue;
  readonly trail: Trail;
}

/** The queue of running-state events, findings, post-change checks and undelivered alerts. */
export class WorkQueue extends Queue {
  public constructor(scope: Construct, id: string, { deadLetterQueue, trail }: WorkQueueProps) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The CloudTrail record of a launch, which has the caller, should be handled before the running-state event.
      // Without a trail, the delay only covers EC2's eventual consistency.
      deliveryDelay: Duration.seconds(trail === 'none' ? 15 : 90),
      // Lambda recommends six times the function timeout plus the batch window, so that no throttled batch is received
      // twice.
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(6 * FUNCTION_TIMEOUT.toSeconds()).plus(BATCH_WINDOW),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: 5 },
    });
  }
}
