import { Duration, LegacyStackSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as EventBusTarget } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { BUS, FORWARDER_DEAD_LETTER_QUEUE, forwarderRule } from '../lambda/contract.ts';
import { TRIGGERS } from '../lambda/triggers/index.ts';
import { acknowledgeForwarderDeadLetterQueue } from './acknowledgements.ts';
import { DELIVERY } from './timing.ts';
import { eventPattern } from './trigger-rules.ts';

export interface ForwarderStackProps extends StackProps {
  /** Where the enforcer is. */
  readonly homeRegion: string;
}

/**
 * Listens in one more region: the same rules, which send to the bus in the home region.
 *
 * It has no asset and needs no bootstrapped region, for an account has many of those.
 */
export class ForwarderStack extends Stack {
  public constructor(scope: Construct, id: string, { homeRegion, ...props }: ForwarderStackProps) {
    super(scope, id, {
      description: `imdsv2-enforcer: sends what happens to EC2 instances here to ${homeRegion}`,
      analyticsReporting: false,
      // The only one that asks for neither a bucket nor a role of a bootstrapped region, as long as there is no asset.
      synthesizer: new LegacyStackSynthesizer(),
      ...props,
    });
    const deadLetterQueue = new Queue(this, 'DeadLetterQueue', {
      // A name that the home region knows without a reference between stacks.
      queueName: FORWARDER_DEAD_LETTER_QUEUE,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledgeForwarderDeadLetterQueue(deadLetterQueue);
    const role = new Role(this, 'Role', {
      description: `Sends events to the bus of imdsv2-enforcer in ${homeRegion}`,
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
    });
    // By a constructed ARN: a reference between regions would need a function of its own in each.
    const busArn = this.formatArn({ service: 'events', region: homeRegion, resource: 'event-bus', resourceName: BUS });
    const target = new EventBusTarget(EventBus.fromEventBusArn(this, 'Home', busArn), { role, deadLetterQueue });
    for (const trigger of TRIGGERS) {
      new Rule(this, trigger.ruleId, {
        // By which the bus knows whom it lets in.
        ruleName: forwarderRule(trigger.ruleId),
        description: trigger.description,
        eventPattern: eventPattern(trigger),
        targets: [withRetries(target)],
      });
    }
  }
}

/** CloudFormation takes a retry policy for every target, the CDK has it for all but this one. */
const withRetries = (target: IRuleTarget): IRuleTarget => ({
  bind: (rule, id) => ({
    ...target.bind(rule, id),
    retryPolicy: {
      maximumEventAgeInSeconds: DELIVERY.maxEventAge.toSeconds(),
      maximumRetryAttempts: DELIVERY.retryAttempts,
    },
  }),
});
