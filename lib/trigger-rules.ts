import { Duration } from 'aws-cdk-lib';
import { type EventPattern, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { TRIGGERS } from '../lambda/triggers/index.ts';
import { ping } from '../lambda/triggers/ping.ts';
import type { BusRule, Trigger } from '../lambda/triggers/trigger.ts';
import { DELIVERY } from './timing.ts';

export interface TriggerRulesProps {
  readonly function: IFunction;
  readonly workQueue: IQueue;
  readonly deadLetterQueue: IQueue;
}

/** One rule on the default bus for each trigger, and one for the ping. */
export class TriggerRules extends Construct {
  /** The rules of the triggers, which must be enabled. */
  public readonly rules: readonly Rule[];

  public constructor(scope: Construct, id: string, props: TriggerRulesProps) {
    super(scope, id);
    this.rules = TRIGGERS.map(
      (trigger) =>
        new Rule(this, trigger.ruleId, {
          description: trigger.description,
          eventPattern: eventPattern(trigger),
          targets: [targetOf(trigger, props)],
        }),
    );
    new Rule(this, ping.ruleId, {
      description: ping.description,
      // Many may put events, and each ping costs two calls to EC2: so it must name the function, which only those know who may
      // look at the stack.
      eventPattern: { ...eventPattern(ping), resources: [props.function.functionArn] },
      // Nobody waits longer than that, and whoever waits sees that no answer comes: no dead letter need say it.
      targets: [new LambdaFunction(props.function, { maxEventAge: Duration.minutes(1), retryAttempts: 2 })],
    });
  }
}

/** Where the events of a trigger go in the home region. What cannot be delivered waits for a redrive. */
export function targetOf({ delivery }: Trigger, props: TriggerRulesProps): IRuleTarget {
  const options = { ...DELIVERY, deadLetterQueue: props.deadLetterQueue };
  return delivery === 'direct' ? new LambdaFunction(props.function, options) : new SqsQueue(props.workQueue, options);
}

/** The pattern of a rule as CDK wants it, which spells one key in its own way. */
export function eventPattern({ pattern }: BusRule): EventPattern {
  const { 'detail-type': detailType, ...rest } = pattern;
  return { ...rest, detailType } as EventPattern;
}
