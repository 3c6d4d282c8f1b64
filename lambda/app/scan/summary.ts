import { toDigestMessage } from '../../core/digest-message.ts';
import { Inventory, type Digest } from '../../core/digest.ts';
import { FailureError } from '../../core/failure.ts';
import { groupBy } from '../../core/group-by.ts';
import type { Snapshot } from '../../core/instance.ts';
import type { Usage, UsageWindow } from '../../core/usage.ts';
import { verdictOf } from '../../core/verdict.ts';
import type { Run } from '../../triggers/scan.ts';
import { list } from '../list.ts';
import { attempt, withRetries } from '../retry.ts';
import type { Gauges } from '../ports.ts';
import { send } from '../report.ts';
import { usageIn } from '../usage.ts';
import { contextOf, PRESENT, type ScanPorts, type ScanRules } from './rules.ts';

const HOUR = 3_600_000;

/**
 * Counts the instances of a region after everything else of the run, sets its gauges, and tells how it stands when something was
 * closed and once a day.
 */
export async function count(
  run: Run & { readonly nonCompliantBefore: number; readonly requested: number },
  rules: ScanRules,
  ports: ScanPorts,
): Promise<void> {
  const { fleet, telemetry, regions, time } = ports;
  const { region, startedAt } = run;
  const daily = isFirstOfDay(startedAt, rules.scanEveryHours);
  const inventory = new Inventory(contextOf(run), rules);
  const open: Snapshot[] = [];
  for await (const snapshots of list(region, [PRESENT], fleet, time)) {
    for (const snapshot of snapshots) {
      // Measuring costs money: the compliant and the exempt are not asked about.
      const gated = verdictOf(snapshot, rules.maxExemptionDays, time.now())?.name === 'non-compliant';
      if (gated) open.push(snapshot);
      else inventory.add(snapshot, time.now());
    }
  }
  const closed = run.requested > 0 && open.length < run.nonCompliantBefore;
  const instances = inventory.compliance.instances + open.length;
  const problems = await problemsIn(region, { due: daily || closed, instances }, rules, ports);
  const told = (daily || closed) && (instances > 0 || problems.length > 0);
  const usage = told ? await usagesIn(region, open, rules, ports) : new Map<string, Usage>();
  for (const snapshot of open) inventory.add(snapshot, time.now(), usage.get(snapshot.instanceId));

  const rejected = told && daily ? await rejectedIn(region, ports) : undefined;
  if (told) {
    const defaults = await attempt(() => withRetries(() => regions.defaults(region), time));
    const digest: Digest = {
      ...run,
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
  telemetry.scanCompleted(region, told ? { ...gauges, needsReviewBy: needsReviewBy(inventory) } : gauges);
}

/** The runs of a day stand at fixed hours, so which one is the first needs no memory. */
export function isFirstOfDay(startedAt: Date, everyHours: number): boolean {
  return startedAt.getUTCHours() < everyHours;
}

/** What is off with the product in a region, as far as it is time to look. */
async function problemsIn(
  region: string,
  { due, instances }: { readonly due: boolean; readonly instances: number },
  { homeRegion, forwarders }: ScanRules,
  { healthChecks, telemetry }: ScanPorts,
): Promise<readonly string[]> {
  if (region === homeRegion) return due ? healthChecks.problems() : [];
  if (forwarders.includes(region)) {
    // Each time: no alarm can stand in that region.
    const problems = await healthChecks.problemsIn(region);
    telemetry.forwarderProblems(problems.length);
    return problems;
  }
  // Nobody asked for rules there; but where instances run, somebody should know that none listens.
  return due && instances > 0 ? healthChecks.problemsIn(region) : [];
}

/** How the open instances use IMDSv1. Where that cannot be read, the region is told all the same, with use that is not known. */
async function usagesIn(
  region: string,
  open: readonly Snapshot[],
  rules: ScanRules,
  ports: ScanPorts,
): Promise<ReadonlyMap<string, Usage>> {
  const measured = await attempt(() => usageIn(region, open, rules.usage, ports));
  if (!(measured instanceof FailureError)) return measured;
  ports.telemetry.warning(`how IMDSv1 is used in ${region} could not be read`, measured);
  return new Map();
}

/** What was refused in the last day. A region in which that cannot be read is not left without its count for it. */
async function rejectedIn(
  region: string,
  { usage, telemetry, time }: ScanPorts,
): Promise<ReadonlyMap<string, number> | undefined> {
  const to = new Date(Math.ceil(time.now().getTime() / HOUR) * HOUR);
  const window: UsageWindow = { from: new Date(to.getTime() - 24 * HOUR), to, periodSeconds: 3600 };
  const read = await attempt(() => withRetries(() => usage.mostRejected(region, window), time));
  if (!(read instanceof FailureError)) return read;
  telemetry.warning(`what is refused in ${region} could not be read`, read);
  return undefined;
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
  const answering = nonCompliant.filter(({ verdict }) => verdict.name === 'non-compliant');
  const ages = answering.map(({ since }) => (since === undefined ? 0 : now.getTime() - since.getTime()));
  const oldest = ages.reduce((longest, age) => Math.max(longest, age), 0);
  return {
    compliant: counts.compliant,
    nonCompliant: counts['non-compliant'],
    needsReview: answering.filter(({ decision }) => decision.kind === 'needs-review').length,
    exempt: counts.exempt,
    oldestNonCompliantSeconds: Math.round(oldest / 1000),
    rejected: rejected?.size,
  };
}
