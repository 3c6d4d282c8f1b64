import { TAG } from '../../lambda/contract.ts';
import { decide, type Decision, type Policy, rulingOn } from '../../lambda/core/decide.ts';
import type { MetadataOptions, Snapshot } from '../../lambda/core/instance.ts';
import type { Target } from '../../lambda/core/target.ts';
import { readEnvelope } from '../../lambda/triggers/envelope.ts';
import { parseEvent, TRIGGERS } from '../../lambda/triggers/index.ts';
import { type Json, text } from '../../lambda/triggers/json.ts';
import { scan } from '../../lambda/triggers/scan.ts';
import { regionOf } from './items.ts';
import { compilePattern } from './pattern.ts';
import { type Assumption, describedBy, recordedBy } from './snapshot.ts';
import { whyNot } from './why-not.ts';

/** What would have been decided on one event, or on one instance of `describe-instances`. */
export interface Replayed {
  readonly trigger: string;
  /** Whether a rule matches the event; always true for an instance. */
  readonly matched: boolean;
  /** Why no rule matches. */
  readonly why?: string;
  /** Time of the call or state change; now for an instance. Absent if the event has none. */
  readonly at?: Date;
  readonly eventId?: string;
  readonly region?: string;
  readonly instances: readonly ReplayedInstance[];
  /** Minimum number of launched instances whose ids the record omits; the function finds them. */
  readonly instancesToFind: number;
  /** What the function could not parse. */
  readonly problems: readonly string[];
}

export interface ReplayedInstance {
  readonly instanceId: string;
  /** What the record has about the instance. */
  readonly recorded: { readonly HttpTokens?: string; readonly HttpEndpoint?: string; readonly exemptUntil?: string };
  /** Absent if no rule matches. */
  readonly decision?: Decision;
  /** Number of the row of the decision table. */
  readonly row?: number;
  /** Assumptions on missing properties that the decision depends on. */
  readonly assumptions: readonly string[];
}

const RULES = TRIGGERS.map((trigger) => ({ ...trigger, matches: compilePattern(trigger.pattern) }));

/** What would have been decided on an event; `undefined` if no trigger handles such events. */
export function judgeEvent(event: Json, policy: Policy): Replayed | undefined {
  const rule = RULES.find(({ accepts }) => accepts(event));
  if (rule === undefined) return undefined;
  const matched = rule.matches(event);
  const envelope = readEnvelope(event);
  const { targets, lookups, problems } = parseEvent(event);
  return {
    trigger: rule.name,
    matched,
    why: matched ? undefined : whyNot(event, rule.name),
    at: typeof envelope === 'string' ? undefined : envelope.occurredAt,
    eventId: text(event, 'id'),
    region: text(event, 'region'),
    instances: targets.map((target) => judgeTarget(event, target, matched, policy)),
    instancesToFind: matched ? lookups.reduce((sum, { atLeast }) => sum + atLeast, 0) : 0,
    problems: matched ? problems : [],
  };
}

function judgeTarget(event: Json, target: Target, matched: boolean, policy: Policy): ReplayedInstance {
  const { instanceId, context } = target;
  const { snapshot, assumptions } = recordedBy(event, target);
  const recorded = recordedOf(snapshot, context.recorded);
  if (!matched) return { instanceId, recorded, assumptions: [] };
  const { row, decision } = rulingOn(snapshot, context, policy, context.occurredAt);
  const expected = JSON.stringify(decision);
  const matters = ({ otherwise }: Assumption) =>
    JSON.stringify(decide(otherwise(snapshot), context, policy, context.occurredAt)) !== expected;
  const relevant = assumptions.filter(matters).map(({ assumed }) => assumed);
  return { instanceId, recorded, decision, row: row.number, assumptions: relevant };
}

const recordedOf = ({ tags }: Snapshot, { HttpTokens, HttpEndpoint }: MetadataOptions = {}) => ({
  HttpTokens,
  HttpEndpoint,
  exemptUntil: tags.get(TAG.exemptUntil),
});

/** What the scheduled scan would decide on an instance now; `undefined` if it has no usable id. */
export function judgeInstance(instance: Json, policy: Policy, now: Date): Replayed | undefined {
  const snapshot = describedBy(instance);
  if (snapshot === undefined) return undefined;
  const { instanceId, options } = snapshot;
  const { row, decision } = rulingOn(snapshot, { trigger: scan, eventId: '', occurredAt: now }, policy, now);
  const recorded = recordedOf(snapshot, options);
  return {
    trigger: scan.name,
    matched: true,
    at: now,
    region: regionOf(instance),
    instances: [{ instanceId, recorded, decision, row: row.number, assumptions: [] }],
    instancesToFind: 0,
    problems: [],
  };
}
