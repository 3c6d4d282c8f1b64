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
  return messages.flatMap(({ at, json }) =>
    list(JSON.parse(json.Message), 'groups')
      .filter((group) => REMEDIATED.includes(text(group, 'status') ?? ''))
      .flatMap((group) => list(group, 'instanceIds').map((id) => ({ id: String(id), at }))),
  );
}
