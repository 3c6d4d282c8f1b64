/** The faults that `--faults` accepts. */
export const FAULT_NAMES = [
  'lost',
  'duplicated',
  'delayed',
  'reordered',
  'truncated',
  'invisible',
  'vanished',
  'throttled',
  'errors',
  'resets',
  'slow',
  'sns',
  'outcomes',
  'others',
  'partial',
  'busy',
  'crashes',
  'timeouts',
  'undeliverable',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

/** Descriptions of the faults for `--help`. */
export const FAULT_TEXTS: Readonly<Record<FaultName, string>> = {
  lost: 'lost launch records and running-state events, but never both of one instance',
  duplicated: 'events delivered twice',
  delayed: 'events delayed by up to 2 minutes',
  reordered: 'events reordered within 15 s',
  truncated: 'CloudTrail records with responseElements omitted, whatever their size',
  invisible: 'new instances that EC2 does not return for up to 10 s, a few for up to 3 minutes',
  vanished: 'new instances that fail within 10 s and that EC2 does not return afterwards',
  throttled: "calls throttled in addition to AWS's token buckets",
  errors: 'calls that fail with a 5xx error',
  resets: 'connections reset before or after the call was carried out',
  slow: 'calls delayed by up to 8 s, a few until the caller times out',
  sns: 'alerts that SNS refuses, some repeatedly',
  outcomes: 'events about outcomes that EventBridge refuses or does not answer',
  others: "EC2's request rate used up by other callers for some seconds of each minute",
  partial: 'messages that SQS refuses, while it accepts the others of the call',
  busy: 'batches that find the concurrency of the account used up',
  crashes: 'functions that crash after some calls, for a few messages at every delivery',
  timeouts: 'functions that hang until their timeout',
  undeliverable: 'targets that EventBridge cannot reach, temporarily or permanently',
};

/** One chaos run. */
export interface ChaosOptions {
  readonly launches: number;
  readonly seed: string;
  readonly timeScale: number;
  readonly faults: readonly FaultName[];
  /** Triggers whose rule is disabled; `scan` stands for its schedule. */
  readonly without: readonly string[];
  /**
   * Whether a scan runs at the end. With `existing: 'enforce'`, both events of some instances are lost as well, so that only
   * the scan can find them; otherwise there are fleets that existed before, in use and unused.
   */
  readonly scan?: boolean;
  /** Which existing instances the scan remediates. @default 'enforce' */
  readonly existing?: 'enforce' | 'enforce-when-unused';
  /** Whether to redrive the dead-letter queue at the end, and expect that everything is processed. */
  readonly redrive: boolean;
  /** Concurrent execution environments of each function. @default MAX_CONCURRENCY */
  readonly maxConcurrency?: number;
}

/** Concurrent execution environments: a quota of new accounts, and about what two cores can run. */
export const MAX_CONCURRENCY = 10;

/** With AWS's limits of launches a run would take hours. They do not limit remediation. */
export const LAUNCH_LIMITS = {
  RunInstances: { capacity: 10_000, refill: 1_000 },
  'RunInstances instances': { capacity: 100_000, refill: 1_000 },
} as const;
