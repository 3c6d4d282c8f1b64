import { at, isObject, type Json } from '../../lambda/triggers/json.ts';

/** Tests the values that an event has in one field; an absent field has none. */
type Condition = (values: readonly Json[]) => boolean;

/**
 * Matches events against an EventBridge event pattern as EventBridge does.
 *
 * It supports what the rules of this product use: exact values, `exists: false`, `anything-but` with a list, `wildcard`,
 * and `$or`; of the fields of an array's elements at most one. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 *
 * @throws Error for a pattern that uses anything else.
 */
export function compilePattern(pattern: object): (event: Json) => boolean {
  const matches = fieldsOf(pattern);
  return (event) => matches([event]);
}

function fieldsOf(pattern: object): Condition {
  const fields = Object.entries(pattern).map(([name, value]: [string, Json]): Condition => {
    if (name === '$or') {
      const alternatives = (value as readonly object[]).map(fieldsOf);
      return (values) => alternatives.some((matches) => matches(values));
    }
    const matches = Array.isArray(value) ? anyOf(value.map(conditionOf)) : fieldsOf(value as object);
    return (values) => matches(values.flatMap((parent) => elementsOf(at(parent, name))));
  });
  return (values) => fields.every((matches) => matches(values));
}

const anyOf =
  (conditions: readonly Condition[]): Condition =>
  (values) => {
    const leaves = values.filter((value) => !isObject(value));
    return conditions.some((matches) => matches(leaves));
  };

function conditionOf(entry: Json): Condition {
  if (!isObject(entry)) return (values) => values.includes(entry);
  const { exists, 'anything-but': excluded, wildcard, ...others } = entry;
  if (Object.keys(others).length === 0 && exists === false) return (values) => values.length === 0;
  if (Object.keys(others).length === 0 && Array.isArray(excluded)) {
    return (values) => values.some((value) => !excluded.includes(value));
  }
  if (Object.keys(others).length === 0 && typeof wildcard === 'string') {
    const parts = wildcard.split('*').map((part) => part.replace(/[^\w\s]/g, '\\$&'));
    const pattern = new RegExp(`^${parts.join('.*')}$`, 's');
    return (values) => values.some((value) => typeof value === 'string' && pattern.test(value));
  }
  throw new Error(`unsupported condition in an event pattern: ${JSON.stringify(entry)}`);
}

/** The elements of an array, flattened; a single value is its own element, an absent one has none. */
const elementsOf = (value: Json): readonly Json[] => (value === undefined ? [] : [value].flat(Infinity));
