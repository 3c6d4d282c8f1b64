import * as contract from '../../lambda/contract.ts';

test('public names stay: dashboards, filter policies, tag policies and scripts are written against them', () => {
  expect({ ...contract }).toEqual({
    MODES: ['enforce', 'audit'],
    EXISTING: ['audit', 'enforce-when-unused', 'enforce'],
    TRAIL: ['existing', 'create', 'none'],
    TRIGGERS: ['launch', 'drift', 'grant', 'revoke', 'running', 'scan', 'command'],
    STATUSES: ['remediated', 'would-remediate', 'already-remediated', 'exempt', 'needs-review', 'skipped', 'failed'],
    SEVERITIES: ['info', 'warning', 'high', 'critical'],
    TAG: { exemptUntil: 'imdsv2:exempt-until', exemptReason: 'imdsv2:exempt-reason' },
    MESSAGE_SCHEMA: 'imdsv2-enforcer.outcome/v1',
    DIGEST_SCHEMA: 'imdsv2-enforcer.digest/v1',
    WORKLOAD_IMPACT_SCHEMA: 'imdsv2-enforcer.workload-impact/v1',
    SOURCE: 'imdsv2-enforcer',
    STACK: 'Imdsv2Enforcer',
    BUS: 'imdsv2-enforcer',
    FORWARDER_DEAD_LETTER_QUEUE: 'imdsv2-enforcer-forwarder-dead-letter-queue',
    REGIONS_CONTEXT: 'imdsv2-enforcer:regions',
    forwarderRule: expect.any(Function),
    forwarderStack: expect.any(Function),
    PING: { source: 'imdsv2-enforcer.ping', detailType: 'Ping', answered: 'ping answered' },
    METRICS: {
      namespace: 'Imdsv2Enforcer',
      service: 'imdsv2-enforcer',
      names: {
        remediated: 'Remediated',
        driftRemediated: 'DriftRemediated',
        held: 'NeedsReview',
        exempt: 'Exempt',
        failed: 'Failed',
        retried: 'Retried',
        notUnderstood: 'NotUnderstood',
        compliant: 'Compliant',
        open: 'NonCompliant',
        oldestNonCompliantSeconds: 'OldestNonCompliantSeconds',
        scanCompleted: 'ScanCompleted',
        forwarderProblems: 'ForwarderProblems',
        rejectedInstances: 'RejectedInstances',
        exposureSeconds: 'ExposureSeconds',
      },
    },
  });
});

test('so do the names of what is in other regions', () => {
  expect(contract.forwarderRule('Launch')).toBe('imdsv2-enforcer-Launch');
  expect(contract.forwarderStack('Imdsv2Enforcer', 'eu-west-1')).toBe('Imdsv2Enforcer-eu-west-1');
});
