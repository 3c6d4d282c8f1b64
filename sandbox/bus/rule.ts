/** How a target is tried again. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html */
export interface RetryPolicy {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
}

export const DEFAULT_RETRY: RetryPolicy = { maximumRetryAttempts: 185, maximumEventAgeSeconds: 86_400 };

/** Where a rule sends its events. */
export interface Target {
  readonly arn: string;
  readonly retry: RetryPolicy;
  readonly deadLetterArn?: string;
  /** Why EventBridge may not deliver: the target's policy does not let it. */
  readonly forbidden?: string;
}

/** A rule on a bus. */
export interface Rule {
  readonly name: string;
  readonly arn: string;
  /** ARN of the bus. */
  readonly busArn: string;
  readonly matches: (event: unknown) => boolean;
  readonly targets: readonly Target[];
}
