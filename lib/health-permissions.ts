import { Aws, Stack } from 'aws-cdk-lib';
import type { IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BUS, FORWARDER_DEAD_LETTER_QUEUE, forwarderRule, forwarderStack } from '../lambda/contract.ts';
import { acknowledgeHealthReads } from './acknowledgements.ts';
import type { Notifier } from './notifier.ts';
import type { Scan } from './scan.ts';
import type { Settings } from './settings.ts';
import type { Topics } from './topics.ts';

/** The parts of the deployment that the scan function checks. */
export interface HealthPermissionsProps {
  readonly rules: readonly Rule[];
  /** The event bus of the other regions, if there are any. */
  readonly eventBus?: IEventBus;
  readonly function: IFunction;
  /** The queues of that function. */
  readonly queues: readonly IQueue[];
  readonly scan: Scan;
  readonly notifier: Notifier;
  readonly topics: Topics;
  readonly settings: Pick<Settings, 'regions' | 'rolePath'>;
}

/**
 * Lets the scan function read the state of the deployment, and nothing else of these services.
 *
 * A policy of its own, because it names the scan function, which waits for the other policies of its role.
 */
export class HealthPermissions extends Construct {
  public constructor(scope: Construct, id: string, props: HealthPermissionsProps) {
    super(scope, id);
    const { rules, eventBus, scan, notifier, topics } = props;
    const { regions, rolePath = '/' } = props.settings;
    const forwarders = regions.slice(1);
    const functions = [props.function, scan.function, notifier.function];
    const queues = [
      ...props.queues,
      scan.queue,
      scan.deadLetterQueue,
      notifier.urgentQueue,
      notifier.summaryQueue,
      notifier.deadLetterQueue,
    ];
    const stack = Stack.of(this);
    const arnsIn = (service: string, resource: string, resourceName?: string) =>
      forwarders.map((region) => stack.formatArn({ service, region, resource, resourceName }));
    const roles = functions.flatMap((each) => (each.role === undefined ? [] : [each.role.roleArn]));
    const forwarderRoles = forwarders.map((region) =>
      // Its name ends with random characters.
      stack.formatArn({
        service: 'iam',
        region: '',
        resource: 'role',
        resourceName: `${rolePath.slice(1)}${forwarderStack(stack.stackName, region)}-*`,
      }),
    );
    const forwarderRules = arnsIn('events', 'rule', forwarderRule('*'));
    const home = rules.map(({ ruleArn }) => ruleArn);
    const onBus =
      eventBus === undefined
        ? []
        : [stack.formatArn({ service: 'events', resource: 'rule', resourceName: `${BUS}/*` })];
    const grants: readonly (readonly [actions: readonly string[], resources: readonly string[]])[] = [
      [['cloudformation:ListStackResources'], [Aws.STACK_ID]],
      [
        ['events:DescribeRule', 'events:ListTargetsByRule'],
        [...home, ...onBus, ...forwarderRules],
      ],
      [['events:DescribeEventBus'], eventBus === undefined ? [] : [eventBus.eventBusArn]],
      [
        ['lambda:GetFunctionConfiguration', 'lambda:GetFunctionConcurrency'],
        functions.map(({ functionArn }) => functionArn),
      ],
      [
        ['iam:GetRole', 'iam:SimulatePrincipalPolicy'],
        [...roles, ...forwarderRoles],
      ],
      [
        ['sqs:GetQueueAttributes'],
        [...queues.map(({ queueArn }) => queueArn), ...arnsIn('sqs', FORWARDER_DEAD_LETTER_QUEUE)],
      ],
      [['sqs:GetQueueUrl'], arnsIn('sqs', FORWARDER_DEAD_LETTER_QUEUE)],
      [
        ['sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic'],
        [topics.outcomes.topicArn, topics.operations.topicArn],
      ],
      [['kms:DescribeKey', 'kms:GetKeyPolicy'], [topics.key.keyArn]],
      [
        [
          // Neither of these can be limited to the parts of the deployment.
          'cloudtrail:DescribeTrails',
          'cloudtrail:GetEventSelectors',
          'cloudtrail:GetTrailStatus',
          'cloudtrail:LookupEvents',
          'cloudwatch:DescribeAlarms',
          'lambda:ListEventSourceMappings',
          'sns:GetSubscriptionAttributes',
        ],
        ['*'],
      ],
    ];
    const policy = new Policy(this, 'Policy', {
      statements: grants.flatMap(([actions, resources]) =>
        resources.length === 0 ? [] : [new PolicyStatement({ actions: [...actions], resources: [...resources] })],
      ),
      roles: [scan.role],
    });
    acknowledgeHealthReads(policy, ['*', ...onBus, ...forwarderRules, ...forwarderRoles]);
  }
}
