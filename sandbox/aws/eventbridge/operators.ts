import { BlockList } from 'node:net';

/** Tests one leaf value of an event. */
export type Test = (value: unknown) => boolean;

/** A condition on a leaf: a test of its value, or that it must be absent. */
export type Condition = { readonly test: Test } | { readonly absent: true };

/** Thrown for an event pattern that EventBridge would refuse, or that this matcher does not support. */
export class PatternError extends Error {}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html */
const OPERATORS: Readonly<Record<string, (operand: unknown) => Condition>> = {
  exists: (operand) => {
    if (typeof operand !== 'boolean') throw new PatternError('exists takes true or false');
    return operand ? { test: () => true } : { absent: true };
  },
  prefix: (operand) => ({ test: affix('prefix', operand) }),
  suffix: (operand) => ({ test: affix('suffix', operand) }),
  'equals-ignore-case': (operand) => ({ test: equalsIgnoreCase(operand) }),
  wildcard: (operand) => ({ test: wildcard(operand) }),
  numeric: (operand) => ({ test: numeric(operand) }),
  cidr: (operand) => ({ test: cidr(operand) }),
  'anything-but': (operand) => ({ test: anythingBut(operand) }),
};

/** Reads one entry in the list of a leaf. */
export function readCondition(entry: unknown): Condition {
  if (Array.isArray(entry)) throw new PatternError('a list inside a list');
  if (typeof entry !== 'object' || entry === null) return { test: (value) => value === entry };
  const [[name, operand] = ['', undefined], ...more] = Object.entries(entry);
  if (more.length > 0) throw new PatternError(`one operator per object, not ${Object.keys(entry).join(', ')}`);
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (operator === undefined) throw new PatternError(`unrecognized match type "${name}"`);
  return operator(operand);
}

function textOf(operator: string, operand: unknown): string {
  if (typeof operand !== 'string') throw new PatternError(`${operator} match pattern must be a string`);
  return operand;
}

const onText =
  (test: (text: string) => boolean): Test =>
  (value) =>
    typeof value === 'string' && test(value);

function affix(operator: 'prefix' | 'suffix', operand: unknown): Test {
  const has = (text: string, part: string) => (operator === 'prefix' ? text.startsWith(part) : text.endsWith(part));
  if (typeof operand !== 'object' || operand === null) {
    const part = textOf(operator, operand);
    return onText((text) => has(text, part));
  }
  const { 'equals-ignore-case': any, ...more } = operand as Record<string, unknown>;
  if (Object.keys(more).length > 0) throw new PatternError(`${operator} match pattern must be a string`);
  const part = textOf(operator, any).toLowerCase();
  return onText((text) => has(text.toLowerCase(), part));
}

function equalsIgnoreCase(operand: unknown): Test {
  const wanted = textOf('equals-ignore-case', operand).toLowerCase();
  return onText((text) => text.toLowerCase() === wanted);
}

/** `*` matches any text; a backslash escapes `*` and a backslash. */
function wildcard(operand: unknown): Test {
  const pattern = textOf('wildcard', operand);
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === '*') {
      if (pattern.charAt(at + 1) === '*') throw new PatternError(`consecutive wildcard characters at pos ${at}`);
      source += '.*';
    } else {
      const literal = character === '\\' ? pattern.charAt(++at) : character;
      if (character === '\\' && !/[*\\]/.test(literal)) throw new PatternError(`invalid escape character at pos ${at}`);
      source += literal.replace(/[^\w\s]/, (found) => `\\${found}`);
    }
  }
  const form = new RegExp(`^${source}$`, 's');
  return onText((text) => form.test(text));
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/** One comparison, or a range with the lower bound first. */
function numeric(operand: unknown): Test {
  if (!Array.isArray(operand)) throw new PatternError('value of numeric must be an array');
  const [first, from, second, to, ...more] = operand as unknown[];
  const range = operand.length === 4 && /^>=?$/.test(String(first)) && /^<=?$/.test(String(second));
  if (more.length > 0 || (operand.length !== 2 && !range)) throw new PatternError('bad numeric range');
  const tests = [[first, from] as const, ...(range ? [[second, to] as const] : [])].map(([operator, bound]) => {
    const compare = COMPARISONS[String(operator)];
    if (compare === undefined || typeof bound !== 'number')
      throw new PatternError(`bad numeric operand ${String(operator)}`);
    return (value: number) => compare(value, bound);
  });
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

function cidr(operand: unknown): Test {
  const [network = '', bits = ''] = textOf('cidr', operand).split('/');
  const family = network.includes(':') ? 'ipv6' : 'ipv4';
  const block = new BlockList();
  try {
    block.addSubnet(network, Number(bits), family);
  } catch {
    throw new PatternError(`malformed CIDR ${String(operand)}`);
  }
  return onText((text) => block.check(text, family));
}

/** Matches any present value except the listed ones. `null` is a value, a missing field is not. */
function anythingBut(operand: unknown): Test {
  if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) return noneOf(operand, literal);
  const [[name, values] = ['', undefined], ...more] = Object.entries(operand);
  const read = {
    prefix: affixOf('prefix'),
    suffix: affixOf('suffix'),
    wildcard,
    'equals-ignore-case': equalsIgnoreCase,
  };
  if (more.length > 0 || !Object.hasOwn(read, name)) throw new PatternError(`anything-but does not take "${name}"`);
  return noneOf(values, read[name as keyof typeof read]);
}

function noneOf(operand: unknown, read: (value: unknown) => Test): Test {
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0) throw new PatternError('empty arrays are not allowed');
  const tests = values.map(read);
  return (value) => !tests.some((test) => test(value));
}

function literal(wanted: unknown): Test {
  if (typeof wanted !== 'string' && typeof wanted !== 'number') {
    throw new PatternError('inside anything-but list, only strings and numbers are supported');
  }
  return (value) => value === wanted;
}

/** In anything-but, a prefix or suffix must be a plain text that is not empty. */
const affixOf = (operator: 'prefix' | 'suffix') => (operand: unknown) => {
  if (textOf(`anything-but ${operator}`, operand) === '') throw new PatternError(`null ${operator} not allowed`);
  return affix(operator, operand);
};
