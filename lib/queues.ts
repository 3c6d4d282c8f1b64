import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { MAX_RECEIVES } from '../lambda/core/delivery.ts';
import { FUNCTION_TIMEOUT, SCAN_TIMEOUT } from './timing.ts';

/**
 * The queue of events that could not be delivered or handled, until a scan sends them again or an operator redrives
 * them.
 *
 * SQS redrives only from the dead-letter queue of another queue. This one belongs to the queues of the function, so one
 * redrive also covers the events that rules could not deliver.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 */
export class DeadLetterQueue extends Queue {
  public constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The maximum of SQS. A message from another queue keeps its age.
      retentionPeriod: Duration.days(14),
    });
  }
}

/**
 * The queue of events that a rule could not deliver, or whose tries are used up. The scan function notifies that they
 * were given up, and sends them to the dead-letter queue; if it cannot, SQS does.
 */
export class GivenUpQueue extends Queue {
  public constructor(scope: Construct, id: string, deadLetterQueue: Queue) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: SCAN_TIMEOUT.plus(Duration.minutes(1)),
      // A message from another queue keeps its age.
      retentionPeriod: Duration.days(14),
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: 5 },
    });
  }
}

/** The dead-letter queue, and the batch window. */
export interface FunctionQueueProps {
  readonly deadLetterQueue: Queue;
  /** Batch window of its event source mapping. */
  readonly window: Duration;
}

/** A queue of the function that handles events. */
export class FunctionQueue extends Queue {
  public constructor(scope: Construct, id: string, { deadLetterQueue, window }: FunctionQueueProps) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Half of the six times that Lambda recommends: if the function crashes, its batch waits this long, and with a
      // maximum concurrency Lambda receives no batch that it cannot invoke.
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(3 * FUNCTION_TIMEOUT.toSeconds()).plus(window),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: MAX_RECEIVES },
    });
  }
}
