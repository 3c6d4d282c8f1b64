import { toDigestMessage } from '../../core/digest-message.ts';
import { Inventory, type Digest } from '../../core/digest.ts';
import { FailureError } from '../../core/failure.ts';
import { groupBy } from '../../core/group-by.ts';
import type { Snapshot } from '../../core/instance.ts';
import type { Usage, UsageWindow } from '../../core/usage.ts';
import { verdictOf } from '../../core/verdict.ts';
import type { Run } from '../../triggers/scan.ts';
import { assessUsage } from '../assess-usage.ts';
import { listInstances } from '../list-instances.ts';
import { measureUsage } from '../measure-usage.ts';
import type { Gauges } from '../ports/index.ts';
import { send } from '../report.ts';
import { attempt, withRetries } from '../retry.ts';
import { contextOf, PRESENT, type ScanPorts, type ScanRules } from './rules.ts';

const HOUR = 3_600_000;

/** Takes the inventory of a region, emits its gauges, and sends a digest daily and after remediation. */
export async function summarizeRegion(
  { requestedIds, ...run }: Run & { readonly requestedIds: readonly string[] },
  rules: ScanRules,
  ports: ScanPorts,
): Promise<void> {
  const { fleet, telemetry, regions, time, writer } = ports;
  const { region, startedAt } = run;
  const daily = isFirstOfDay(startedAt, rules.scanEveryHours);
  const inventory = new Inventory(contextOf(run), rules);
  const requested = new Set(requestedIds);
  const nonCompliant: Snapshot[] = [];
  let remediated = 0;
  for await (const snapshots of listInstances(region, [PRESENT], fleet, time)) {
    for (const snapshot of snapshots) {
      // CloudWatch charges for each metric, so only non-compliant instances are measured.
      const isNonCompliant = verdictOf(snapshot, rules.maxExemptionDays, time.now())?.name === 'non-compliant';
      if (isNonCompliant) nonCompliant.push(snapshot);
      else inventory.add(snapshot, time.now());
      if (requested.has(snapshot.instanceId) && snapshot.options.HttpTokens === 'required') remediated += 1;
    }
  }
  const due = daily || remediated > 0;
  const instances = inventory.compliance.instances + nonCompliant.length;
  const problems = await problemsIn(region, { due, instances }, rules, ports);
  const sendsDigest = due && (instances > 0 || problems.length > 0);
  const usage = sendsDigest ? await assessOrWarn(region, nonCompliant, rules, ports) : new Map<string, Usage>();
  for (const snapshot of nonCompliant) inventory.add(snapshot, time.now(), usage.get(snapshot.instanceId));

  const rejected = sendsDigest && daily ? await mostRejectedIn(region, ports) : undefined;
  if (sendsDigest) {
    const defaults = await attempt(() => withRetries(() => regions.defaults(region), time));
    const digest: Digest = {
      ...run,
      changes: writer !== undefined,
      remediated,
      compliance: inventory.compliance,
      nonCompliant: inventory.nonCompliant,
      exempt: inventory.exempt,
      rejected,
      launchDefault: defaults instanceof FailureError ? undefined : defaults,
      problems,
    };
    await send(toDigestMessage(digest, time.now(), rules), ports);
  }
  const gauges = gaugesOf(inventory, time.now(), rejected);
  telemetry.scanCompleted(region, sendsDigest ? { ...gauges, needsReviewBy: needsReviewBy(inventory) } : gauges);
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
  { healthChecks, telemetry }: ScanPorts,
): Promise<readonly string[]> {
  if (region === homeRegion) return due ? healthChecks.problems() : [];
  if (forwarders.includes(region)) {
    // In every run, because an alarm in that region cannot notify a topic of the home region.
    const problems = await healthChecks.problemsIn(region);
    telemetry.forwarderProblems(problems.length);
    return problems;
  }
  // Rules are not expected in this region, but if instances run in it, the digest says that it is not monitored.
  return due && instances > 0 ? healthChecks.problemsIn(region) : [];
}

/** Measures IMDSv1 usage. If that fails, the digest is sent without it. */
async function assessOrWarn(
  region: string,
  instances: readonly Snapshot[],
  rules: ScanRules,
  ports: ScanPorts,
): Promise<ReadonlyMap<string, Usage>> {
  const assessed = await attempt(() => assessUsage(region, instances, rules.usage, ports));
  if (!(assessed instanceof FailureError)) return assessed;
  ports.telemetry.warning(`IMDSv1 usage in ${region} could not be read`, assessed);
  return new Map();
}

/** Reads the rejected IMDSv1 calls of the last day. If that fails, the digest is sent without them. */
async function mostRejectedIn(region: string, { usage, telemetry, time }: ScanPorts): Promise<Digest['rejected']> {
  const to = new Date(Math.ceil(time.now().getTime() / HOUR) * HOUR);
  const window: UsageWindow = { from: new Date(to.getTime() - 24 * HOUR), to, periodSeconds: 3600 };
  const read = await attempt(() => withRetries(() => usage.mostRejected(region, window), time));
  if (read instanceof FailureError) {
    telemetry.warning(`rejected IMDSv1 calls in ${region} could not be read`, read);
    return undefined;
  }
  const had = await imdsv1InLastDays(region, [...read.keys()], { usage, telemetry, time });
  return new Map([...read].map(([id, calls]) => [id, { calls, hadImdsv1: had.get(id) }]));
}

/** CloudWatch keeps five-minute values for 63 days, and values of a day are sums of them. */
const KEPT_DAYS = 63;

/**
 * Whether IMDSv1 was enabled on instances within the last 63 days: then `MetadataNoToken` has points, zeros included.
 * An instance is absent if that could not be read.
 */
async function imdsv1InLastDays(
  region: string,
  instanceIds: readonly string[],
  { usage, telemetry, time }: Pick<ScanPorts, 'usage' | 'telemetry' | 'time'>,
): Promise<ReadonlyMap<string, boolean>> {
  if (instanceIds.length === 0) return new Map();
  const to = Math.ceil(time.now().getTime() / HOUR) * HOUR;
  const window: UsageWindow = { from: new Date(to - KEPT_DAYS * 24 * HOUR), to: new Date(to), periodSeconds: 86_400 };
  const question = { region, metric: 'MetadataNoToken', instanceIds, window } as const;
  const measured = await attempt(() => measureUsage(question, usage, time));
  if (measured instanceof FailureError) {
    telemetry.warning(`IMDSv1 of the last ${KEPT_DAYS} days in ${region} could not be read`, measured);
    return new Map();
  }
  const known = [...measured.measurements].filter(([, { points, complete }]) => complete || points.length > 0);
  return new Map(known.map(([id, { points }]) => [id, points.length > 0]));
}

function needsReviewBy({ nonCompliant }: Inventory): Gauges['needsReviewBy'] {
  const problems = nonCompliant.flatMap(({ verdict, decision }) =>
    verdict.name === 'non-compliant' && decision.kind === 'needs-review' ? [decision.problem] : [],
  );
  return Object.fromEntries(
    [...groupBy(problems, (problem) => problem)].map(([problem, all]) => [problem, all.length]),
  );
}

function gaugesOf(
  { compliance: { counts }, nonCompliant }: Inventory,
  now: Date,
  rejected: Digest['rejected'],
): Gauges {
  // Without those whose options could not be read.
  const imdsv1Enabled = nonCompliant.filter(({ verdict }) => verdict.name === 'non-compliant');
  const ages = imdsv1Enabled.map(({ since }) => (since === undefined ? 0 : now.getTime() - since.getTime()));
  const oldest = ages.reduce((longest, age) => Math.max(longest, age), 0);
  return {
    compliant: counts.compliant,
    nonCompliant: counts['non-compliant'],
    needsReview: imdsv1Enabled.filter(({ needsReview }) => needsReview).length,
    exempt: counts.exempt,
    oldestNonCompliantSeconds: Math.round(oldest / 1000),
    rejected: rejected && [...rejected.values()].filter(({ hadImdsv1 }) => hadImdsv1 !== false).length,
  };
}
