import { Duration } from 'aws-cdk-lib';
import { type EventPattern, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { TRIGGERS } from '../lambda/triggers/index.ts';
import type { Trigger } from '../lambda/triggers/trigger.ts';

export interface TriggerRulesProps {
  readonly function: IFunction;
  readonly workQueue: IQueue;
  readonly deadLetters: IQueue;
}

/** One rule on the default bus for each trigger. */
export class TriggerRules extends Construct {
  public constructor(scope: Construct, id: string, props: TriggerRulesProps) {
    super(scope, id);
    const delivery = {
      deadLetterQueue: props.deadLetters,
      // An hour without delivery is an outage that somebody should hear of; the redrive delivers later. EventBridge itself would
      // go on for a day. The age decides, so the attempts are left at their maximum.
      // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
      maxEventAge: Duration.hours(1),
      retryAttempts: 185,
    };
    const targets: Record<Trigger['delivery'], () => IRuleTarget> = {
      direct: () => new LambdaFunction(props.function, delivery),
      queued: () => new SqsQueue(props.workQueue, delivery),
    };
    for (const trigger of TRIGGERS) {
      new Rule(this, trigger.ruleId, {
        description: trigger.description,
        eventPattern: eventPattern(trigger),
        targets: [targets[trigger.delivery]()],
      });
    }
  }
}

/** CDK spells one key of a pattern in its own way. */
function eventPattern({ pattern }: Trigger): EventPattern {
  const { 'detail-type': detailType, ...rest } = pattern;
  return { ...rest, detailType } as EventPattern;
}
