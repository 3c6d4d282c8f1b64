import { decisionName, type DecisionName } from '../../lambda/core/words/decision.ts';
import type { Replayed } from './judge.ts';
import type { FileRead } from './read.ts';

/** Totals over all files. */
export class Totals {
  public files = 0;
  /** Number of events and instances, including events that no trigger handles. */
  public items = 0;
  /** Files with a problem; their readable part is counted. */
  public readonly unreadable: FileRead[] = [];
  public readonly triggers = new Map<string, { events: number; matched: number }>();
  /** Why no rule matches events that a trigger reads, with their numbers. */
  public readonly unmatched = new Map<string, number>();
  /** Names of events that no trigger reads, with their numbers. */
  public readonly otherEvents = new Map<string, number>();
  public readonly decisions = new Map<DecisionName, number>();
  /** Minimum number of instances whose ids CloudTrail omitted. */
  public instancesToFind = 0;
  public notUnderstood = 0;

  public addFile(file: FileRead): void {
    this.files += 1;
    this.items += file.items;
    for (const [name, number] of file.otherEvents) increase(this.otherEvents, name, number);
    if (file.problems.length > 0) this.unreadable.push(file);
  }

  public add({ trigger, matched, why, instances, instancesToFind, problems }: Replayed): void {
    const { events, matched: matchedBefore } = this.triggers.get(trigger) ?? { events: 0, matched: 0 };
    this.triggers.set(trigger, { events: events + 1, matched: matchedBefore + (matched ? 1 : 0) });
    for (const { decision } of instances) {
      if (decision === undefined) continue;
      increase(this.decisions, decisionName(decision));
    }
    if (why !== undefined) increase(this.unmatched, `${trigger}: ${why}`);
    this.instancesToFind += instancesToFind;
    if (problems.length > 0) this.notUnderstood += 1;
  }
}

function increase<K>(numbers: Map<K, number>, key: K, by = 1): void {
  numbers.set(key, (numbers.get(key) ?? 0) + by);
}
