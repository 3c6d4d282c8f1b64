import { decide, isGated } from '../../core/decide.ts';
import { FailureError } from '../../core/failure.ts';
import type { Run } from '../../triggers/scan.ts';
import { list } from '../list.ts';
import { attempt, withRetries } from '../retry.ts';
import { contextOf, PRESENT, type ScanPorts, type ScanRules } from './rules.ts';

/** Instances of one batch: what a pace of three a second closes well within Lambda's fifteen minutes. */
const BATCH = 1000;

const ANSWERS_IMDSV1 = [
  PRESENT,
  { name: 'metadata-options.http-tokens', values: ['optional'] },
  { name: 'metadata-options.http-endpoint', values: ['enabled'] },
];

/**
 * Lists the instances of a region that answer IMDSv1, and asks for those that may have to be closed, in batchs, and for the count
 * after them.
 *
 * The list is complete before the first change: what is closed leaves the list, and the pages behind it move up.
 */
export async function listRegion(
  { account, region, startedAt }: Run,
  rules: ScanRules,
  ports: ScanPorts,
): Promise<void> {
  const { fleet, steps, telemetry, time, writer } = ports;
  const run = { account, region, startedAt };
  const context = contextOf(run);
  // Sets, for an instance that moves between pages may be listed twice.
  const requested = new Set<string>();
  const open = new Set<string>();
  const collect = async () => {
    for await (const snapshots of list(region, ANSWERS_IMDSV1, fleet, time)) {
      for (const snapshot of snapshots) {
        const decision = decide(snapshot, context, rules, time.now());
        // What the gate holds may turn out to be unused once it is measured.
        if (decision.kind === 'remediate' || isGated(decision)) requested.add(snapshot.instanceId);
        if (decision.kind === 'remediate' || decision.kind === 'needs-review') open.add(snapshot.instanceId);
      }
    }
  };
  const failure = await attempt(collect);
  if (failure instanceof FailureError) {
    // A policy of the organization may keep everybody out of a region that is enabled. Nothing starts there either.
    if (failure.kind !== 'denied' || region === rules.homeRegion) throw failure;
    telemetry.warning(`${region} cannot be scanned`, failure);
    return;
  }
  const ids = writer === undefined ? [] : [...requested];
  const batchs = batchsOf(ids).map((instanceIds, index) => ({ step: 'batch', ...run, index, instanceIds }) as const);
  if (batchs.length > 0) await withRetries(() => steps.put(batchs), time);
  // Only then: the queue may refuse a part of what it is given, and what is given again comes last.
  const summaryStep = { step: 'summary', ...run, nonCompliantBefore: open.size, requested: ids.length } as const;
  await withRetries(() => steps.put([summaryStep]), time);
}

function batchsOf(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, index) =>
    ids.slice(index * BATCH, (index + 1) * BATCH),
  );
}
