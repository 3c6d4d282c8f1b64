/** How a target is tried again. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html */
export interface RetryPolicy {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
}

export const DEFAULT_RETRY: RetryPolicy = { maximumRetryAttempts: 185, maximumEventAgeSeconds: 86_400 };

/** Where a rule sends its events. */
export interface Target {
  readonly id: string;
  readonly arn: string;
  readonly retry: RetryPolicy;
  readonly deadLetterArn?: string;
  /** Why EventBridge may not deliver: the target's policy does not let it. */
  readonly forbidden?: string;
  /** Group of the messages, if it is a queue. */
  readonly groupId?: string;
  /** JSON that is sent instead of the event. */
  readonly input?: string;
}

/** A rule on a bus. */
export interface Rule {
  readonly name: string;
  readonly arn: string;
  /** ARN of the bus. */
  readonly busArn: string;
  readonly description?: string;
  /** As in the template; absent for a rule with a schedule. */
  readonly pattern?: unknown;
  readonly schedule?: string;
  /** Whether it goes by this name besides its own, such as the id of its construct. */
  readonly goesBy?: (name: string) => boolean;
  state: 'ENABLED' | 'DISABLED';
  readonly matches: (event: unknown) => boolean;
  readonly targets: readonly Target[];
}
