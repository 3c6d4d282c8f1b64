import { SNSClient } from '@aws-sdk/client-sns';
import { snsPublisher } from '../../lambda/adapters/sns-publisher.ts';
import { clean } from '../../lambda/core/text.ts';
import { Aws, AWS_OPTIONS, type AwsOptions } from '../shared/aws.ts';
import type { Command } from '../shared/command.ts';
import { confirmed } from '../shared/confirm.ts';
import { explainError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';
import { MAX_EXEMPTION_OPTION, JSON_OPTION, STACK_OPTION, YES_OPTION } from '../shared/options.ts';
import { type ClientConfig, findDeployment } from '../doctor/deployment.ts';
import { confirmCommand, type Subscribers, subscribersOf } from '../doctor/topics.ts';
import { testAlerts } from './alerts.ts';

interface TestAlertOptions extends AwsOptions {
  readonly stack: string;
  readonly maxExemptionDays: number;
  readonly yes?: true;
  readonly json?: true;
}

/** What an alert looks like, and whether it arrives, before the first one matters. */
export const testAlert: Command<TestAlertOptions> = {
  name: 'test-alert',
  summary: 'sends one alert of each kind to the topic Outcomes, marked as a test',
  details:
    'Subjects begin with TEST, the mail says so first and last, and the JSON has "test": true. Severity, status and trigger are those of a real alert, so filter policies of subscriptions apply. The instances do not exist.',
  options: [STACK_OPTION, ...AWS_OPTIONS, MAX_EXEMPTION_OPTION, YES_OPTION, JSON_OPTION],
  examples: [
    ['imdsv2 test-alert', 'says who will get it, asks, and sends'],
    ['imdsv2 test-alert --yes --region eu-west-1', 'without the question'],
  ],
  run: async (_, options, io) => {
    const aws = new Aws(options, io);
    const region = await aws.home();
    const config = aws.config(region);
    const deployment = await findDeployment(options.stack, region, config);
    const topicArn = deployment.output('OutcomesTopicArn');
    const alerts = testAlerts(deployment, options, io.now());
    const subscribers = await readSubscribers(topicArn, config, io);
    if (subscribers !== undefined) tellSubscribers(subscribers, topicArn, io);
    if (!(await confirmed(`Send ${alerts.length} alerts to ${topicArn}?`, options, io))) return 1;
    const publisher = snsPublisher(new SNSClient(config), topicArn);
    const sent: string[] = [];
    try {
      for (const alert of alerts) {
        io.interrupted.throwIfAborted();
        await publisher.publish(alert);
        sent.push(alert.subject);
        if (!options.json) io.out(alert.subject);
      }
    } finally {
      if (options.json) io.out(JSON.stringify({ topicArn, sent, ...subscribers }, null, 2));
      else io.out(`${sent.length} of ${alerts.length} alerts were sent to ${topicArn}`);
    }
    return 0;
  },
};

/** Whoever may publish need not be allowed to list: then that is said, and the alerts are sent all the same. */
async function readSubscribers(topicArn: string, config: ClientConfig, io: Io): Promise<Subscribers | undefined> {
  try {
    return await subscribersOf(topicArn, config);
  } catch (error) {
    if (io.interrupted.aborted) throw error;
    io.note(`Who is subscribed could not be read: ${explainError(error)}`);
    return undefined;
  }
}

function tellSubscribers({ confirmed: those, pending }: Subscribers, topicArn: string, io: Io): void {
  io.note(those.length === 0 ? 'Nobody will get them: no subscription is confirmed.' : `Will get them: ${join(those)}`);
  if (pending.length > 0) io.note(`Will not, until they confirm: ${join(pending)}`);
  io.note(
    `Confirm with this line, not with the link in the mail: TOKEN is what follows "Token=" in that link. Confirmed by the link, everybody to whom an alert is forwarded can end the subscription.\n  ${confirmCommand(topicArn)}`,
  );
}

const join = (subscribers: readonly string[]): string => subscribers.map((one) => clean(one)).join(', ');
