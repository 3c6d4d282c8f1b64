import type { PublishedMessage } from '../aws/sns/message.ts';
import { list, text } from '../aws/wire/params.ts';

/** A notification that an instance was remediated. */
export interface RemediationNotification {
  readonly id: string;
  /** When it was published; simulated milliseconds since 1970. */
  readonly at: number;
}

const REMEDIATED = ['remediated', 'already-remediated'];

/** Every notification of a remediation, from the JSON form of the alerts. */
export function remediationNotifications(messages: readonly PublishedMessage[]): readonly RemediationNotification[] {
  return messages.flatMap(({ at, json }) => {
    const alert: unknown = JSON.parse(json.Message);
    const detailed = list(alert, 'outcomes')
      .filter((outcome) => REMEDIATED.includes(text(outcome, 'status') ?? ''))
      .map((outcome) => text(outcome, 'instanceId') ?? '');
    const more = REMEDIATED.flatMap((status) => list(alert, 'more', status).map(String));
    return [...detailed, ...more].map((id) => ({ id, at }));
  });
}
