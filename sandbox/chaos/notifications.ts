import { list, text } from '../aws/wire/params.ts';
import type { PublishedMessage } from '../aws/sns/message.ts';

/** An alert said that an instance was closed. */
export interface Telling {
  readonly id: string;
  /** When SNS took it; simulated milliseconds since 1970. */
  readonly at: number;
}

const CLOSINGS = ['remediated', 'already-remediated'];

/** Every closing that SNS took, from the JSON form that machines subscribe to. */
export function closingsIn(messages: readonly PublishedMessage[]): readonly Telling[] {
  return messages.flatMap(({ at: time, json }) => {
    const alert: unknown = JSON.parse(json.Message);
    const detailed = list(alert, 'outcomes')
      .filter((outcome) => CLOSINGS.includes(text(outcome, 'status') ?? ''))
      .map((outcome) => text(outcome, 'instanceId') ?? '');
    const more = CLOSINGS.flatMap((status) => list(alert, 'more', status).map(String));
    return [...detailed, ...more].map((id) => ({ id, at: time }));
  });
}
