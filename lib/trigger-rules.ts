import { Duration, Stack } from 'aws-cdk-lib';
import { type EventPattern, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { TRIGGERS } from '../lambda/triggers/index.ts';
import { ping } from '../lambda/triggers/ping.ts';
import type { BusRule } from '../lambda/triggers/trigger.ts';
import { DELIVERY } from './timing.ts';

/** The queues to which rules deliver. */
export interface DeliveryProps {
  readonly workQueue: IQueue;
  /** For events that cannot be delivered. */
  readonly givenUpQueue: IQueue;
}

export interface TriggerRulesProps extends DeliveryProps {
  readonly function: IFunction;
}

/** The rules on the default event bus: one for each trigger, and one for the ping of `imdsv2 doctor`. */
export class TriggerRules extends Construct {
  /** The rules of the triggers. */
  public readonly rules: readonly Rule[];
  /** The rule of the ping. */
  public readonly ping: Rule;

  public constructor(scope: Construct, id: string, props: TriggerRulesProps) {
    super(scope, id);
    const triggers = TRIGGERS.map(
      (trigger) =>
        new Rule(this, trigger.ruleId, {
          description: trigger.description,
          eventPattern: eventPattern(this, trigger),
          targets: [workQueueTarget(props)],
        }),
    );
    const pinged = new Rule(this, ping.ruleId, {
      description: ping.description,
      // Each ping causes two EC2 calls, so it must contain the ARN of the function, which only callers with access to
      // the stack know.
      eventPattern: { ...eventPattern(this, ping), resources: [props.function.functionArn] },
      // `imdsv2 doctor` waits no longer and reports a missing answer, so there is no dead-letter queue.
      targets: [new SqsQueue(props.workQueue, { maxEventAge: Duration.minutes(1), retryAttempts: 2 })],
    });
    this.rules = triggers;
    this.ping = pinged;
  }
}

/** The work queue as target of a rule, with a queue for failed deliveries (docs/adr/0013). */
export const workQueueTarget = ({ workQueue, givenUpQueue }: DeliveryProps): IRuleTarget =>
  new SqsQueue(workQueue, { ...DELIVERY, deadLetterQueue: givenUpQueue });

/**
 * The pattern of a rule for the CDK, which spells `detail-type` as `detailType`. It matches events of this account
 * only: other accounts may send theirs to the same event bus.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
 */
export function eventPattern(scope: Construct, { pattern }: BusRule): EventPattern {
  const { 'detail-type': detailType, ...rest } = pattern;
  return { ...rest, detailType, account: [Stack.of(scope).account] } as EventPattern;
}
