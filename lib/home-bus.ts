import { Stack } from 'aws-cdk-lib';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { AccountRootPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { BUS, forwarderRule } from '../lambda/contract.ts';
import { TRIGGERS } from '../lambda/triggers/index.ts';
import { eventPattern, targetOf, type TriggerRulesProps } from './trigger-rules.ts';

export interface HomeBusProps extends TriggerRulesProps {
  /** The regions that send here. */
  readonly regions: readonly string[];
}

/**
 * The bus to which the other regions send, with a rule for each trigger.
 *
 * It is not the default bus: rules of other teams there would fire for instances of other regions.
 */
export class HomeBus extends Construct {
  /** The rules on it, which must be enabled. */
  public readonly rules: readonly Rule[];

  public constructor(scope: Construct, id: string, { regions, ...targets }: HomeBusProps) {
    super(scope, id);
    const stack = Stack.of(this);
    // Without a description, and its policy apart: CloudFormation of GovCloud takes neither in the bus.
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
    this.rules = TRIGGERS.map(
      (trigger) =>
        new Rule(this, trigger.ruleId, {
          eventBus,
          // The bus is ours, so the name is free; and it is known where CloudFormation's own is not.
          ruleName: trigger.ruleId,
          description: `From other regions: ${trigger.description}`,
          // A forwarded event keeps the account and the region that it comes from.
          eventPattern: { ...eventPattern(trigger), account: [stack.account], region: [...regions] },
          targets: [targetOf(trigger, targets)],
        }),
    );
  }
}
