import { type Row, ROWS, type Ruling, rulingOn } from '../../lambda/core/decide.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';
import { decisionNote } from '../../lambda/core/words/decision.ts';
import { type Facts, isUnread } from './facts.ts';
import { OBSERVED } from './observed.ts';

/** A row of the decision table as it applies to an instance. */
export interface ExplainedRow {
  readonly row: Row;
  /** Whether any trigger gets as far as this row. */
  readonly reached: boolean;
  /** The values of the instance that the row tests. */
  readonly observed: string;
  /** The triggers that this row decides, by decision. */
  readonly decides: ReadonlyMap<string, readonly string[]>;
}

/** The decision for each trigger, as of an event without recorded details; a change of options asks for optional tokens. */
export function rulings({ snapshot, policy, usage, at }: Facts): ReadonlyMap<string, Ruling> {
  const measured = isUnread(usage) ? undefined : usage;
  return new Map(
    ALL_TRIGGERS.map((trigger) => {
      const recorded = { requested: 'optional-tokens' } as const;
      const context = { trigger, eventId: '', occurredAt: at, usage: measured, recorded };
      return [trigger.name, rulingOn(snapshot, context, policy, at)];
    }),
  );
}

/** The decision table, row by row. */
export function explain(facts: Facts): readonly ExplainedRow[] {
  const all = [...rulings(facts)];
  const last = Math.max(...all.map(([, { row }]) => row.number));
  return ROWS.map((row) => {
    const decided = all.filter(([, ruling]) => ruling.row.number === row.number);
    const byDecision = groupBy(decided, ([, { decision }]) => decisionNote(decision));
    return {
      row,
      reached: row.number <= last,
      observed: OBSERVED[row.name](facts),
      decides: new Map([...byDecision].map(([note, group]) => [note, group.map(([trigger]) => trigger)])),
    };
  });
}
