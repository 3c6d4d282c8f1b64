import { SNSClient } from '@aws-sdk/client-sns';
import { confirmCommand, type Subscribers, subscribersOf } from '../../lambda/adapters/health/topics.ts';
import { clean } from '../../lambda/core/text.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../common/aws.ts';
import type { Command } from '../common/command.ts';
import { putEvents } from '../common/deployment-events.ts';
import { explainError } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import { confirmed, MAX_EXEMPTION_OPTION, JSON_OPTION, STACK_OPTION, YES_OPTION } from '../common/options.ts';
import { type ClientConfig, findDeployment } from '../doctor/deployment.ts';

import { testEvents } from './alerts.ts';

interface TestAlertOptions extends AwsOptions {
  readonly stack: string;
  readonly maxExemptionDays: number;
  readonly yes?: true;
  readonly json?: true;
}

export const testAlert: Command<TestAlertOptions> = {
  name: 'test-alert',
  summary: 'Send one test event of each kind through the deployment, which sends alerts about them',
  details:
    'Puts the events on the event bus of outcomes, so that they take the way of real ones: rules, queues, notifier, topic. Alerts from HIGH on arrive within a minute, the others with the next summary. Subjects start with TEST, the email starts and ends with a notice, and the JSON has "test": true. Severity, status and trigger are those of real alerts, so that filter policies of subscriptions apply. The instances do not exist.',
  permissions:
    'cloudformation:DescribeStacks, events:PutEvents; optional: sns:ListSubscriptionsByTopic to show the subscriptions',
  options: [STACK_OPTION, ...AWS_OPTIONS, MAX_EXEMPTION_OPTION, YES_OPTION, JSON_OPTION],
  examples: [
    ['imdsv2 test-alert', 'show the subscriptions, ask, and send'],
    ['imdsv2 test-alert --yes --region eu-west-1', 'without confirmation'],
  ],
  run: async (_, options, io) => {
    const aws = new Aws(options, io);
    const region = await aws.home();
    const config = aws.config(region);
    const deployment = await findDeployment(options.stack, region, config);
    const topicArn = deployment.output('OutcomesTopicArn');
    const busArn = deployment.output('OutcomeBusArn');
    const events = testEvents(deployment, options, io.now());
    const subscribers = await readSubscribers(topicArn, config, io);
    if (subscribers !== undefined) showSubscribers(subscribers, topicArn, io);
    if (!(await confirmed(`Put ${events.length} test events on ${busArn}?`, options, io))) return 1;
    const refused = await putEvents(events, deployment, aws, io);
    const sent = events.filter((event) => !refused.includes(event));
    const severities = sent.map(({ detail }) => detail.severity);
    if (options.json)
      io.verbatim(
        JSON.stringify(
          { busArn, topicArn, sent: severities, confirmed: subscribers?.confirmed, pending: subscribers?.pending },
          null,
          2,
        ),
      );
    else {
      const urgent = severities.filter((severity) => severity === 'HIGH' || severity === 'CRITICAL').length;
      io.out(`Sent ${sent.length} of ${events.length} events to ${busArn}`);
      const minutes = deployment.setting('AlertSummaryMinutes') ?? '15';
      if (sent.length > 0)
        io.out(`Expect alerts about ${urgent} of them within a minute, and about the others within ${minutes} minutes`);
    }
    return refused.length > 0 ? 1 : 0;
  },
};

/** The subscriptions; `undefined` without permission to list them, which is not needed to publish. */
async function readSubscribers(topicArn: string, config: ClientConfig, io: Io): Promise<Subscribers | undefined> {
  try {
    return await subscribersOf(topicArn, new SNSClient(config));
  } catch (error) {
    if (io.interrupted.aborted) throw error;
    io.note(`Subscriptions could not be read: ${explainError(error)}`);
    return undefined;
  }
}

function showSubscribers({ confirmed: recipients, pending }: Subscribers, topicArn: string, io: Io): void {
  io.note(recipients.length === 0 ? 'No confirmed subscription: no one receives alerts.' : `To: ${join(recipients)}`);
  if (pending.length > 0) io.note(`Not confirmed: ${join(pending)}`);
  io.note(
    `Confirm subscriptions with the following command, where TOKEN follows "Token=" in the link of the confirmation email. With the link itself, anyone that an alert is forwarded to can unsubscribe.\n  ${confirmCommand(topicArn)}`,
  );
}

const join = (subscribers: readonly string[]): string => subscribers.map((one) => clean(one)).join(', ');
