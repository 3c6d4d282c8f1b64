import {
  judgeAfterChange,
  measuresRejections,
  toWorkloadImpactDetails,
  type WorkloadImpact,
} from '../core/workload-impact.ts';
import { readExemption } from '../core/exemption.ts';
import { FailureError } from '../core/failure.ts';
import { groupBy } from '../core/group-by.ts';
import type { MessageOptions } from '../core/message.ts';
import { toOutcomeEvent } from '../core/outcome-event.ts';
import type { Snapshot } from '../core/instance.ts';
import type { Target } from '../core/target.ts';
import type { Measurement } from '../core/usage.ts';
import { drift } from '../triggers/drift.ts';
import { toFinding } from '../triggers/finding.ts';
import type { PostChangeCheck } from '../triggers/post-change-check.ts';
import { measureUsage } from './measure-usage.ts';
import { attempt, withRetries } from './retry.ts';
import type { Ports, Telemetry, UsageReader, WorkQueue } from './ports/index.ts';
import { keyOf } from './remediate.ts';
import { putOutcomes } from './put-outcomes.ts';

/** What post-change checks need from the outside. */
export interface CheckPorts extends Pick<Ports, 'reader' | 'bus' | 'time'> {
  readonly usage: UsageReader;
  readonly queue: Pick<WorkQueue, 'putChecks' | 'putFindings'>;
  readonly telemetry: Pick<Telemetry, 'rejected' | 'warning'>;
}

/** The period of EC2's metrics under basic monitoring. */
const PERIOD_SECONDS = 300;

/**
 * Runs post-change checks: alerts on workload impact, and schedules the next check otherwise.
 *
 * The instances of a region are checked together. A failure in one region does not affect the others.
 *
 * @returns the checks that failed and must be retried.
 */
export async function runPostChangeChecks(
  checks: readonly PostChangeCheck[],
  options: MessageOptions,
  ports: CheckPorts,
): Promise<readonly PostChangeCheck[]> {
  const retries: PostChangeCheck[] = [];
  for (const checksInRegion of groupBy(checks, ({ account, region }) => `${account} ${region}`).values()) {
    const result = await attempt(() => checkRegion(checksInRegion, options, ports));
    if (result instanceof FailureError) ports.telemetry.warning(CHECK_FAILED, result);
    retries.push(...(result instanceof FailureError ? checksInRegion : result));
  }
  return retries;
}

const CHECK_FAILED = 'the post-change check failed and will be retried';

async function checkRegion(
  checks: readonly PostChangeCheck[],
  options: MessageOptions,
  ports: CheckPorts,
): Promise<readonly PostChangeCheck[]> {
  const { reader, queue, telemetry, time } = ports;
  const latest = latestOf(checks);
  const [{ account, region } = { account: '', region: '' }] = latest;
  const ids = latest.map(({ instanceId }) => instanceId);
  const described = await withRetries(() => reader.describe(region, ids), time);
  const snapshots = new Map(described.map((snapshot) => [snapshot.instanceId, snapshot]));
  const measured = latest.filter(({ instanceId, checksDone }) => {
    const snapshot = snapshots.get(instanceId);
    return snapshot !== undefined && measuresRejections(snapshot, checksDone);
  });
  const rejections = await measureRejections(region, measured, ports);
  const impacts: (WorkloadImpact & { readonly check: PostChangeCheck })[] = [];
  const unfinished: PostChangeCheck[] = [];
  const reEnabled: { readonly check: PostChangeCheck; readonly snapshot: Snapshot }[] = [];
  for (const check of latest) {
    const snapshot = snapshots.get(check.instanceId);
    if (snapshot === undefined) continue;
    const rejected = countSince(rejections.get(check.instanceId), check.remediatedAt);
    const verdict = judgeAfterChange(snapshot, rejected, check.checksDone);
    if (verdict === 'notify') impacts.push({ snapshot, remediatedAt: check.remediatedAt, rejected, check });
    if (verdict === 'check-again') unfinished.push(check);
    const exemption = readExemption(snapshot.tags, time.now(), options.maxExemptionDays).kind;
    if (verdict === 're-enabled' && exemption !== 'active') reEnabled.push({ check, snapshot });
  }
  const retries: PostChangeCheck[] = [];
  const retry = (error: FailureError, failed: readonly PostChangeCheck[]) => {
    telemetry.warning(CHECK_FAILED, error);
    retries.push(...failed);
  };
  if (unfinished.length > 0) {
    const next = unfinished.map((check) => ({ ...check, checksDone: check.checksDone + 1 }));
    const scheduled = await attempt(() => queue.putChecks(next));
    if (scheduled instanceof FailureError) retry(scheduled, unfinished);
  }
  if (reEnabled.length > 0) {
    const findings = reEnabled.map(({ check, snapshot }) => toFinding(driftAfter(check), snapshot.options));
    const recorded = await attempt(() => queue.putFindings(findings));
    if (recorded instanceof FailureError) {
      retry(
        recorded,
        reEnabled.map(({ check }) => check),
      );
    }
  }
  if (impacts.length > 0) {
    const details = toWorkloadImpactDetails(account, region, impacts, options);
    const events = new Map(details.map((detail) => [toOutcomeEvent(detail, time.now()), detail]));
    const refused = new Set(
      (await putOutcomes([...events.keys()], ports)).flatMap(
        (event) => events.get(event)?.instances.map(({ instanceId }) => instanceId) ?? [],
      ),
    );
    retries.push(...impacts.flatMap(({ check }) => (refused.has(check.instanceId) ? [check] : [])));
    const notified = impacts.filter(({ check }) => !refused.has(check.instanceId));
    const count = notified.filter(({ rejected }) => rejected > 0).length;
    if (count > 0) telemetry.rejected(count);
  }
  return retries;
}

/**
 * The drift of an instance on which IMDSv1 was re-enabled since its remediation. Right after a change, the metrics still
 * show what was before it, so a call may have been taken for one that exposed nothing new.
 */
const driftAfter = ({ account, region, instanceId, remediatedAt }: PostChangeCheck): Target => {
  const recorded = { requested: 'optional-tokens', before: 'imdsv2-required' } as const;
  const context = { trigger: drift, eventId: 'post-change check', occurredAt: remediatedAt, recorded };
  return { account, region, instanceId, context };
};

/** One check for each instance, because SQS may deliver twice: that of the latest change, and of it the furthest. */
function latestOf(checks: readonly PostChangeCheck[]): PostChangeCheck[] {
  const latest = new Map<string, PostChangeCheck>();
  for (const check of checks) {
    const other = latest.get(keyOf(check));
    const newer = other === undefined ? 1 : check.remediatedAt.getTime() - other.remediatedAt.getTime();
    if (other === undefined || newer > 0 || (newer === 0 && check.checksDone > other.checksDone))
      latest.set(keyOf(check), check);
  }
  return [...latest.values()];
}

/**
 * Measures rejected calls since the first of the changes. Without permission, only the metadata options are checked.
 */
async function measureRejections(
  region: string,
  checks: readonly PostChangeCheck[],
  { usage, telemetry, time }: CheckPorts,
): Promise<ReadonlyMap<string, Measurement>> {
  if (checks.length === 0) return new Map();
  const first = checks.reduce((earliest, { remediatedAt }) => Math.min(earliest, remediatedAt.getTime()), Infinity);
  const window = { from: new Date(startOfPeriod(first)), to: time.now(), periodSeconds: PERIOD_SECONDS };
  const names = checks.map(({ instanceId }) => instanceId);
  const question = { region, metric: 'MetadataNoTokenRejected', dimension: 'InstanceId', names, window } as const;
  const measured = await attempt(() => measureUsage(question, usage, time));
  if (!(measured instanceof FailureError)) return measured.measurements;
  if (measured.kind !== 'denied') throw measured;
  telemetry.warning(`rejected IMDSv1 calls in ${region} could not be read`, measured);
  return new Map();
}

function countSince(measurement: Measurement | undefined, remediatedAt: Date): number {
  const from = startOfPeriod(remediatedAt.getTime());
  const points = (measurement?.points ?? []).filter(({ at }) => at.getTime() >= from);
  return points.reduce((sum, { count }) => sum + count, 0);
}

const startOfPeriod = (time: number): number => Math.floor(time / (PERIOD_SECONDS * 1000)) * PERIOD_SECONDS * 1000;
