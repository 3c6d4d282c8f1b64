import type { PreventionDetail } from '../../lambda/core/prevention/event-detail.ts';
import type { Caller } from '../../lambda/core/target.ts';
import { ACCOUNT, REGION } from '../support/builders.ts';

/** A type of which no field may be left out. */
export type Complete<T> = T extends readonly (infer Item)[]
  ? readonly Complete<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Complete<Exclude<T[Key], undefined>> }
    : T;

const TIME = '2026-11-22T12:00:00.000Z';

/** A caller with every field. */
export const CALLER: Complete<Caller> = {
  principal: 'arn',
  sourceIp: '198.51.100.23',
  userAgent: 'aws-cli',
  invokedBy: 'autoscaling.amazonaws.com',
  session: 'kim',
  mfa: true,
  cloudTrailEventId: 'f2a1c3d4',
};

const WEAK = { HttpTokens: 'optional', HttpTokensEnforced: 'disabled' };
const HAPPENED = { count: 31, firstSeen: TIME, lastSeen: TIME, eventId: 'e-1', caller: CALLER };
/** A message about prevention with every field. */
export const PREVENTION: Complete<PreventionDetail> = {
  schema: 'imdsv2-enforcer.prevention/v1',
  test: true,
  severity: 'HIGH',
  account: ACCOUNT,
  region: REGION,
  events: [
    {
      ...HAPPENED,
      trigger: 'refused-launch',
      kind: 'launch-refused',
      launch: {
        ...{ launchTemplateId: 'lt-1', launchTemplateName: 'web', launchTemplateVersion: '7', fleetId: 'fleet-1' },
        ...{ imageId: 'ami-1', instanceType: 't3.micro', subnetId: 'subnet-1', httpTokens: 'optional' },
      },
      autoScalingGroups: ['web'],
      notVisible: 'denied',
      errorMessage: 'IMDSv1',
    },
    {
      ...HAPPENED,
      trigger: 'weakened-defaults',
      kind: 'defaults-weakened',
      requested: WEAK,
      now: { ...WEAK, managedBy: 'account' },
      notVisible: 'denied',
      restored: false,
    },
  ],
};
