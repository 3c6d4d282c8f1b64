/**
 * The public names: users write dashboards, filter policies, tag policies and scripts against them.
 * This file imports nothing, because the CDK app and the functions both read it.
 */

/** Modes of the product. In `audit`, neither the function nor its role can change an instance. */
export const MODES = ['enforce', 'audit'] as const;
export type Mode = (typeof MODES)[number];

/** What happens to existing instances: report only, remediate if measured as unused, or remediate. */
export const EXISTING = ['audit', 'enforce-when-unused', 'enforce'] as const;
export type Existing = (typeof EXISTING)[number];

/** What happens to launches of an Auto Scaling group that uses IMDSv1. */
export const LAUNCHES = ['enforce', 'enforce-when-unused'] as const;
export type Launches = (typeof LAUNCHES)[number];

/** The CloudTrail trail that delivers events: one exists, the stack creates one, or there is none. */
export const TRAIL = ['existing', 'create', 'none'] as const;

/** Whether alerts are also published for Amazon Q Developer in chat applications. */
export const CHAT = ['off', 'amazon-q'] as const;

/** Result of evaluating an instance; the `status` message attribute. */
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

/** Severities of Security Hub, lowest first; the `severity` message attribute is the highest one. */
export const SEVERITIES = ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Tag keys of an exemption. Its date is a calendar day, in effect until the end of that day in UTC. */
export const TAG = {
  exemptUntil: 'imdsv2:exempt-until',
  exemptReason: 'imdsv2:exempt-reason',
  exemptOwner: 'imdsv2:exempt-owner',
} as const;

/** The `schema` field of the event of an outcome, and of a JSON alert. */
export const MESSAGE_SCHEMA = 'imdsv2-enforcer.outcome/v1';

/** The `schema` field of a JSON alert about the outcomes of a window. */
export const ALERT_SCHEMA = 'imdsv2-enforcer.alert/v1';

/** The `detail-type` of the events on the bus of outcomes, by schema. */
export const DETAIL_TYPES = {
  'imdsv2-enforcer.outcome/v1': 'IMDSv2 Outcome',
  'imdsv2-enforcer.digest/v1': 'IMDSv2 Digest',
  'imdsv2-enforcer.workload-impact/v1': 'IMDSv2 Workload Impact',
  'imdsv2-enforcer.prevention/v1': 'IMDSv2 Prevention',
} as const;

/**
 * The controls that an instance with IMDSv1 enabled fails, as Security Hub names them in the generator ids of findings.
 * https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html
 */
export const CONTROLS = [
  'aws-foundational-security-best-practices/v/1.0.0/EC2.8',
  'cis-aws-foundations-benchmark/v/5.0.0/5.7',
  'cis-aws-foundations-benchmark/v/3.0.0/5.6',
] as const;

/**
 * The severity that Security Hub gives a finding of EC2.8.
 *
 * https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-8
 */
export const CONTROL_SEVERITY: Severity = 'HIGH';

/** The `schema` field of the JSON digest of a scan. */
export const DIGEST_SCHEMA = 'imdsv2-enforcer.digest/v1';

/** The `schema` field of a JSON alert about the workload impact of a remediation. */
export const WORKLOAD_IMPACT_SCHEMA = 'imdsv2-enforcer.workload-impact/v1';

/** The `schema` field of a JSON alert about refused launches and weakened defaults. */
export const PREVENTION_SCHEMA = 'imdsv2-enforcer.prevention/v1';

/** The `source` of messages on the queues of the product. */
export const SOURCE = 'imdsv2-enforcer';

/** Default name of the stack in the home region. */
export const STACK = 'Imdsv2Enforcer';

/** Name of the event bus in the home region that receives the events of the other regions. */
export const BUS = 'imdsv2-enforcer';

/**
 * Name of the stack in a region that forwards its events.
 *
 * @param home name of the stack in the home region.
 */
export const forwarderStack = (home: string, region: string): string => `${home}-${region}`;

/** Name of a rule that forwards events to the home region. */
export const forwarderRule = (ruleId: string): string => `${BUS}-${ruleId}`;

/** Name of the queue, in a region that forwards its events, for events that could not be delivered. */
export const FORWARDER_DEAD_LETTER_QUEUE = 'imdsv2-enforcer-forwarder-dead-letter-queue';

/** Key in `cdk.context.json` of the regions that `imdsv2 regions --write` stores, home region first. */
export const REGIONS_CONTEXT = 'imdsv2-enforcer:regions';

/** The event of `imdsv2 doctor`, and the `message` of the log line that answers it. */
export const PING = { source: 'imdsv2-enforcer.ping', detailType: 'Ping', answered: 'ping answered' } as const;

/** The constant input of the schedule of health checks: a message of the scan queue. */
export const HEALTH_MESSAGE = { source: 'imdsv2-enforcer', 'detail-type': 'Health' } as const;

/**
 * CloudWatch metrics. Their unit is a count, unless the name says seconds.
 *
 * All have the dimension `service`; metrics by region also have `region`.
 */
export const METRICS = {
  namespace: 'Imdsv2Enforcer',
  service: 'imdsv2-enforcer',
  names: {
    remediated: 'Remediated',
    /** The part of `Remediated` that was drift; the alarm for repeated drift is based on it. */
    driftRemediated: 'DriftRemediated',
    needsReview: 'NeedsReview',
    exempt: 'Exempt',
    /** Failures that are not retried. */
    failed: 'Failed',
    /** Failures that are retried; after the last retry the event goes to the dead-letter queue. */
    retried: 'Retried',
    /**
     * Instances that were handed back to the work queue: EC2's request rate left no room, or EC2 did not return them
     * yet.
     */
    handedBack: 'HandedBack',
    /** Events, or parts of events, that could not be read. */
    notUnderstood: 'NotUnderstood',
    /** By region: instances that pass CIS AWS 5.7. */
    compliant: 'Compliant',
    /** By region: instances with IMDSv1 enabled and no exemption. */
    nonCompliant: 'NonCompliant',
    /** By region: age of the oldest instance in `NonCompliant`. */
    oldestNonCompliantSeconds: 'OldestNonCompliantSeconds',
    /** One for each scan of a region. */
    scanCompleted: 'ScanCompleted',
    /** Parts of the deployment that are lost, or whose state is not known: one value every 15 minutes, 0 for none. */
    healthFindings: 'HealthFindings',
    /** Remediated instances on which IMDSv1 calls are rejected. */
    rejectedInstances: 'RejectedInstances',
    /** Seconds that IMDSv1 was enabled, one value for each remediated instance. */
    exposureSeconds: 'ExposureSeconds',
  },
} as const;
