/**
 * Names that the outside relies on: dashboards, filter policies, tag policies and scripts are written against them.
 * They are public the day they ship. Nothing heavy may be imported here: the CDK app and the function both read this file.
 */

/** Modes of the product. `audit` has no writer in the function and no permission in its role. */
export const MODES = ['enforce', 'audit'] as const;
export type Mode = (typeof MODES)[number];

/**
 * What happens to an instance that existed before: reported only, closed where its IMDSv1 use was measured and is zero, or
 * treated like a new launch.
 */
export const EXISTING = ['audit', 'enforce-when-unused', 'enforce'] as const;
export type Existing = (typeof EXISTING)[number];

/** Whether a CloudTrail trail feeds the bus: one is there, the stack creates one, or there is none. */
export const TRAIL = ['existing', 'create', 'none'] as const;
export type Trail = (typeof TRAIL)[number];

/** What made us look at an instance. */
export const TRIGGERS = ['launch', 'drift', 'grant', 'revoke', 'running', 'scan', 'command'] as const;
export type TriggerName = (typeof TRIGGERS)[number];

/** What became of an instance; the `status` message attribute. */
export const STATUSES = [
  'remediated',
  'would-remediate',
  'already-remediated',
  'exempt',
  'needs-review',
  'skipped',
  'failed',
] as const;
export type Status = (typeof STATUSES)[number];

/** Severities, mildest first; the `severity` message attribute is the worst in the message. */
export const SEVERITIES = ['INFORMATIONAL', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Tag keys of a dated exemption. The date is a calendar day, valid through its end in UTC. */
export const TAG = { exemptUntil: 'imdsv2:exempt-until', exemptReason: 'imdsv2:exempt-reason' } as const;

/** The schema of the JSON message, in its `schema` field. */
export const MESSAGE_SCHEMA = 'imdsv2-enforcer.outcome/v1';

/** The schema of the JSON digest of a scan. */
export const DIGEST_SCHEMA = 'imdsv2-enforcer.digest/v1';

/** The schema of the JSON message about what a change broke. */
export const WORKLOAD_IMPACT_SCHEMA = 'imdsv2-enforcer.workload-impact/v1';

/** `source` of the events we put on our own queue. */
export const SOURCE = 'imdsv2-enforcer';

/** The stack that the CDK app makes. */
export const STACK = 'Imdsv2Enforcer';

/** The bus of our own in the home region, to which the rules of every other region send. */
export const BUS = 'imdsv2-enforcer';

/** Name of the stack that listens in another region. @param home name of the stack in the home region. */
export const forwarderStack = (home: string, region: string): string => `${home}-${region}`;

/** Name of a rule, in each region but the home region, that sends to the home region. */
export const forwarderRule = (ruleId: string): string => `${BUS}-${ruleId}`;

/** Name of the queue, in each region but the home region, that holds what could not be sent to the home region. */
export const FORWARDER_DEAD_LETTER_QUEUE = 'imdsv2-enforcer-forwarder-dead-letter-queue';

/** Key of `cdk.context.json` that `imdsv2 regions --write` stores the regions of the account under, the home region first. */
export const REGIONS_CONTEXT = 'imdsv2-enforcer:regions';

/** The event that asks whether the function is alive, and the `message` of the log line that answers it. */
export const PING = { source: 'imdsv2-enforcer.ping', detailType: 'Ping', answered: 'ping answered' } as const;

/** CloudWatch metrics, all with the dimension `service`; what is by region has `region` too. Counts, except what says seconds. */
export const METRICS = {
  namespace: 'Imdsv2Enforcer',
  service: 'imdsv2-enforcer',
  names: {
    remediated: 'Remediated',
    /** The part of `Remediated` that somebody had switched back: the tug-of-war alarm watches it. */
    driftRemediated: 'DriftRemediated',
    needsReview: 'NeedsReview',
    exempt: 'Exempt',
    /** Could not be done, and trying again would not help. */
    failed: 'Failed',
    /** Could not be done this time; a retry follows, and after the last one the dead-letter queue. */
    retried: 'Retried',
    notUnderstood: 'NotUnderstood',
    /** By region: instances that CIS AWS 5.7 passes. */
    compliant: 'Compliant',
    /** By region: instances that answer IMDSv1 without an exemption. */
    nonCompliant: 'NonCompliant',
    /** By region: age of the oldest of `Open`. */
    oldestNonCompliantSeconds: 'OldestNonCompliantSeconds',
    /** One for each region and run. */
    scanCompleted: 'ScanCompleted',
    /** What is off with the regions that send their events home: one for each scan of such a region, 0 if nothing is. */
    forwarderProblems: 'ForwarderProblems',
    /** Instances on which calls without a token are refused since they were closed. */
    rejectedInstances: 'RejectedInstances',
    /** Seconds that IMDSv1 was reachable, one value per remediated instance. */
    exposureSeconds: 'ExposureSeconds',
  },
} as const;
