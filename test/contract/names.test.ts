import * as contract from '../../lambda/contract.ts';

test('public names stay: dashboards, filter policies, tag policies and scripts are written against them', () => {
  expect({ ...contract }).toEqual({
    MODES: ['enforce', 'audit'],
    EXISTING: ['audit', 'enforce'],
    TRAIL: ['existing', 'create', 'none'],
    TRIGGERS: ['launch', 'drift', 'running'],
    STATUSES: ['remediated', 'would-remediate', 'closed', 'exempt', 'held', 'skipped', 'failed'],
    SEVERITIES: ['info', 'warning', 'high', 'critical'],
    TAG: { exemptUntil: 'imdsv2:exempt-until', exemptReason: 'imdsv2:exempt-reason' },
    MESSAGE_SCHEMA: 'imdsv2-enforcer.outcome/v1',
    SOURCE: 'imdsv2-enforcer',
    METRICS: {
      namespace: 'Imdsv2Enforcer',
      service: 'imdsv2-enforcer',
      names: {
        remediated: 'Remediated',
        driftRemediated: 'DriftRemediated',
        held: 'Held',
        exempt: 'Exempt',
        failed: 'Failed',
        retried: 'Retried',
        notUnderstood: 'NotUnderstood',
        exposureSeconds: 'ExposureSeconds',
      },
    },
  });
});
