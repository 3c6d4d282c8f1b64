import { Stack } from 'aws-cdk-lib';
import { EventBus, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { AccountRootPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { BUS, forwarderRule } from '../lambda/contract.ts';
import { TRIGGERS } from '../lambda/triggers/index.ts';
import { type DeliveryProps, eventPattern, workQueueTarget } from './trigger-rules.ts';

/** The queues to which the rules deliver, and the regions. */
export interface HomeBusProps extends DeliveryProps {
  /** The regions that forward their events. */
  readonly regions: readonly string[];
}

/**
 * The event bus to which the other regions forward their events, with a rule for each trigger.
 *
 * It is not the default event bus, where rules of other teams would match instances of other regions.
 */
export class HomeBus extends Construct {
  public readonly eventBus: IEventBus;
  /** The rules on the event bus. */
  public readonly rules: readonly Rule[];

  public constructor(scope: Construct, id: string, { regions, ...queues }: HomeBusProps) {
    super(scope, id);
    const stack = Stack.of(this);
    // Without a description and with a separate policy, because CloudFormation in GovCloud supports neither property.
    const eventBus = new EventBus(this, 'Bus', { eventBusName: BUS });
    const forwarders = regions.map((region) =>
      stack.formatArn({ service: 'events', region, resource: 'rule', resourceName: forwarderRule('*') }),
    );
    eventBus.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AllowForwarders',
        principals: [new AccountRootPrincipal()],
        actions: ['events:PutEvents'],
        resources: [stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: BUS })],
        // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-example-policy-restrict-rule.html
        conditions: { ArnLike: { 'aws:SourceArn': forwarders } },
      }),
    );
    this.eventBus = eventBus;
    this.rules = TRIGGERS.map(
      (trigger) =>
        new Rule(this, trigger.ruleId, {
          eventBus,
          // A fixed name, because the health checks refer to the rule by name. No other stack uses this event bus.
          ruleName: trigger.ruleId,
          description: `From other regions: ${trigger.description}`,
          // A forwarded event keeps its account and its region.
          eventPattern: { ...eventPattern(this, trigger), region: [...regions] },
          targets: [workQueueTarget(queues)],
        }),
    );
  }
}
