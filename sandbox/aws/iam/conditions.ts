import { likeness } from './wildcard.ts';

/**
 * Conditions of a statement by operator and key.
 *
 * All operators and keys must match, and one of the values.
 */
export type Conditions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

type Test = (value: string, wanted: string) => boolean;

const equals: Test = (value, wanted) => value === wanted;
const like: Test = (value, wanted) => likeness(wanted).test(value);
const number =
  (test: (value: number, wanted: number) => boolean): Test =>
  (value, wanted) =>
    test(Number(value), Number(wanted));

const POSITIVE: Readonly<Record<string, Test>> = {
  StringEquals: equals,
  StringEqualsIgnoreCase: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  StringLike: like,
  ArnEquals: like,
  ArnLike: like,
  Bool: equals,
  NumericEquals: number((value, wanted) => value === wanted),
  NumericLessThan: number((value, wanted) => value < wanted),
  NumericLessThanEquals: number((value, wanted) => value <= wanted),
  NumericGreaterThan: number((value, wanted) => value > wanted),
  NumericGreaterThanEquals: number((value, wanted) => value >= wanted),
};

/** Negated operators. They also match if the key is absent. */
const NEGATED: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NumericNotEquals: 'NumericEquals',
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
export function matchesConditions(
  conditions: Conditions,
  keys: Readonly<Record<string, string | readonly string[] | undefined>>,
): boolean {
  // Names of condition keys are not case-sensitive.
  const values = new Map(Object.entries(keys).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.entries(conditions).every(([operator, tests]) =>
    Object.entries(tests).every(([name, wanted]) => {
      const value = values.get(name.toLowerCase());
      return matches(operator, value === undefined ? undefined : [value].flat(), [wanted].flat().map(String));
    }),
  );
}

function matches(operator: string, values: readonly string[] | undefined, wanted: readonly string[]): boolean {
  const [, quantifier, name = '', ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  if (name === 'Null') return wanted.includes(String(values === undefined));
  const negated = NEGATED[name];
  const test = POSITIVE[negated ?? name];
  if (test === undefined) throw new Error(`the local AWS does not support the condition operator ${operator}`);
  if (values === undefined || values.length === 0) {
    return (
      ifExists !== undefined || quantifier === 'ForAllValues' || (negated !== undefined && quantifier === undefined)
    );
  }
  const passes = (value: string) => wanted.some((one) => test(value, one)) === (negated === undefined);
  return quantifier === 'ForAnyValue' ? values.some(passes) : values.every(passes);
}
