import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Trail } from '../lambda/contract.ts';
import { BATCH_WINDOW, FUNCTION_TIMEOUT } from './timing.ts';

/**
 * Everything that could not be delivered or done, until somebody redrives it.
 *
 * SQS moves messages back only out of a queue that is the dead-letter queue of another queue. This one is `WorkQueue`'s, so a
 * single redrive serves rule targets and function failures too.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 */
export class DeadLetterQueue extends Queue {
  public constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The longest that SQS keeps a message. A message that moves here keeps the age it had in the work queue.
      retentionPeriod: Duration.days(14),
    });
  }
}

export interface WorkQueueProps {
  readonly deadLetterQueue: Queue;
  readonly trail: Trail;
}

/** Running-state events, findings and alerts not yet sent. */
export class WorkQueue extends Queue {
  public constructor(scope: Construct, id: string, { deadLetterQueue, trail }: WorkQueueProps) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Gives the CloudTrail record, which knows who, the time to come first. Without a trail there is nothing to wait for but
      // EC2's own eventual consistency.
      deliveryDelay: Duration.seconds(trail === 'none' ? 15 : 90),
      // Lambda asks for six times the function's timeout plus the batch window, so that a throttled batch is not taken twice.
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(6 * FUNCTION_TIMEOUT.toSeconds()).plus(BATCH_WINDOW),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: 5 },
    });
  }
}
