import type { TriggerName } from '../contract.ts';
import type { Usage } from './usage.ts';

/** An instance to look at, and why. */
export interface Target {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly instanceId: string;
  readonly context: Context;
}

/** What the trigger knows. The decision reads it, but never takes its word for the state of the instance. */
export interface Context {
  readonly trigger: TriggerName;
  /** Id of the event, for logs. */
  readonly eventId: string;
  /** When the call was made or the state changed. */
  readonly occurredAt: Date;
  /** Who made the call; absent where the event does not say. */
  readonly caller?: Caller;
  /** What a durable record says of this very instance; absent where it says nothing. */
  readonly recorded?: Recorded;
  /** How the instance uses IMDSv1, where that was measured. */
  readonly usage?: Usage;
}

/** Who made an API call, as CloudTrail recorded it. Written by strangers: sanitize before showing. */
export interface Caller {
  readonly principal: string;
  readonly sourceIp?: string;
  readonly userAgent?: string;
  /** The AWS service that called on the principal's behalf, such as `autoscaling.amazonaws.com`. */
  readonly invokedBy?: string;
}

/** State of one instance as a record (CloudTrail, or our own finding) has it. */
export interface Recorded {
  readonly HttpTokens?: string;
  readonly HttpEndpoint?: string;
  /** The call itself set the exemption tag: a grant that nobody else looked at. */
  readonly grantedByCall?: boolean;
  /** The call removed all tags; whether the exemption tag was among them is not known. */
  readonly allTags?: boolean;
}

/** Instances of a launch whose ids CloudTrail left out because the record was too large. */
export interface Lookup {
  readonly account: string;
  readonly region: string;
  /** Idempotency token of the call; the surest way to find its instances. */
  readonly clientToken?: string;
  /** How many instances the call must have launched at least, as far as its record says. */
  readonly atLeast: number;
  /** Those of its instances that an earlier look found and kept. */
  readonly known: readonly string[];
  readonly context: Context;
}

/** Whether a record says that the instance answered IMDSv1. */
export function recordsImdsv1Enabled(recorded: Recorded | undefined): boolean {
  return recorded?.HttpTokens === 'optional' && recorded.HttpEndpoint !== 'disabled';
}

/**
 * The instance id that a record means, or `undefined`.
 *
 * Loose on purpose: published records have ids of 8 and 17 digits, in capitals and with blanks around them. It keeps out what
 * could not be an id, and makes ids safe to put in commands and subjects; EC2 judges the rest.
 */
export function toInstanceId(text: string | undefined): string | undefined {
  return text
    ?.trim()
    .toLowerCase()
    .match(/^i-[0-9a-z]{8,32}$/)?.[0];
}

export const ACCOUNT = /^\d{12}$/;

export const REGION = /^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/;
