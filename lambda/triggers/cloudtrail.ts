import type { Caller } from '../core/target.ts';
import { at, type Json, text } from './json.ts';

/** The event pattern of an EC2 call whose record has these fields. */
export const ec2Call = <T extends object>(eventName: string, fields: T) => ({
  source: ['aws.ec2'],
  'detail-type': ['AWS API Call via CloudTrail'],
  detail: { eventSource: ['ec2.amazonaws.com'], eventName: [eventName], ...fields },
});

/** The event pattern of a successful EC2 call. A failed call has an `errorCode`. */
export const successful = (eventName: string) => ec2Call(eventName, { errorCode: [{ exists: false }] });

/** Whether an event is a CloudTrail record of this EC2 call, successful or not. */
export function isCall(event: Json, eventName: string): boolean {
  return (
    text(event, 'detail-type') === 'AWS API Call via CloudTrail' &&
    text(event, 'detail', 'eventSource') === 'ec2.amazonaws.com' &&
    text(event, 'detail', 'eventName') === eventName
  );
}

/** Whether the call failed. Only the top-level `errorCode` counts: fleet responses contain others. */
export function isFailed(event: Json): boolean {
  return at(event, 'detail', 'errorCode') !== undefined;
}

/** Who made the call. Old records of calls by AWS services have no ARN, so the type stands in for it. */
export function callerOf(event: Json): Caller {
  const identity = at(event, 'detail', 'userIdentity');
  const arn = text(identity, 'arn');
  const mfa = text(identity, 'sessionContext', 'attributes', 'mfaAuthenticated');
  return {
    principal:
      arn ?? text(identity, 'userName') ?? text(identity, 'principalId') ?? text(identity, 'type') ?? 'unknown',
    sourceIp: text(event, 'detail', 'sourceIPAddress'),
    userAgent: text(event, 'detail', 'userAgent'),
    invokedBy: text(identity, 'invokedBy'),
    session: arn?.match(/:assumed-role\/[^/]+\/(.+)$/)?.[1],
    mfa: mfa === undefined ? undefined : mfa === 'true',
    cloudTrailEventId: text(event, 'detail', 'eventID'),
  };
}
