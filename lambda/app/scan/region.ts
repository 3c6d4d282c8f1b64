import { decide, isGated } from '../../core/decide.ts';
import { FailureError } from '../../core/failure.ts';
import { REQUESTED_IDS, type Run } from '../../triggers/scan.ts';
import { listInstances } from '../list-instances.ts';
import { attempt, withRetries } from '../retry.ts';
import { contextOf, IMDSV1_ENABLED, type ScanPorts, type ScanRules } from './rules.ts';

/** Instances per batch: at three changes per second they take less than half of Lambda's 15 minutes. */
const BATCH = 1000;

/**
 * Lists the non-compliant instances of a region; queues batches to remediate, then the summary.
 *
 * The list is complete before the first change, because a remediated instance leaves the list and moves the pages
 * behind it.
 */
export async function listRegion(
  { account, region, startedAt }: Run,
  rules: ScanRules,
  ports: ScanPorts,
): Promise<void> {
  const { fleet, steps, telemetry, time, writer } = ports;
  const run = { account, region, startedAt };
  const context = contextOf(run);
  // Sets, because an instance that moves between pages may be listed twice.
  const requested = new Set<string>();
  const collect = async () => {
    for await (const snapshots of listInstances(region, IMDSV1_ENABLED, fleet, time)) {
      for (const snapshot of snapshots) {
        const { instanceId } = snapshot;
        const decision = decide(snapshot, context, rules, time.now());
        // A gated instance may turn out to be unused once its usage is measured.
        if (decision.kind === 'remediate' || isGated(decision)) requested.add(instanceId);
      }
    }
  };
  const failure = await attempt(collect);
  if (failure instanceof FailureError) {
    // A service control policy may deny everything in an enabled region. No instance launches there either.
    if (failure.kind !== 'denied' || region === rules.homeRegion) throw failure;
    telemetry.warning(`${region} is not visible from here, so it is not scanned`, failure);
    // The digest of the home region names the other ones.
    if (!rules.forwarders.includes(region)) return;
  }
  const ids = writer === undefined ? [] : [...requested];
  const batches = batchesOf(ids).map((instanceIds, index) => ({ step: 'batch', ...run, index, instanceIds }) as const);
  if (batches.length > 0) await withRetries(() => steps.put(batches), time);
  // Only after all batches were accepted: a batch that is sent again would come behind the summary.
  const summary = { step: 'summary', ...run, requestedIds: ids.slice(0, REQUESTED_IDS) } as const;
  await withRetries(() => steps.put([summary]), time);
}

function batchesOf(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, index) =>
    ids.slice(index * BATCH, (index + 1) * BATCH),
  );
}
