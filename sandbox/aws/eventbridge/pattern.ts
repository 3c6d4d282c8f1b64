import { type Condition, PatternError, readCondition } from './operators.ts';

/**
 * Compiles an event pattern to a function that matches events as AWS's Event Ruler does.
 *
 * The event is flattened to leaves with dotted names. Leaves of different elements of one array do not match together, and
 * `exists: false` means that no leaf has the name: it is not enough that one element of an array lacks it.
 *
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html, https://github.com/aws/event-ruler
 */
export function compilePattern(pattern: unknown): (event: unknown) => boolean {
  // Event Ruler processes the names in order, which matters for `exists: false` in arrays.
  const alternatives = readObject(pattern, '').map((fields) => fields.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  return (event) => {
    const leaves = leavesOf(event);
    return alternatives.some((fields) => matchFields(fields, leaves, undefined));
  };
}

/** Flattened events, because every rule of a bus matches the same event. */
const flattened = new WeakMap<object, ReadonlyMap<string, readonly Leaf[]>>();

function leavesOf(event: unknown): ReadonlyMap<string, readonly Leaf[]> {
  const cached = isObject(event) ? flattened.get(event) : undefined;
  if (cached !== undefined) return cached;
  const leaves = new Map<string, Leaf[]>();
  flatten(event, '', undefined, leaves);
  if (isObject(event)) flattened.set(event, leaves);
  return leaves;
}

/** The conditions on one leaf, any of which must match. */
interface Field {
  readonly name: string;
  readonly conditions: readonly Condition[];
}

/** The fields of one alternative, all of which must match. */
type Fields = readonly Field[];

function readObject(pattern: unknown, path: string): readonly Fields[] {
  if (!isObject(pattern)) throw new PatternError(`"${path}" must be an object or an array`);
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw new PatternError('empty objects are not allowed');
  return entries
    .map(([name, value]) => readEntry(name, value, path))
    .reduce((all, alternatives) => all.flatMap((fields) => alternatives.map((more) => [...fields, ...more])), [[]]);
}

function readEntry(name: string, value: unknown, path: string): readonly Fields[] {
  if (name === '$or') {
    if (!Array.isArray(value) || value.length < 2) throw new PatternError('$or takes a list of at least two objects');
    return value.flatMap((alternative) => readObject(alternative, path));
  }
  const full = path === '' ? name : `${path}.${name}`;
  if (!Array.isArray(value)) return readObject(value, full);
  if (value.length === 0) throw new PatternError('empty arrays are not allowed');
  return [[{ name: full, conditions: value.map(readCondition) }]];
}

/** A leaf of an event, and the array elements that contain it. */
interface Leaf {
  readonly value: unknown;
  readonly elements: Elements;
}

/** Array elements, innermost first. */
type Elements = { readonly array: unknown; readonly index: number; readonly outer: Elements } | undefined;

function flatten(value: unknown, name: string, elements: Elements, leaves: Map<string, Leaf[]>): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => flatten(item, name, { array: value, index, outer: elements }, leaves));
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) flatten(value[key], name === '' ? key : `${name}.${key}`, elements, leaves);
  } else {
    const others = leaves.get(name);
    if (others === undefined) leaves.set(name, [{ value, elements }]);
    else others.push({ value, elements });
  }
}

function matchFields(fields: Fields, leaves: ReadonlyMap<string, readonly Leaf[]>, elements: Elements): boolean {
  const [field, ...others] = fields;
  if (field === undefined) return true;
  const candidates = (leaves.get(field.name) ?? []).filter((leaf) => agree(leaf.elements, elements));
  return field.conditions.some((condition) =>
    'absent' in condition
      ? candidates.length === 0 && matchFields(others, leaves, elements)
      : candidates.some(
          (leaf) => condition.test(leaf.value) && matchFields(others, leaves, both(leaf.elements, elements)),
        ),
  );
}

/** Whether two leaves are in the same element of every array that contains both. */
function agree(one: Elements, other: Elements): boolean {
  for (let element = one; element !== undefined; element = element.outer) {
    for (let compared = other; compared !== undefined; compared = compared.outer) {
      if (compared.array === element.array && compared.index !== element.index) return false;
    }
  }
  return true;
}

const both = (one: Elements, others: Elements): Elements =>
  one === undefined ? others : { ...one, outer: both(one.outer, others) };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
