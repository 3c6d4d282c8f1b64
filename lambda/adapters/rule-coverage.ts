import { type EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import type { TriggerName } from '../contract.ts';
import { isObject } from '../triggers/json.ts';
import { TRIGGERS } from '../triggers/index.ts';
import { failing } from './failures.ts';

/**
 * The triggers to which no rule listens on the default bus of a region. It goes by the patterns, whoever deployed the rules and whatever
 * they are called; a rule with a pattern of another version does not count. Needs `events:ListRules`.
 *
 * @throws FailureError
 */
export async function notMonitored(client: EventBridgeClient): Promise<readonly TriggerName[]> {
  const listening = new Set<string>();
  let NextToken: string | undefined;
  do {
    const page = await failing(client.send(new ListRulesCommand({ NextToken })));
    for (const { EventPattern, State } of page.Rules ?? []) {
      if (EventPattern !== undefined && State !== 'DISABLED') listening.add(canonical(jsonIn(EventPattern)));
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return TRIGGERS.filter(({ pattern }) => !listening.has(canonical(pattern))).map(({ name }) => name);
}

/** JSON in which the order of keys says nothing. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );

/** Rules of others may hold anything. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
