import type { Severity, Status } from '../contract.ts';

/** Settings of the account that messages state. */
export interface MessageOptions {
  readonly maxExemptionDays: number;
}

/** An alert or digest, in the forms that its subscribers receive. */
export interface Message {
  /** Under 100 ASCII characters, without untrusted input: ids, counts and region only. */
  readonly subject: string;
  /** For programs; the `default` form. Its `schema` names the kind of message. */
  readonly json: { readonly schema: string };
  /** For readers; the `email` form. */
  readonly email: string;
  /** For subscription filter policies. */
  readonly attributes: {
    readonly severity: Severity;
    readonly status: readonly (Status | 'digest' | 'workload-impact' | 'prevention')[];
    readonly account: string;
    readonly region: string;
    readonly trigger: string | readonly string[];
  };
  /** For Amazon Q Developer in chat applications. */
  readonly chat?: ChatMessage;
}

/**
 * A custom notification of Amazon Q Developer in chat applications, which drops any other form silently.
 * https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */
export interface ChatMessage {
  readonly version: '1.0';
  readonly source: 'custom';
  readonly content: {
    readonly textType: 'client-markdown';
    readonly title: string;
    readonly description: string;
    readonly nextSteps?: readonly string[];
    readonly keywords?: readonly string[];
  };
  readonly metadata: {
    readonly threadId: string;
    readonly summary: string;
    readonly eventType: string;
    readonly relatedResources?: readonly string[];
  };
}

/**
 * Maximum size of both forms of a message together.
 *
 * SNS accepts 256 KiB, including the attributes and the JSON around the forms.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export const MAX_BYTES = 240 * 1024;

/** Begins and ends the email of a test of alert delivery. */
export const TEST_NOTICE =
  'THIS IS A TEST, sent by "imdsv2 test-alert". The instances do not exist. Nothing was changed. No action is required.';

/** The text to publish to SNS with `MessageStructure=json`. */
export function toSnsText({ json, email }: Pick<Message, 'json' | 'email'>): string {
  return JSON.stringify({ default: JSON.stringify(json), email });
}
