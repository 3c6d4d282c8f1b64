import type { ReviewReason } from '../core/decide.ts';
import type { MetadataOptions, Snapshot } from '../core/instance.ts';
import type { Message } from '../core/message.ts';
import type { Outcome } from '../core/outcome.ts';
import type { AccountDefaults } from '../core/rollback.ts';
import type { Lookup } from '../core/target.ts';
import type { Measurement, UsageWindow } from '../core/usage.ts';
import type { Finding } from '../triggers/finding.ts';
import type { ScanStep } from '../triggers/scan.ts';
import type { PostChangeCheck } from '../triggers/post-change-check.ts';

/** Reads instances. Every method may throw a `FailureError`, and nothing else that is expected. */
export interface InstanceReader {
  /** Those of the instances that EC2 shows now, in no order. An id that EC2 does not know is absent and hides no other. */
  describe(region: string, instanceIds: readonly string[]): Promise<readonly Snapshot[]>;
  /** The instances of a launch whose ids are not known, by its token or the time it was made. */
  find(lookup: Lookup): Promise<readonly Snapshot[]>;
}

/** One server-side condition; an instance passes if any of the values fits. */
export interface Filter {
  /** As EC2 names it, such as `metadata-options.http-tokens`. */
  readonly name: string;
  readonly values: readonly string[];
}

/** Lists instances. */
export interface FleetReader {
  /**
   * One page of the instances that pass all filters, managed ones included.
   *
   * @param token of the page before; absent for the first.
   * @throws FailureError
   */
  page(region: string, filters: readonly Filter[], token?: string): Promise<FleetPage>;
}

export interface FleetPage {
  readonly snapshots: readonly Snapshot[];
  /** Token of the page after; absent on the last. */
  readonly next?: string;
}

/** Changes instances. */
export interface InstanceWriter {
  /**
   * Requires tokens and nothing else.
   *
   * @returns the options as EC2 answers them; `State` is usually `pending`.
   * @throws FailureError
   */
  requireTokens(region: string, instanceId: string): Promise<MetadataOptions>;
}

/** Changes instances, also those of containers that are further away from IMDS than one hop. */
export interface HopLimitWriter extends InstanceWriter {
  /**
   * `requireTokens`, and sets the hop limit in the same call.
   *
   * @throws FailureError
   */
  requireTokensWithin(region: string, instanceId: string, hopLimit: number): Promise<MetadataOptions>;
}

/** Allows IMDSv1 again. Only people do that: nothing that runs by itself has one. */
export interface AllowingWriter {
  /**
   * Whether EC2 would let us, without doing it.
   *
   * @throws FailureError if not.
   */
  mayAllow(region: string, instanceId: string): Promise<void>;
  /**
   * Makes tokens optional and nothing else.
   *
   * @returns the options as EC2 answers them.
   * @throws FailureError
   */
  allow(region: string, instanceId: string): Promise<MetadataOptions>;
  /** @throws FailureError */
  defaults(region: string): Promise<AccountDefaults>;
}

/** Writes exemptions. */
export interface ExemptionWriter {
  /**
   * Sets all tags of an exemption, of all the instances or none, in one call.
   *
   * @throws FailureError
   */
  grant(region: string, instanceIds: readonly string[], until: string, reason: string): Promise<void>;
  /** @throws FailureError */
  revoke(region: string, instanceIds: readonly string[]): Promise<void>;
}

/** Asks EC2 what it would allow, and changes nothing. */
export interface PermissionProbe {
  /** EC2's answer to setting the tokens of an instance so. Never fails: what EC2 says instead is the answer. */
  dryRun(region: string, instanceId: string, httpTokens: 'required' | 'optional'): Promise<ProbeAnswer>;
}

export interface ProbeAnswer {
  /** `unclear`: EC2 said neither yes nor no. */
  readonly verdict: 'allowed' | 'denied' | 'unclear';
  /** What EC2 said. */
  readonly said: string;
}

/**
 * How EC2 counts calls to IMDS without a token: those it answered, while tokens are optional, and those it refused, while they are
 * required.
 */
export type UsageMetric = 'MetadataNoToken' | 'MetadataNoTokenRejected';

/** What to measure, of at most 500 instances. */
export interface UsageQuestion {
  readonly region: string;
  readonly metric: UsageMetric;
  readonly instanceIds: readonly string[];
  readonly window: UsageWindow;
}

/** Measures how instances use IMDSv1. Every metric asked for costs money. */
export interface UsageReader {
  /**
   * One page of the answer: further points, or later news, of any of the instances. One without data has no points.
   *
   * @param token of the page before; absent for the first.
   * @throws FailureError
   */
  page(question: UsageQuestion, token?: string): Promise<UsagePage>;
}

export interface UsagePage {
  readonly measurements: ReadonlyMap<string, Measurement>;
  /** Token of the page after; absent on the last. */
  readonly next?: string;
}

/** Finds the instances on which IMDSv1 is refused most. */
export interface RejectionReader {
  /**
   * Up to 100 instances of a region on which calls without a token were refused in the window, most first, with their number.
   *
   * @throws FailureError
   */
  mostRejected(region: string, window: UsageWindow): Promise<ReadonlyMap<string, number>>;
}

/** Knows the regions of the account. */
export interface RegionReader {
  /**
   * Every region that is enabled in the account.
   *
   * @throws FailureError
   */
  enabled(): Promise<readonly string[]>;
  /** @throws FailureError */
  defaults(region: string): Promise<AccountDefaults>;
}

/** Feels whether the rest of the product is alive. */
export interface HealthChecks {
  /** What is off: one sentence each. Never fails: what cannot be read is off too. */
  problems(): Promise<readonly string[]>;
  /** The same of another region: whether rules listen there, and whether their events reach the home region. */
  problemsIn(region: string): Promise<readonly string[]>;
}

/** Keeps the steps of scans, those of one region in order. */
export interface ScanQueue {
  /** @throws FailureError if any of them could not be kept. */
  put(steps: readonly ScanStep[]): Promise<void>;
}

/** How the instances of a region stand, for dashboards. */
export interface Gauges {
  readonly compliant: number;
  /** IMDSv1 answers, and no exemption covers it. */
  readonly nonCompliant: number;
  /** The part of `open` that is left alone. */
  readonly needsReview: number;
  readonly exempt: number;
  /** Age of the oldest of `open`, since its first launch as far as that is known; 0 where there is none. */
  readonly oldestNonCompliantSeconds: number;
  /** `held` by what holds them; absent where nobody measured how they use IMDSv1. */
  readonly needsReviewBy?: Readonly<Partial<Record<ReviewReason, number>>>;
  /** Instances on which IMDSv1 was refused lately; absent where nobody asked. */
  readonly rejected?: number;
}

/** Keeps what must not be lost until a later invocation takes it up. */
export interface WorkQueue {
  /**
   * @param delaySeconds until they come back, of all or of each; default 0, at most 900.
   * @throws FailureError if any of them could not be kept.
   */
  putFindings(findings: readonly Finding[], delaySeconds?: number | readonly number[]): Promise<void>;
  /**
   * Keeps events of the bus, so that they are handled again.
   *
   * @param delaySeconds until they come back, of all or of each; at most 900.
   * @throws FailureError if any of them could not be kept.
   */
  putEvents(events: readonly object[], delaySeconds: number | readonly number[]): Promise<void>;
  /** @throws FailureError */
  putUndelivered(message: Message): Promise<void>;
  /**
   * Keeps them for a quarter of an hour.
   *
   * @throws FailureError if any of them could not be kept.
   */
  putChecks(checks: readonly PostChangeCheck[]): Promise<void>;
}

/** Tells people. */
export interface Publisher {
  /** @throws FailureError */
  publish(message: Message): Promise<void>;
}

/** Writes down what happened, for logs and metrics. Never fails. */
export interface Telemetry {
  /** @param notified whether people are told. */
  outcome(outcome: Outcome, notified: boolean): void;
  /** Something in an event could not be understood. */
  notUnderstood(eventId: string, problem: string): void;
  /** One more scan of a region is complete. */
  scanCompleted(region: string, gauges: Gauges): void;
  /** How much is off with a region that sends its events home; 0 if nothing is. */
  forwarderProblems(count: number): void;
  /** Instances on which IMDSv1 was refused after a change. */
  rejected(count: number): void;
  /** Something went wrong that the caller dealt with. */
  warning(text: string, error: unknown): void;
}

/** The clock of one invocation. */
export interface Time {
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
  /** From 0 up to, not including, 1: the jitter of retries. */
  random(): number;
  /** Nothing new is begun after it. */
  readonly deadline: Date;
}

/** What the use cases need from the outside. */
export interface Ports {
  readonly reader: InstanceReader;
  /** Absent in audit mode: what would be changed is told instead. */
  readonly writer?: InstanceWriter;
  readonly queue: WorkQueue;
  /** Measures what still uses IMDSv1, before an existing instance is closed and after one was. */
  readonly usage: UsageReader;
  readonly publisher: Publisher;
  readonly telemetry: Telemetry;
  readonly time: Time;
}
