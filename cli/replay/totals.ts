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
  public readonly decisions = new Map<DecisionName, number>();
  /** Minimum number of instances whose ids CloudTrail omitted. */
  public instancesToFind = 0;
  public notUnderstood = 0;

  public addFile(file: FileRead): void {
    this.files += 1;
    this.items += file.items;
    if (file.problems.length > 0) this.unreadable.push(file);
  }

  public add({ trigger, matched, instances, instancesToFind, problems }: Replayed): void {
    const { events, matched: matchedBefore } = this.triggers.get(trigger) ?? { events: 0, matched: 0 };
    this.triggers.set(trigger, { events: events + 1, matched: matchedBefore + (matched ? 1 : 0) });
    for (const { decision } of instances) {
      if (decision === undefined) continue;
      const name = decisionName(decision);
      this.decisions.set(name, (this.decisions.get(name) ?? 0) + 1);
    }
    this.instancesToFind += instancesToFind;
    if (problems.length > 0) this.notUnderstood += 1;
  }
}
