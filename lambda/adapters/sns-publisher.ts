import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Publisher } from '../app/ports/index.ts';
import { toSnsText } from '../core/message.ts';
import { failing } from './failures.ts';

/** Publishes to an SNS topic. Needs `sns:Publish`; `kms:GenerateDataKey*` and `kms:Decrypt` on its key. */
export function snsPublisher(client: SNSClient, topicArn: string): Publisher {
  return {
    publish: async (message) => {
      const { severity, status, account, region, trigger } = message.attributes;
      const text = (value: string) => ({ DataType: 'String', StringValue: value });
      const list = (values: readonly string[]) => ({
        DataType: 'String.Array',
        StringValue: JSON.stringify(values),
      });
      const command = new PublishCommand({
        TopicArn: topicArn,
        Subject: message.subject,
        MessageStructure: 'json',
        Message: toSnsText(message),
        MessageAttributes: {
          severity: text(severity),
          status: list(status),
          account: text(account),
          region: text(region),
          trigger: typeof trigger === 'string' ? text(trigger) : list(trigger),
        },
      });
      await failing(client.send(command));
    },
  };
}
