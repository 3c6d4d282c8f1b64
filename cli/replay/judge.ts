import { TAG, type TriggerName } from '../../lambda/contract.ts';
import { decide, type Decision, type Policy, rulingOn } from '../../lambda/core/decide.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Context, Target } from '../../lambda/core/target.ts';
import { readEnvelope } from '../../lambda/triggers/envelope.ts';
import { parseEvent, TRIGGERS } from '../../lambda/triggers/index.ts';
import { type Json, text } from '../../lambda/triggers/json.ts';
import { compilePattern } from '../../sandbox/aws/eventbridge/pattern.ts';
import { regionOf } from './items.ts';
import { type Assumption, describedBy, recordedBy } from './snapshot.ts';

/** What would have happened at one event, or with one instance of a dump. */
export interface Replayed {
  readonly trigger: TriggerName;
  /** Whether a rule would have given the event to the function; a dump needs none. */
  readonly matched: boolean;
  /** When the call was made or the state changed; of a dump, now. Absent if the event does not say. */
  readonly at?: Date;
  readonly eventId?: string;
  readonly region?: string;
  readonly instances: readonly ReplayedInstance[];
  /** Launches without ids: how many instances the function would have had to look for, at least. */
  readonly toFind: number;
  /** What the function would not have understood. */
  readonly problems: readonly string[];
}

export interface ReplayedInstance {
  readonly instanceId: string;
  /** What the record says. */
  readonly said: { readonly HttpTokens?: string; readonly HttpEndpoint?: string; readonly exemptUntil?: string };
  /** Absent where no rule would have asked for one. */
  readonly decision?: Decision;
  /** Number of the row of the decision table. */
  readonly row?: number;
  /** What must be so for the decision, and the record does not say. */
  readonly provided: readonly string[];
}

const RULES = TRIGGERS.map((trigger) => ({ ...trigger, matches: compilePattern(trigger.pattern) }));

/** What would have happened at an event; `undefined` if it is none that we look at. */
export function judgeEvent(event: Json, policy: Policy): Replayed | undefined {
  const rule = RULES.find(({ accepts }) => accepts(event));
  if (rule === undefined) return undefined;
  const matched = rule.matches(event);
  const envelope = readEnvelope(event);
  const { targets, lookups, problems } = parseEvent(event);
  return {
    trigger: rule.name,
    matched,
    at: typeof envelope === 'string' ? undefined : envelope.occurredAt,
    eventId: text(event, 'id'),
    region: text(event, 'region'),
    instances: targets.map((target) => judgeTarget(event, target, matched, policy)),
    toFind: matched ? lookups.reduce((sum, { atLeast }) => sum + atLeast, 0) : 0,
    problems: matched ? problems : [],
  };
}

function judgeTarget(event: Json, target: Target, matched: boolean, policy: Policy): ReplayedInstance {
  const { instanceId, context } = target;
  const { snapshot, assumptions } = recordedBy(event, target);
  const { HttpTokens, HttpEndpoint } = context.recorded ?? {};
  const said = { HttpTokens, HttpEndpoint, exemptUntil: snapshot.tags.get(TAG.exemptUntil) };
  if (!matched) return { instanceId, said, provided: [] };
  const { row, decision } = rulingOn(snapshot, context, policy, context.occurredAt);
  const provided = neededFor(decision, snapshot, assumptions, context, policy);
  return { instanceId, said, decision, row: row.number, provided };
}

/** Those assumptions without which another decision would have been taken. */
function neededFor(
  decision: Decision,
  snapshot: Snapshot,
  assumptions: readonly Assumption[],
  context: Context,
  policy: Policy,
): readonly string[] {
  const told = JSON.stringify(decision);
  return assumptions
    .filter(
      ({ otherwise }) => JSON.stringify(decide(otherwise(snapshot), context, policy, context.occurredAt)) !== told,
    )
    .map(({ assumed }) => assumed);
}

/** What the scan would do with an instance of a dump now; `undefined` if it has no usable id. */
export function judgeInstance(instance: Json, policy: Policy, now: Date): Replayed | undefined {
  const snapshot = describedBy(instance);
  if (snapshot === undefined) return undefined;
  const context: Context = { trigger: 'scan', eventId: '', occurredAt: now };
  const { row, decision } = rulingOn(snapshot, context, policy, now);
  const { HttpTokens, HttpEndpoint } = snapshot.options;
  const said = { HttpTokens, HttpEndpoint, exemptUntil: snapshot.tags.get(TAG.exemptUntil) };
  const judged = { instanceId: snapshot.instanceId, said, decision, row: row.number, provided: [] };
  return {
    trigger: 'scan',
    matched: true,
    at: now,
    region: regionOf(instance),
    instances: [judged],
    toFind: 0,
    problems: [],
  };
}
