import { TAG } from '../../lambda/contract.ts';
import { toWorkloadImpactDetails, type WorkloadImpactDetail } from '../../lambda/core/workload-impact.ts';
import type { DigestDetail } from '../../lambda/core/digest-detail.ts';
import { toDigestDetail } from '../../lambda/core/digest-message.ts';
import { Inventory } from '../../lambda/core/digest.ts';
import { dayFromNow } from '../../lambda/core/exemption.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { MessageOptions } from '../../lambda/core/message.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { type OutcomeEvent, toOutcomeEvent } from '../../lambda/core/outcome-event.ts';
import { NO_LAUNCHES } from '../../lambda/core/prevention/inventory.ts';
import { readinessOf } from '../../lambda/core/prevention/readiness.ts';
import { type PreventionDetail, toPreventionDetail } from '../../lambda/core/prevention/event-detail.ts';
import type { Context } from '../../lambda/core/target.ts';
import { drift } from '../../lambda/triggers/drift.ts';
import { grant } from '../../lambda/triggers/grant.ts';
import { launch } from '../../lambda/triggers/launch.ts';
import { refusedLaunch } from '../../lambda/triggers/refused-launch.ts';
import { revoke } from '../../lambda/triggers/revoke.ts';
import { running } from '../../lambda/triggers/running.ts';
import { scan } from '../../lambda/triggers/scan.ts';
import { weakenedDefaults } from '../../lambda/triggers/weakened-defaults.ts';

/** The deployment that the alerts name. */
export interface Place {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
}

/** One event of each kind, marked as a test, from which the deployment sends alerts. */
export function testEvents(place: Place, options: MessageOptions, now: Date): readonly OutcomeEvent[] {
  return [
    ...KINDS.map((kind, index) => toOutcomeDetail(toOutcome(kind, index, place, now))),
    digest(place, options, now),
    ...workloadImpact(place, options, now),
    ...prevention(place, now),
  ].map((detail) => toOutcomeEvent({ ...detail, test: true }, now));
}

type Kind = Pick<Outcome, 'status' | 'reason' | 'detail' | 'exposedSeconds'> & {
  readonly trigger: Context['trigger'];
  readonly grantedByCall?: true;
  /** Days from now. */
  readonly exemptUntil?: number;
};

const REMEDIATED = { status: 'remediated', reason: 'imdsv1-enabled', exposedSeconds: 12 } as const;

/** Outcomes whose alerts differ in their text. */
const KINDS: readonly Kind[] = [
  { trigger: launch, ...REMEDIATED },
  { trigger: drift, ...REMEDIATED },
  { trigger: revoke, ...REMEDIATED },
  { trigger: running, ...REMEDIATED, exposedSeconds: 130 },
  { trigger: launch, status: 'would-remediate', reason: 'imdsv1-enabled' },
  { trigger: launch, status: 'already-remediated', reason: 'already-remediated' },
  { trigger: grant, status: 'exempt', reason: 'exempt', exemptUntil: 14 },
  { trigger: launch, status: 'exempt', reason: 'exempt-self-granted', grantedByCall: true, exemptUntil: 14 },
  { trigger: launch, status: 'needs-review', reason: 'exemption-malformed', detail: 'next summer' },
  { trigger: running, status: 'needs-review', reason: 'existing-instance' },
  { trigger: launch, status: 'failed', reason: 'denied', detail: 'UnauthorizedOperation: this is a test' },
];

const TAGS: readonly (readonly [key: string, value: string])[] = [
  ['Name', 'imdsv2 test-alert'],
  ['aws:ec2launchtemplate:id', 'lt-00000000000000001'],
  ['aws:ec2launchtemplate:version', '1'],
];

const OPTIONS = { HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2, State: 'applied' };

const toSnapshot = (index: number, HttpTokens: string, launched: Date, until?: string): Snapshot => ({
  // EC2 does not assign such ids, so that the commands in an alert affect no instance.
  instanceId: `i-${index.toString(16).padStart(17, '0')}`,
  state: 'running',
  options: { ...OPTIONS, HttpTokens },
  awsManaged: false,
  launchTime: launched,
  firstLaunch: launched,
  tags: new Map([...TAGS, ...(until === undefined ? [] : [[TAG.exemptUntil, until] as const])]),
});

const daysAgo = (days: number, now: Date): Date => new Date(now.getTime() - days * 86_400_000);

/** A digest with an unused instance, one in use, and one whose exemption expires soon. */
function digest({ account, region }: Place, options: MessageOptions, now: Date): DigestDetail {
  const context = { trigger: scan, eventId: 'test-alert-digest', occurredAt: now } as const;
  const inventory = new Inventory(context, { existing: 'audit', ...options });
  const existing = (index: number, HttpTokens: string, until?: string) =>
    toSnapshot(KINDS.length + index, HttpTokens, daysAgo(400, now), until);
  inventory.add(existing(1, 'required'), now);
  inventory.add(existing(2, 'optional'), now, { kind: 'unused', hours: 336 });
  const lastSeen = daysAgo(1, now);
  inventory.add(existing(3, 'optional'), now, { kind: 'in-use', count: 42, callsPerDay: 3, lastSeen });
  inventory.add(existing(4, 'optional', dayFromNow(now, Math.min(5, options.maxExemptionDays))), now);
  const readiness = readinessOf({ ...NO_LAUNCHES, defaults: { HttpTokens: 'required' } });
  const run = { account, region, startedAt: now, changes: false, remediated: 0 };
  return toDigestDetail({ ...run, inventory, readiness, problems: [] });
}

/** An alert about rejected calls after a remediation. */
function workloadImpact(
  { account, region }: Place,
  options: MessageOptions,
  now: Date,
): readonly WorkloadImpactDetail[] {
  const snapshot = toSnapshot(KINDS.length + 5, 'required', daysAgo(400, now));
  const remediatedAt = new Date(now.getTime() - 15 * 60_000);
  return toWorkloadImpactDetails(account, region, [{ snapshot, remediatedAt, rejected: 7 }], options);
}

/** A refused launch, and weakened defaults. */
function prevention(place: Place, now: Date): readonly PreventionDetail[] {
  const { account, region } = place;
  const happened = { account, region, occurredAt: now, caller: callerOf(0, place) };
  const launch = { launchTemplateId: 'lt-00000000000000001', launchTemplateVersion: '1', instanceType: 't3.micro' };
  const requested = { HttpTokens: 'optional' };
  const refused = { kind: 'launch-refused', trigger: refusedLaunch.name, launch, errorMessage: 'IMDSv1' } as const;
  const weakened = { kind: 'defaults-weakened', trigger: weakenedDefaults.name, requested } as const;
  return [
    toPreventionDetail({ ...happened, ...refused, eventId: 'test-alert-refused' }, {}),
    toPreventionDetail({ ...happened, ...weakened, eventId: 'test-alert-weakened' }, { defaults: requested }),
  ];
}

const callerOf = (index: number, { account, partition }: Place) => ({
  principal: `arn:${partition}:sts::${account}:assumed-role/imdsv2-test-alert/test`,
  session: 'test',
  sourceIp: '192.0.2.1',
  mfa: false,
  cloudTrailEventId: `00000000-0000-0000-0000-${String(index + 1).padStart(12, '0')}`,
});

function toOutcome(kind: Kind, index: number, place: Place, now: Date): Outcome {
  const { trigger, grantedByCall, exemptUntil, exposedSeconds, detail, ...rest } = kind;
  const { account, region } = place;
  const occurredAt = new Date(now.getTime() - (exposedSeconds ?? 12) * 1000);
  const until = exemptUntil === undefined ? undefined : dayFromNow(now, exemptUntil);
  const HttpTokens = rest.status === 'already-remediated' ? 'required' : 'optional';
  const snapshot = toSnapshot(index + 1, HttpTokens, occurredAt, until);
  return {
    ...rest,
    target: {
      account,
      region,
      instanceId: snapshot.instanceId,
      context: {
        trigger,
        eventId: `test-alert-${index + 1}`,
        occurredAt,
        // A state change event does not name the caller.
        caller: trigger === running ? undefined : callerOf(index, place),
        recorded: { HttpTokens: 'optional', HttpEndpoint: 'enabled', grantedByCall },
      },
    },
    snapshot,
    at: now,
    detail: until ?? detail,
    after: rest.status === 'remediated' ? { ...OPTIONS, HttpTokens: 'required', State: 'pending' } : undefined,
    exposedSeconds,
  };
}
