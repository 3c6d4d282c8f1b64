import { decide, type Decision, type Policy } from './decide.ts';
import { contextFor } from './exposure.ts';
import type { Snapshot } from './instance.ts';
import { recordsImdsv1Enabled, type Target } from './target.ts';

/**
 * Of several events about one instance, the one that stands for all of them: the one that leads to a change, then the
 * one that is drift, is notified, has a durable record, or names the caller. Their order does not matter.
 *
 * @param snapshot absent if EC2 does not return the instance.
 */
export function strongest(
  targets: readonly [Target, ...Target[]],
  snapshot: Snapshot | undefined,
  policy: Policy,
  now: Date,
): Target {
  const [first, ...others] = targets;
  const rankOf = (target: Target) => rank(target, snapshot, policy, now);
  return others.reduce((best, target) => (isHigher(rankOf(target), rankOf(best)) ? target : best), first);
}

type Rank = readonly (number | string)[];

/** What decides, most important first. The texts at the end only settle which of two equal events it is. */
function rank({ context: found, ...target }: Target, snapshot: Snapshot | undefined, policy: Policy, now: Date): Rank {
  const context = snapshot === undefined ? found : contextFor(snapshot, found);
  const { trigger, recorded, caller, occurredAt, eventId } = context;
  return [
    // An instance that is not visible yet may appear as long as its latest event is recent.
    snapshot === undefined ? occurredAt.getTime() : strengthOf(decide(snapshot, context, policy, now)),
    Number(trigger.drift === true),
    Number(trigger.inDigest !== true),
    Number(recordsImdsv1Enabled(recorded)),
    Number(caller !== undefined),
    // The exposure began with the earlier one.
    -occurredAt.getTime(),
    trigger.name,
    eventId,
    JSON.stringify([recorded, caller, target]),
  ];
}

function strengthOf(decision: Decision): number {
  switch (decision.kind) {
    case 'remediate':
      return 4;
    case 'exempt':
      return decision.selfGranted ? 3 : 2;
    case 'needs-review':
      return 2;
    case 'skip':
      return decision.reason === 'already-remediated' ? 1 : 0;
  }
}

function isHigher(a: Rank, b: Rank): boolean {
  const index = a.findIndex((value, position) => value !== b[position]);
  const [mine, other] = [a[index], b[index]];
  return mine !== undefined && other !== undefined && mine > other;
}
