import { decide, isGated } from '../../core/decide.ts';
import { FailureError } from '../../core/failure.ts';
import type { Snapshot } from '../../core/instance.ts';
import { type Candidate, rollOut, toCandidate } from '../../core/rollout.ts';
import { REQUESTED_IDS, type Run } from '../../triggers/scan.ts';
import { assessUsage, type GroupMeasurements } from '../assess-usage.ts';
import { listInstances } from '../list-instances.ts';
import { attempt, withRetries } from '../retry.ts';
import { fleetsWithRejectedCalls } from './rejected.ts';
import { contextOf, IMDSV1_ENABLED, IMDSV2_REQUIRED, type ScanPorts, type ScanRules } from './rules.ts';

/** Most launch sources in a summary, which must fit into a message with the ids. */
const MOST_STOPPED = 100;

/** Instances per batch: at three changes per second they take less than half of Lambda's 15 minutes. */
const BATCH = 1000;

/**
 * Most instances whose usage is measured before any is changed, so that the step stays within Lambda's 15 minutes. The
 * batches measure the others, each alone or by its group.
 */
const MOST_MEASURED = 50_000;

/**
 * Lists the non-compliant instances of a region; queues batches to remediate, then the summary.
 *
 * The list is complete before the first change, because a remediated instance leaves the list and moves the pages
 * behind it. Of a launch source, only a share is remediated in one run, and none while calls are rejected on one of its
 * remediated instances, or while one of its instances is in use and that is to be heeded.
 */
export async function listRegion(
  { account, region, startedAt }: Run,
  rules: ScanRules,
  ports: ScanPorts,
): Promise<void> {
  const { steps, telemetry, time } = ports;
  const run = { account, region, startedAt };
  const listed = await attempt(() => toRemediate(run, rules, ports));
  if (listed instanceof FailureError) {
    // A service control policy may deny everything in an enabled region. No instance launches there either.
    if (listed.kind !== 'denied' || region === rules.homeRegion) throw listed;
    telemetry.warning(`${region} is not visible from here, so it is not scanned`, listed);
    // The digest of the home region names the other ones.
    if (!rules.forwarders.includes(region)) return;
  }
  const { instanceIds: ids, stopped }: Selection = listed instanceof FailureError ? { instanceIds: [] } : listed;
  const batches = batchesOf(ids).map((instanceIds, index) => ({ step: 'batch', ...run, index, instanceIds }) as const);
  if (batches.length > 0) await withRetries(() => steps.put(batches), time);
  // Only after all batches were accepted: a batch that is sent again would come behind the summary.
  const summary = { step: 'summary', ...run, requestedIds: ids.slice(0, REQUESTED_IDS), stopped } as const;
  await withRetries(() => steps.put([summary]), time);
}

/** What this run changes. */
interface Selection {
  /** The instances that are remediated, if their decision is still the same then. */
  readonly instanceIds: readonly string[];
  /** Keys of launch sources of which nothing is changed, because calls are rejected. */
  readonly stopped?: readonly string[];
}

async function toRemediate(run: Run, rules: ScanRules, ports: ScanPorts): Promise<Selection> {
  const { fleet, time, writer } = ports;
  const { region } = run;
  const context = contextOf(run);
  // By id, because an instance that moves between pages may be listed twice.
  const candidates = new Map<string, Candidate>();
  const inUse = new Set<string>();
  const groups: GroupMeasurements = new Map();
  let measured = 0;
  for await (const snapshots of listInstances(region, IMDSV1_ENABLED, fleet, time)) {
    // Nothing is selected without a writer; the first page shows whether the region can be read.
    if (writer === undefined) break;
    const decided = snapshots.map((snapshot) => ({ snapshot, decision: decide(snapshot, context, rules, time.now()) }));
    const gated = decided.flatMap(({ snapshot, decision }) => (isGated(decision) ? [snapshot] : []));
    const usages = measured < MOST_MEASURED ? await usagesOf(region, gated, groups, rules, ports) : undefined;
    measured += gated.length;
    for (const { snapshot, decision } of decided) {
      const candidate = toCandidate(snapshot);
      const usage = usages?.get(snapshot.instanceId)?.kind;
      if (usage === 'in-use' && candidate.fleet !== undefined) inUse.add(candidate.fleet);
      // Its usage is measured again before it is changed.
      const mayBeUnused = isGated(decision) && (usages === undefined || usage === 'unused');
      if (decision.kind === 'remediate' || mayBeUnused) candidates.set(snapshot.instanceId, candidate);
    }
  }
  const unused = [...candidates.values()].filter(({ fleet: key }) => key === undefined || !inUse.has(key));
  const fleets = new Set(unused.flatMap(({ fleet: key }) => key ?? []));
  if (fleets.size === 0) return { instanceIds: unused.map(({ instanceId }) => instanceId) };
  const stopped = await fleetsWithRejectedCalls(region, ports);
  const free = unused.filter(({ fleet: key }) => key === undefined || !stopped.has(key));
  const required = new Map<string, number>();
  for await (const snapshots of listInstances(region, IMDSV2_REQUIRED, fleet, time)) {
    for (const { fleet: key } of snapshots.map(toCandidate)) {
      if (key !== undefined && fleets.has(key)) required.set(key, (required.get(key) ?? 0) + 1);
    }
  }
  const instanceIds = rollOut(free, required);
  const named = [...stopped].filter((key) => fleets.has(key)).slice(0, MOST_STOPPED);
  return named.length > 0 ? { instanceIds, stopped: named } : { instanceIds };
}

/** The usage of some instances. If it cannot be read, it is unknown, so that none of them is changed. */
async function usagesOf(
  region: string,
  instances: readonly Snapshot[],
  groups: GroupMeasurements,
  rules: ScanRules,
  { usage, telemetry, time }: ScanPorts,
) {
  if (instances.length === 0) return undefined;
  const assessed = await attempt(() => assessUsage(region, instances, rules.usage, { usage, time, groups }));
  if (!(assessed instanceof FailureError)) return assessed;
  telemetry.warning(`IMDSv1 usage in ${region} could not be read`, assessed);
  return new Map<string, never>();
}

function batchesOf(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, index) =>
    ids.slice(index * BATCH, (index + 1) * BATCH),
  );
}
