import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { ChatPublisher } from '../app/ports/index.ts';
import { failing } from './failures.ts';

/** Publishes the chat form of messages, and nothing else, to the topic of Amazon Q Developer. Needs `sns:Publish`. */
export function snsChat(client: SNSClient, topicArn: string): ChatPublisher {
  return {
    publish: async ({ chat }) => {
      if (chat === undefined) return;
      await failing(client.send(new PublishCommand({ TopicArn: topicArn, Message: JSON.stringify(chat) })));
    },
  };
}
