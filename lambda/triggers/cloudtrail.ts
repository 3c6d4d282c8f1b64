import type { Caller } from '../core/target.ts';
import { at, type Json, text } from './json.ts';

/** The part that patterns for a successful EC2 call share. A failed call carries `errorCode`. */
export const successful = (eventName: string) => ({
  source: ['aws.ec2'],
  'detail-type': ['AWS API Call via CloudTrail'],
  detail: { eventSource: ['ec2.amazonaws.com'], eventName: [eventName], errorCode: [{ exists: false }] },
});

/** Whether an event is a CloudTrail record of an EC2 call, failed ones included. Other services have calls of the same name. */
export function isCall(event: Json, eventName: string): boolean {
  return (
    text(event, 'detail-type') === 'AWS API Call via CloudTrail' &&
    text(event, 'detail', 'eventSource') === 'ec2.amazonaws.com' &&
    text(event, 'detail', 'eventName') === eventName
  );
}

/** Whether the call failed, and so changed nothing. Only here is `errorCode` looked for: fleet responses have others inside. */
export function isFailed(event: Json): boolean {
  return at(event, 'detail', 'errorCode') !== undefined;
}

/** Who made the call. A service's own calls have no ARN of their own in old records, so the type stands in. */
export function callerOf(event: Json): Caller {
  const identity = at(event, 'detail', 'userIdentity');
  return {
    principal:
      text(identity, 'arn') ??
      text(identity, 'userName') ??
      text(identity, 'principalId') ??
      text(identity, 'type') ??
      'unknown',
    sourceIp: text(event, 'detail', 'sourceIPAddress'),
    userAgent: text(event, 'detail', 'userAgent'),
    invokedBy: text(identity, 'invokedBy'),
  };
}
