import { type EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { isObject, parseJson } from '../triggers/json.ts';
import { TRIGGERS } from '../triggers/index.ts';
import { failing } from './failures.ts';

/**
 * Returns the triggers without an enabled rule on the default event bus of a region.
 *
 * Needs `events:ListRules`. Rules are compared by pattern, not by name, so it does not matter who deployed them. A rule
 * with the pattern of another version does not count. The patterns of triggers have no `account`, and those of rules
 * have that of their deployment.
 *
 * @throws FailureError
 */
export async function unmonitoredTriggers(client: EventBridgeClient): Promise<readonly string[]> {
  const enabled = new Set<string>();
  let NextToken: string | undefined;
  do {
    const page = await failing(client.send(new ListRulesCommand({ NextToken })));
    for (const { EventPattern, State } of page.Rules ?? []) {
      if (EventPattern !== undefined && State !== 'DISABLED')
        enabled.add(canonical(withoutAccount(parseJson(EventPattern))));
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return TRIGGERS.filter(({ pattern }) => !enabled.has(canonical(pattern))).map(({ name }) => name);
}

const withoutAccount = (pattern: unknown): unknown =>
  isObject(pattern) ? Object.fromEntries(Object.entries(pattern).filter(([key]) => key !== 'account')) : pattern;

/** JSON with sorted keys, so that the order of keys does not matter. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
