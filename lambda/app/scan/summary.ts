import { toDigestDetail } from '../../core/digest-message.ts';
import { sentenceOf } from '../../core/health.ts';
import { Inventory, type Digest } from '../../core/digest.ts';
import { FailureError } from '../../core/failure.ts';
import { toOutcomeEvent } from '../../core/outcome-event.ts';
import type { Snapshot } from '../../core/instance.ts';
import { type Readiness, readinessOf } from '../../core/prevention/readiness.ts';
import type { Usage } from '../../core/usage.ts';
import { verdictOf } from '../../core/verdict.ts';
import { TRIGGERS } from '../../triggers/index.ts';
import type { Run } from '../../triggers/scan.ts';
import { assessUsage, type GroupMeasurements } from '../assess-usage.ts';
import { withBootTime } from '../boot-time.ts';
import { lookUpCallers } from './callers.ts';
import { mostRejectedIn } from './rejected.ts';
import { listInstances } from '../list-instances.ts';
import type { Gauges, Time } from '../ports/index.ts';
import { putOutcomes } from '../put-outcomes.ts';
import { readLaunchInventory } from '../read-launch-inventory.ts';
import { attempt, RetryableError } from '../retry.ts';
import { contextOf, IMDSV2_REQUIRED, PRESENT, type ScanPorts, type ScanRules } from './rules.ts';

/** Instances measured at a time, so that memory does not grow with the region: what one call of CloudWatch accepts. */
const BATCH = 500;

/** Milliseconds in which a failed measurement is repeated, so that time is left for the rest of the inventory. */
const PATIENCE = 60_000;

type SummaryRun = Run & { readonly requestedIds: readonly string[]; readonly stopped?: readonly string[] };

/** Takes the inventory of a region, emits its gauges, and sends a digest daily and after remediation. */
export async function summarizeRegion(run: SummaryRun, rules: ScanRules, ports: ScanPorts): Promise<void> {
  const { telemetry, time, writer } = ports;
  const { account, region, startedAt } = run;
  const daily = isFirstOfDay(startedAt, rules.scanEveryHours);
  const due = daily || (await hasRemediated(run, ports));
  const taken = await attempt(() => takeInventory(run, due, rules, ports));
  const isVisible = !(taken instanceof FailureError);
  // The deployment promises to cover the region, so its digest must say that it cannot.
  if (!isVisible && (taken.kind !== 'denied' || !rules.forwarders.includes(region))) throw taken;
  const notVisible = isVisible ? undefined : (true as const);
  const { inventory, remediated } = isVisible ? taken : nothing(run, rules);
  const { instances } = inventory.compliance;
  const problems = await problemsIn(region, { due, instances }, rules, ports);
  const sendsDigest = due && (instances > 0 || problems.length > 0);
  const rejected = sendsDigest && daily ? await mostRejectedIn(region, ports) : undefined;
  if (sendsDigest) {
    const found = {
      inventory,
      notVisible,
      changes: writer !== undefined,
      remediated,
      rejected,
      // Once a day: lookups share their quota with people.
      callers: daily ? await lookUpCallers(region, inventory.busiest.snapshots, ports) : undefined,
      readiness: await readinessIn(region, ports),
      problems,
    };
    const detail = toDigestDetail({ account, region, startedAt, ...found });
    const refused = await putOutcomes([toOutcomeEvent(detail, time.now())], ports);
    if (refused.length > 0) throw new RetryableError(`the digest of ${region} must be sent again`);
  }
  // What was not seen is not complete.
  if (!isVisible) return;
  const gauges = gaugesOf(inventory, time.now(), rejected);
  telemetry.scanCompleted(region, sendsDigest ? { ...gauges, needsReviewBy: needsReviewBy(inventory) } : gauges);
}

const nothing = (run: SummaryRun, rules: ScanRules) => ({
  inventory: new Inventory(contextOf(run), rules),
  remediated: 0,
});

/** Whether an instance that the scan evaluated for remediation requires IMDSv2 now. */
async function hasRemediated({ region, requestedIds }: SummaryRun, { fleet, time }: ScanPorts): Promise<boolean> {
  if (requestedIds.length === 0) return false;
  const requested = new Set(requestedIds);
  for await (const snapshots of listInstances(region, IMDSV2_REQUIRED, fleet, time)) {
    if (snapshots.some(({ instanceId }) => requested.has(instanceId))) return true;
  }
  return false;
}

/**
 * Counts the instances of a region, and those that the scan has remediated. For a digest, it also measures the IMDSv1
 * usage of the non-compliant ones.
 */
async function takeInventory(
  run: SummaryRun,
  measures: boolean,
  rules: ScanRules,
  ports: ScanPorts,
): Promise<{ readonly inventory: Inventory; readonly remediated: number }> {
  const { fleet, time } = ports;
  const requested = new Set(run.requestedIds);
  let remediated = 0;
  const inventory = new Inventory(contextOf(run), rules, new Set(run.stopped));
  const unmeasured: Snapshot[] = [];
  const groups: GroupMeasurements = new Map();
  let isReadable = true;
  const measure = async (instances: readonly Snapshot[]) => {
    const usage = isReadable ? await assessOrWarn(run.region, instances, rules, { ...ports, groups }) : undefined;
    isReadable = usage !== undefined;
    for (const snapshot of instances) inventory.add(snapshot, time.now(), usage?.get(snapshot.instanceId));
  };
  for await (const snapshots of listInstances(run.region, [PRESENT], fleet, time)) {
    for (const snapshot of snapshots) {
      // CloudWatch charges for each metric, so only non-compliant instances are measured.
      if (measures && isNonCompliant(snapshot, rules, time.now())) unmeasured.push(snapshot);
      else inventory.add(snapshot, time.now());
      if (requested.has(snapshot.instanceId) && snapshot.options.HttpTokens === 'required') remediated += 1;
    }
    while (unmeasured.length >= BATCH) await measure(unmeasured.splice(0, BATCH));
  }
  if (unmeasured.length > 0) await measure(unmeasured);
  return { inventory, remediated };
}

function isNonCompliant(snapshot: Snapshot, { maxExemptionDays }: ScanRules, now: Date): boolean {
  return verdictOf(snapshot, maxExemptionDays, now)?.name === 'non-compliant';
}

/** Whether a run is the first of its day. Runs start at fixed hours, so that needs no stored state. */
export function isFirstOfDay(startedAt: Date, everyHours: number): boolean {
  return startedAt.getUTCHours() < everyHours;
}

/** Health problems of the deployment in a region, where a check is due. */
async function problemsIn(
  region: string,
  { due, instances }: { readonly due: boolean; readonly instances: number },
  { homeRegion, forwarders }: ScanRules,
  { healthChecks }: ScanPorts,
): Promise<readonly string[]> {
  if (!due) return [];
  if (region === homeRegion || forwarders.includes(region)) {
    const results = await (region === homeRegion ? healthChecks.home() : healthChecks.region(region));
    return results.filter(({ level }) => level !== 'ok').map(sentenceOf);
  }
  // Rules are not expected in this region, but if instances run in it, the digest says that it is not monitored.
  if (instances === 0) return [];
  const missing = await attempt(() => healthChecks.unmonitored(region));
  if (missing instanceof FailureError) return [`the rules of ${region} are not visible from here: ${missing.message}`];
  if (missing.length === 0) return [];
  const triggers = missing.length === TRIGGERS.length ? '' : ` for ${missing.join(', ')}`;
  return [`${region} has no EventBridge rule${triggers}: changes there are found by the scheduled scan only`];
}

/** Whether launches of a region would be refused under enforcement; `undefined` if what launches could not be read. */
async function readinessIn(region: string, ports: ScanPorts): Promise<Readiness | undefined> {
  const explain = ({ message }: FailureError) => message;
  const read = await attempt(() => readLaunchInventory(region, { ...ports, time: patient(ports.time), explain }));
  if (!(read instanceof FailureError)) return readinessOf(read);
  ports.telemetry.warning(`what launches instances in ${region} could not be read`, read);
  return undefined;
}

/** Measures IMDSv1 usage; `undefined` if that fails. */
async function assessOrWarn(
  region: string,
  instances: readonly Snapshot[],
  rules: ScanRules,
  { usage, telemetry, time, groups }: ScanPorts & { readonly groups: GroupMeasurements },
): Promise<ReadonlyMap<string, Usage> | undefined> {
  const ports = { usage, time: patient(time), groups };
  const assessed = await attempt(async () => {
    const usages = await assessUsage(region, instances, rules.usage, ports);
    return withBootTime(region, instances, usages, rules.usage, ports);
  });
  if (!(assessed instanceof FailureError)) return assessed;
  telemetry.warning(`IMDSv1 usage in ${region} could not be read`, assessed);
  return undefined;
}

/** The clock of a part of the inventory, whose deadline leaves time for the rest. */
function patient(time: Time): Time {
  return { ...time, deadline: new Date(Math.min(time.deadline.getTime(), time.now().getTime() + PATIENCE)) };
}

function needsReviewBy({ nonCompliant }: Inventory): NonNullable<Gauges['needsReviewBy']> {
  // Without unreadable instances, which the gauge of non-compliant ones does not count either.
  const reasons = [...nonCompliant].filter(([reason]) => reason !== 'remediation-pending' && reason !== 'unreadable');
  return Object.fromEntries(reasons.map(([reason, { total }]) => [reason, total]));
}

function gaugesOf(inventory: Inventory, now: Date, rejected: Digest['rejected']): Gauges {
  const { counts } = inventory.compliance;
  const age = inventory.oldest === undefined ? 0 : now.getTime() - inventory.oldest.getTime();
  return {
    compliant: counts.compliant,
    nonCompliant: counts['non-compliant'],
    needsReview: inventory.needsReview,
    exempt: counts.exempt,
    oldestNonCompliantSeconds: Math.round(Math.max(0, age) / 1000),
    rejected: rejected && [...rejected.values()].filter(({ hadImdsv1 }) => hadImdsv1 !== false).length,
  };
}
