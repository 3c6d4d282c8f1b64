import { Duration, LegacyStackSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as EventBusTarget } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { BUS, FORWARDER_DEAD_LETTER_QUEUE, forwarderRule } from '../lambda/contract.ts';
import { TRIGGERS } from '../lambda/triggers/index.ts';
import { acknowledgeForwarderDeadLetterQueue } from './acknowledgements.ts';
import { applyRequirements, type Requirements } from './requirements.ts';
import { DELIVERY } from './timing.ts';
import { eventPattern } from './trigger-rules.ts';

/** The props of a forwarder. */
export interface ForwarderStackProps extends Omit<StackProps, keyof Requirements>, Partial<Requirements> {
  /** The region of the enforcer. */
  readonly homeRegion: string;
}

/**
 * Monitors one more region: rules that forward its events to the event bus in the home region.
 *
 * The stack has no assets, so the region need not be bootstrapped.
 */
export class ForwarderStack extends Stack {
  public constructor(scope: Construct, id: string, { homeRegion, ...props }: ForwarderStackProps) {
    super(scope, id, {
      description: `imdsv2-enforcer: forwards events of EC2 instances to ${homeRegion}`,
      analyticsReporting: false,
      // The only synthesizer that, without assets, needs neither a bucket nor a role of a bootstrapped region.
      synthesizer: new LegacyStackSynthesizer(),
      ...props,
      permissionsBoundary: undefined,
      tags: undefined,
    });
    applyRequirements(this, props);
    const deadLetterQueue = new Queue(this, 'DeadLetterQueue', {
      // A fixed name, because the home region refers to it without a cross-region reference.
      queueName: FORWARDER_DEAD_LETTER_QUEUE,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledgeForwarderDeadLetterQueue(deadLetterQueue);
    const role = new Role(this, 'Role', {
      description: `Sends events to the event bus of imdsv2-enforcer in ${homeRegion}`,
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
    });
    // A constructed ARN, because a cross-region reference would need a custom resource in each region.
    const busArn = this.formatArn({ service: 'events', region: homeRegion, resource: 'event-bus', resourceName: BUS });
    const target = new EventBusTarget(EventBus.fromEventBusArn(this, 'Home', busArn), { role, deadLetterQueue });
    for (const trigger of TRIGGERS) {
      new Rule(this, trigger.ruleId, {
        // The policy of the event bus admits rules by their names.
        ruleName: forwarderRule(trigger.ruleId),
        description: trigger.description,
        eventPattern: eventPattern(this, trigger),
        targets: [withRetries(target)],
      });
    }
  }
}

/** Adds the retry policy that CloudFormation accepts for event bus targets but the CDK construct has no prop for. */
const withRetries = (target: IRuleTarget): IRuleTarget => ({
  bind: (rule, id) => ({
    ...target.bind(rule, id),
    retryPolicy: {
      maximumEventAgeInSeconds: DELIVERY.maxEventAge.toSeconds(),
      maximumRetryAttempts: DELIVERY.retryAttempts,
    },
  }),
});
