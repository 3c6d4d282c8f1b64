/** Retries of deliveries. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html */
export interface RetryPolicy {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
}

export const DEFAULT_RETRY: RetryPolicy = { maximumRetryAttempts: 185, maximumEventAgeSeconds: 86_400 };

/** A target of a rule. */
export interface Target {
  readonly id: string;
  readonly arn: string;
  readonly retry: RetryPolicy;
  readonly deadLetterArn?: string;
  /** The role with which EventBridge puts events on a bus of another region. */
  readonly roleArn?: string;
  /** Message group, for a FIFO queue. */
  readonly groupId?: string;
  /** Constant JSON that is sent instead of the event. */
  readonly input?: string;
}

/** A rule on a bus. */
export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly busArn: string;
  readonly description?: string;
  /** The event pattern as in the template; absent for a rule with a schedule. */
  pattern?: unknown;
  schedule?: string;
  /** Whether the rule has another name in the template, such as the id of its construct. */
  readonly hasName?: (name: string) => boolean;
  state: 'ENABLED' | 'DISABLED';
  matches: (event: unknown) => boolean;
  targets: readonly Target[];
}
