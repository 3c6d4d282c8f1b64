import * as contract from '../../lambda/contract.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';

test('public names do not change: users write dashboards, filter policies, tag policies and scripts against them', () => {
  expect({ ...contract }).toEqual({
    MODES: ['enforce', 'audit'],
    EXISTING: ['audit', 'enforce-when-unused', 'enforce'],
    LAUNCHES: ['enforce', 'enforce-when-unused'],
    TRAIL: ['existing', 'create', 'none'],
    STATUSES: ['remediated', 'would-remediate', 'already-remediated', 'exempt', 'needs-review', 'skipped', 'failed'],
    SEVERITIES: ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'],
    TAG: {
      exemptUntil: 'imdsv2:exempt-until',
      exemptReason: 'imdsv2:exempt-reason',
      exemptOwner: 'imdsv2:exempt-owner',
    },
    CHAT: ['off', 'amazon-q'],
    CONTROLS: [
      'aws-foundational-security-best-practices/v/1.0.0/EC2.8',
      'cis-aws-foundations-benchmark/v/5.0.0/5.7',
      'cis-aws-foundations-benchmark/v/3.0.0/5.6',
    ],
    CONTROL_SEVERITY: 'HIGH',
    DETAIL_TYPES: {
      'imdsv2-enforcer.outcome/v1': 'IMDSv2 Outcome',
      'imdsv2-enforcer.digest/v1': 'IMDSv2 Digest',
      'imdsv2-enforcer.workload-impact/v1': 'IMDSv2 Workload Impact',
      'imdsv2-enforcer.prevention/v1': 'IMDSv2 Prevention',
    },
    ALERT_SCHEMA: 'imdsv2-enforcer.alert/v1',
    MESSAGE_SCHEMA: 'imdsv2-enforcer.outcome/v1',
    DIGEST_SCHEMA: 'imdsv2-enforcer.digest/v1',
    PREVENTION_SCHEMA: 'imdsv2-enforcer.prevention/v1',
    WORKLOAD_IMPACT_SCHEMA: 'imdsv2-enforcer.workload-impact/v1',
    SOURCE: 'imdsv2-enforcer',
    STACK: 'Imdsv2Enforcer',
    BUS: 'imdsv2-enforcer',
    FORWARDER_DEAD_LETTER_QUEUE: 'imdsv2-enforcer-forwarder-dead-letter-queue',
    REGIONS_CONTEXT: 'imdsv2-enforcer:regions',
    forwarderRule: expect.any(Function),
    forwarderStack: expect.any(Function),
    HEALTH_MESSAGE: { source: 'imdsv2-enforcer', 'detail-type': 'Health' },
    PING: { source: 'imdsv2-enforcer.ping', detailType: 'Ping', answered: 'ping answered' },
    METRICS: {
      namespace: 'Imdsv2Enforcer',
      service: 'imdsv2-enforcer',
      names: {
        remediated: 'Remediated',
        driftRemediated: 'DriftRemediated',
        needsReview: 'NeedsReview',
        exempt: 'Exempt',
        failed: 'Failed',
        retried: 'Retried',
        notUnderstood: 'NotUnderstood',
        compliant: 'Compliant',
        nonCompliant: 'NonCompliant',
        oldestNonCompliantSeconds: 'OldestNonCompliantSeconds',
        scanCompleted: 'ScanCompleted',
        healthFindings: 'HealthFindings',
        handedBack: 'HandedBack',
        rejectedInstances: 'RejectedInstances',
        exposureSeconds: 'ExposureSeconds',
      },
    },
  });
});

test('names of resources in other regions do not change', () => {
  expect(contract.forwarderRule('Launch')).toBe('imdsv2-enforcer-Launch');
  expect(contract.forwarderStack('Imdsv2Enforcer', 'eu-west-1')).toBe('Imdsv2Enforcer-eu-west-1');
});

test('names of triggers do not change', () => {
  expect(ALL_TRIGGERS.map(({ name }) => name)).toEqual([
    'launch',
    'drift',
    'grant',
    'revoke',
    'running',
    'scan',
    'command',
  ]);
});
