import type { TriggerName } from '../../lambda/contract.ts';
import { decisionName, type DecisionName } from '../shared/decision.ts';
import type { Replayed } from './judge.ts';
import type { FileRead } from './read.ts';

/** How many of each, over all files. */
export class Totals {
  public files = 0;
  /** Events and instances, those that nobody looks at among them. */
  public items = 0;
  /** Files with a problem; what of them could be read counts. */
  public readonly broken: FileRead[] = [];
  public readonly triggers = new Map<TriggerName, { events: number; matched: number }>();
  public readonly decisions = new Map<DecisionName, number>();
  /** Instances whose ids CloudTrail left out. */
  public toFind = 0;
  public notUnderstood = 0;

  public addFile(file: FileRead): void {
    this.files += 1;
    this.items += file.items;
    if (file.problems.length > 0) this.broken.push(file);
  }

  public add({ trigger, matched, instances, toFind, problems }: Replayed): void {
    const { events, matched: before } = this.triggers.get(trigger) ?? { events: 0, matched: 0 };
    this.triggers.set(trigger, { events: events + 1, matched: before + (matched ? 1 : 0) });
    for (const { decision } of instances) {
      if (decision === undefined) continue;
      const name = decisionName(decision);
      this.decisions.set(name, (this.decisions.get(name) ?? 0) + 1);
    }
    this.toFind += toFind;
    if (problems.length > 0) this.notUnderstood += 1;
  }
}
