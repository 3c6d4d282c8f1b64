import type { Delivery } from './delivery.ts';
import type { TriggerTraits } from './trigger.ts';
import type { Usage } from './usage.ts';

/** An instance to evaluate, and why. */
export interface Target {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly instanceId: string;
  readonly context: Context;
}

/** What led to an evaluation. The options of the instance are read again for the decision. */
export interface Context {
  readonly trigger: TriggerTraits;
  /** Id of the event, for logs. */
  readonly eventId: string;
  /** When the call was made or the state changed. */
  readonly occurredAt: Date;
  /** Who made the call; absent if the event does not say. */
  readonly caller?: Caller;
  /** What a durable record says about this instance; absent if there is none. */
  readonly recorded?: Recorded;
  /** IMDSv1 usage of the instance; absent if it was not measured. */
  readonly usage?: Usage;
  /** Which delivery of its message this is; absent if it did not come from the work queue. */
  readonly delivery?: Delivery;
  /** How often scans have sent its message again; absent if none has. */
  readonly resent?: number;
  /** It was notified that the change has to wait. */
  readonly isWaitNotified?: boolean;
}

/**
 * What was proven about an instance right before a call; `unknown` if nothing was.
 *
 * `imds-off`: neither of EC2's two metrics has points, although the instance was running.
 */
export const PROOFS = ['imdsv1-enabled', 'imdsv2-required', 'imds-off', 'unknown'] as const;
export type Proof = (typeof PROOFS)[number];

/** Who made an API call, as CloudTrail recorded it. Untrusted input: sanitize it before it is shown. */
export interface Caller {
  readonly principal: string;
  readonly sourceIp?: string;
  readonly userAgent?: string;
  /** The AWS service that called on the principal's behalf, such as `autoscaling.amazonaws.com`. */
  readonly invokedBy?: string;
  /** Name of the session of an assumed role, by which CloudTrail's event history finds its calls. */
  readonly session?: string;
  /** Whether the session was authenticated with MFA; absent if CloudTrail does not say. */
  readonly mfa?: boolean;
  /** Id of the CloudTrail record that names the caller. */
  readonly cloudTrailEventId?: string;
}

/** State of one instance in a durable record: a CloudTrail event, or a finding of this product. */
export interface Recorded {
  readonly HttpTokens?: string;
  readonly HttpEndpoint?: string;
  /** The call itself set the exemption tag, so no one else may have reviewed it. */
  readonly grantedByCall?: boolean;
  /** The call removed all tags; whether the exemption tag was one of them is not known. */
  readonly allTags?: boolean;
  /** What the call asked for, if it changed metadata options. */
  readonly requested?: RequestedOptions;
  /** What was proven about the instance right before the call; absent if that was not looked at. */
  readonly before?: Proof;
}

/**
 * What a change of metadata options asked for: optional tokens, whatever else; an enabled endpoint and nothing else; or
 * an enabled endpoint with other options, as the user guide documents it for the hop limit and IPv6.
 */
export const REQUESTED_OPTIONS = ['optional-tokens', 'enabled-endpoint', 'other-options'] as const;
export type RequestedOptions = (typeof REQUESTED_OPTIONS)[number];

/** Instances of a launch whose ids CloudTrail left out because the record was too large. */
export interface Lookup {
  readonly account: string;
  readonly region: string;
  /** Idempotency token of the call; the most reliable way to find its instances. */
  readonly clientToken?: string;
  /** The smallest number of instances that the call can have launched, according to its record. */
  readonly atLeast: number;
  /** Ids of the instances that an earlier attempt found and recorded. */
  readonly known: readonly string[];
  readonly context: Context;
}

/** Whether a record says that IMDSv1 was enabled on the instance. */
export function recordsImdsv1Enabled(recorded: Recorded | undefined): boolean {
  return recorded?.HttpTokens === 'optional' && recorded.HttpEndpoint !== 'disabled';
}

/**
 * The instance id in a text, or `undefined`.
 *
 * Loose on purpose: published records have ids of 8 and 17 digits, in capitals and with blanks around them. An id that
 * passes is safe in commands and subjects; whether it exists is for EC2 to say.
 */
export function toInstanceId(text: string | undefined): string | undefined {
  return text
    ?.trim()
    .toLowerCase()
    .match(/^i-[0-9a-z]{8,32}$/)?.[0];
}

/** An AWS account id. */
export const ACCOUNT = /^\d{12}$/;

/** The name of an AWS Region, of any partition. */
export const REGION = /^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/;
