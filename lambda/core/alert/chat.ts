import type { ChatMessage } from '../message.ts';
import { clean, defang } from '../text.ts';
import { plural } from '../words/format.ts';
import { describeLaunchSource } from '../words/launch-source.ts';
import { describeRepeatedDrift } from '../words/repeated-drift.ts';
import { type AlertOptions, undo, whatNow } from './advice.ts';
import type { Alert, Block } from './group.ts';

/** Limits of the fields. https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html */
const TITLE = 250;
const DESCRIPTION = 8000;

/** Most blocks of a chat message; the email has all of them. */
const BLOCKS = 10;

/** Characters with a meaning in Markdown, or that mention people or channels. */
const MARKUP = /[\\`*_~[\]<>|#@&!]/g;

/** An alert in the form of Amazon Q Developer: a title, what happened, and what to do. */
export function toChat(alert: Alert, subject: string, options: AlertOptions): ChatMessage {
  const { account, region, blocks } = alert;
  const shown = blocks.slice(0, BLOCKS);
  const more = blocks.length > BLOCKS ? [`and ${blocks.length - BLOCKS} more`] : [];
  const [first] = blocks;
  const steps = first === undefined ? [] : [...whatNow(first, options), undo(first, options)];
  return {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title: clean(subject, TITLE),
      description: [...shown.map(paragraph), ...more].join('\n\n').slice(0, DESCRIPTION),
      nextSteps: steps.flatMap(({ text, commands }) => [text.replace(MARKUP, ' '), ...commands.map(code)]).slice(0, 5),
      keywords: ['IMDSv2', account, region],
    },
    metadata: {
      threadId: `imdsv2-enforcer ${account} ${region} ${plain(first?.launchSource.name ?? '')}`.slice(0, TITLE),
      summary: clean(subject, TITLE),
      eventType: 'imdsv2-enforcer.alert',
      relatedResources: alert.blocks
        .flatMap(({ occurrences }) => occurrences.map(({ latest }) => latest.instanceArn))
        .slice(0, 20),
    },
  };
}

function paragraph({ occurrences, severity }: Block): string {
  const [first] = occurrences;
  if (first === undefined) return '';
  const { instanceId, status, explanation, launchSource, caller, repeatedDrift, consoleUrl, name } = first.latest;
  const one = occurrences.length === 1;
  const title = `**${one ? instanceId : plural(occurrences.length, 'instance')}: ${status.toUpperCase()} (${severity})**`;
  const parts = [
    explanation,
    one && name !== undefined && `Name: ${plain(name)}`,
    plain(describeLaunchSource(launchSource)),
    caller && `CloudTrail names ${plain(caller.principal)}`,
    repeatedDrift !== undefined && describeRepeatedDrift(repeatedDrift).replace(MARKUP, ' '),
    one && consoleUrl,
  ];
  return [title, ...parts.filter((part) => typeof part === 'string')].join('\n');
}

/** Untrusted text without Markdown. */
const plain = (text: string): string => defang(text).replace(MARKUP, ' ');

const code = (command: string): string => `\`${command.replaceAll('`', "'")}\``;
