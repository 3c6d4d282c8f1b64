import { decide, isGated } from '../../core/decide.ts';
import { FailureError } from '../../core/failure.ts';
import type { Run } from '../../triggers/scan.ts';
import { list } from '../list.ts';
import { attempt, persist } from '../retry.ts';
import { contextOf, PRESENT, type SweepPorts, type SweepRules } from './rules.ts';

/** Instances of one chunk: what a pace of three a second closes well within Lambda's fifteen minutes. */
const CHUNK = 1000;

const ANSWERS_IMDSV1 = [
  PRESENT,
  { name: 'metadata-options.http-tokens', values: ['optional'] },
  { name: 'metadata-options.http-endpoint', values: ['enabled'] },
];

/**
 * Lists the instances of a region that answer IMDSv1, and asks for those that may have to be closed, in chunks, and for the count
 * after them.
 *
 * The list is complete before the first change: what is closed leaves the list, and the pages behind it move up.
 */
export async function listRegion(
  { account, region, startedAt }: Run,
  rules: SweepRules,
  ports: SweepPorts,
): Promise<void> {
  const { fleet, steps, journal, time, writer } = ports;
  const run = { account, region, startedAt };
  const context = contextOf(run);
  // Sets, for an instance that moves between pages may be listed twice.
  const asked = new Set<string>();
  const open = new Set<string>();
  const collect = async () => {
    for await (const snapshots of list(region, ANSWERS_IMDSV1, fleet, time)) {
      for (const snapshot of snapshots) {
        const decision = decide(snapshot, context, rules, time.now());
        // What the gate holds may turn out to be quiet once it is measured.
        if (decision.kind === 'remediate' || isGated(decision)) asked.add(snapshot.instanceId);
        if (decision.kind === 'remediate' || decision.kind === 'hold') open.add(snapshot.instanceId);
      }
    }
  };
  const failure = await attempt(collect);
  if (failure instanceof FailureError) {
    // A policy of the organization may keep everybody out of a region that is enabled. Nothing starts there either.
    if (failure.kind !== 'denied' || region === rules.homeRegion) throw failure;
    journal.warning(`${region} cannot be swept`, failure);
    return;
  }
  const ids = writer === undefined ? [] : [...asked];
  const chunks = chunksOf(ids).map((instanceIds, index) => ({ step: 'chunk', ...run, index, instanceIds }) as const);
  if (chunks.length > 0) await persist(() => steps.put(chunks), time);
  // Only then: the queue may refuse a part of what it is given, and what is given again comes last.
  const close = { step: 'close', ...run, openBefore: open.size, asked: ids.length } as const;
  await persist(() => steps.put([close]), time);
}

function chunksOf(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / CHUNK) }, (_, index) =>
    ids.slice(index * CHUNK, (index + 1) * CHUNK),
  );
}
