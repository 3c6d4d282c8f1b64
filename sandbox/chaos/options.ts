/** What can go wrong, by the names that `--faults` takes. */
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
  'crashes',
  'timeouts',
  'undeliverable',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

/** What each of them is, for `--help`. */
export const FAULT_TEXTS: Readonly<Record<FaultName, string>> = {
  lost: 'CloudTrail records of launches and running-state events that never come; never both of one instance',
  duplicated: 'events that come twice',
  delayed: 'events that come up to two minutes late',
  reordered: 'events that overtake each other by up to 15 s',
  truncated: 'CloudTrail records whose responseElements were omitted, large or not',
  invisible: 'new instances that EC2 does not know for up to 10 s, a few of them for up to three minutes',
  vanished: 'new instances that die within 10 s and that EC2 does not show from then on, beside others that live',
  throttled: "calls refused although AWS's bucket is not empty (the buckets themselves are always there)",
  errors: 'calls answered with a 5xx',
  resets: 'connections that break before or after the call was carried out',
  slow: 'calls answered up to 8 s late, a few of them too late for anybody to wait',
  sns: 'alerts that SNS refuses, some of them several times',
  crashes: 'functions that die after some calls, a few events kill it every time',
  timeouts: 'functions that hang until their timeout',
  undeliverable: 'targets that EventBridge cannot reach, for a while or for good',
};

/** One chaos run. */
export interface ChaosOptions {
  readonly launches: number;
  readonly seed: string;
  readonly timeScale: number;
  readonly faults: readonly FaultName[];
  /** Names of triggers whose rule is taken away; `scan` for its schedule. */
  readonly without: readonly string[];
  /** Whether both events of some instances are lost too, and the scan finds them in the end. */
  readonly scan?: boolean;
  /** Whether to move the dead letters back in the end, and expect nothing left open. */
  readonly redrive: boolean;
  /** Execution environments of each function at a time. @default MAX_CONCURRENCY */
  readonly maxConcurrency?: number;
}

/**
 * Execution environments of the function at a time: what a new account may have, and about what two cores can run at a fast
 * clock.
 */
export const MAX_CONCURRENCY = 10;

/** AWS's launch buckets would make a run take hours. They say how fast people may launch, not how fast we may act. */
export const LAUNCH_LIMITS = {
  RunInstances: { capacity: 10_000, refill: 1_000 },
  'RunInstances instances': { capacity: 100_000, refill: 1_000 },
} as const;
