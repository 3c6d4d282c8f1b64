import { at } from '../wire/params.ts';

/** Thrown for a pattern that CloudWatch Logs would refuse, or that the local AWS does not support. */
export class FilterPatternError extends Error {}

type Test = (message: string) => boolean;

/**
 * Compiles a filter pattern: terms that a line must contain, or a condition on its JSON.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function compileFilter(pattern: string): Test {
  const trimmed = pattern.trim();
  if (trimmed === '') return () => true;
  if (trimmed.startsWith('[')) throw new FilterPatternError('Patterns of space-delimited fields are not supported');
  if (!trimmed.startsWith('{')) return terms(trimmed);
  if (!trimmed.endsWith('}')) throw new FilterPatternError('Invalid filter pattern');
  const matches = new Condition(trimmed.slice(1, -1)).read();
  return (message) => {
    const json = parse(message);
    return json !== undefined && matches(json);
  };
}

/** Requires all plain terms, none of the terms after `-`, and one of the terms after `?`. */
function terms(pattern: string): Test {
  const all = [...pattern.matchAll(/([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)].map(
    ([, sign = '', quoted, word = '']) => ({
      sign,
      term: quoted === undefined ? word : unescaped(quoted),
    }),
  );
  const signed = (wanted: string) => all.filter(({ sign }) => sign === wanted).map(({ term }) => term);
  const [must, never, either] = [signed(''), signed('-'), signed('?')];
  return (message) => {
    const has = (term: string) => message.includes(term);
    return must.every(has) && !never.some(has) && (either.length === 0 || must.length > 0 || either.some(has));
  };
}

type JsonTest = (json: unknown) => boolean;

const TOKENS =
  /\s*(?:(?<punctuation>\(|\)|&&|\|\||!=|>=|<=|=|>|<)|"(?<quoted>(?:[^"\\]|\\.)*)"|%(?<regex>[^%]+)%|(?<word>[^\s()&|=!<>"]+))/gy;

interface Token {
  readonly kind: 'punctuation' | 'quoted' | 'regex' | 'word';
  readonly text: string;
}

/** Parses `$.a = "x" && ($.b.c > 3 || $.d NOT EXISTS)`. `&&` has precedence over `||`. */
class Condition {
  readonly #tokens: Token[] = [];
  #next = 0;

  public constructor(source: string) {
    TOKENS.lastIndex = 0;
    const end = source.trimEnd();
    while (TOKENS.lastIndex < end.length) {
      const { punctuation, quoted, regex, word } = TOKENS.exec(end)?.groups ?? {};
      if (punctuation !== undefined) this.#tokens.push({ kind: 'punctuation', text: punctuation });
      else if (quoted !== undefined) this.#tokens.push({ kind: 'quoted', text: unescaped(quoted) });
      else if (regex !== undefined) this.#tokens.push({ kind: 'regex', text: regex });
      else if (word !== undefined) this.#tokens.push({ kind: 'word', text: word });
      else throw new FilterPatternError('Invalid filter pattern');
    }
  }

  public read(): JsonTest {
    const matches = this.#either();
    if (this.#next < this.#tokens.length) throw new FilterPatternError('Invalid filter pattern');
    return matches;
  }

  #either(): JsonTest {
    const parts = [this.#both()];
    while (this.#took('||')) parts.push(this.#both());
    return (json) => parts.some((matches) => matches(json));
  }

  #both(): JsonTest {
    const parts = [this.#single()];
    while (this.#took('&&')) parts.push(this.#single());
    return (json) => parts.every((matches) => matches(json));
  }

  #single(): JsonTest {
    if (this.#took('(')) {
      const matches = this.#either();
      if (!this.#took(')')) throw new FilterPatternError('Invalid filter pattern');
      return matches;
    }
    const path = pathOf(this.#take().text);
    const operator = this.#take().text.toUpperCase();
    if (operator === 'IS') return this.#is(path);
    if (operator === 'EXISTS') return (json) => at(json, ...path) !== undefined;
    if (operator === 'NOT') return this.#notExists(path);
    return comparison(path, operator, this.#take());
  }

  #is(path: readonly string[]): JsonTest {
    const word = this.#take().text.toUpperCase();
    const wanted = { TRUE: true, FALSE: false, NULL: null }[word];
    if (wanted === undefined) throw new FilterPatternError('Invalid filter pattern');
    return (json) => at(json, ...path) === wanted;
  }

  #notExists(path: readonly string[]): JsonTest {
    if (this.#take().text.toUpperCase() !== 'EXISTS') throw new FilterPatternError('Invalid filter pattern');
    return (json) => at(json, ...path) === undefined;
  }

  #took(punctuation: string): boolean {
    const token = this.#tokens[this.#next];
    const isThat = token?.kind === 'punctuation' && token.text === punctuation;
    if (isThat) this.#next++;
    return isThat;
  }

  #take(): Token {
    const token = this.#tokens[this.#next++];
    if (token === undefined) throw new FilterPatternError('Invalid filter pattern');
    return token;
  }
}

function pathOf(selector: string): string[] {
  if (!selector.startsWith('$.')) throw new FilterPatternError(`Invalid selector: ${selector}`);
  if (selector.includes('[')) throw new FilterPatternError('Selectors with indices are not supported');
  return selector.slice('$.'.length).split('.');
}

function comparison(path: readonly string[], operator: string, { kind, text }: Token): JsonTest {
  const number = kind === 'word' && text.trim() !== '' ? Number(text) : NaN;
  if (operator === '=' || operator === '!=') {
    const equals = kind === 'regex' ? new RegExp(text) : likeness(text);
    const same = (value: unknown) =>
      Number.isNaN(number) ? isScalar(value) && equals.test(String(value)) : Number(value) === number;
    return (json) => {
      const value = at(json, ...path);
      return value !== undefined && same(value) === (operator === '=');
    };
  }
  const compare = COMPARE[operator];
  if (compare === undefined || Number.isNaN(number)) throw new FilterPatternError('Invalid filter pattern');
  return (json) => {
    const value = at(json, ...path);
    return typeof value === 'number' && compare(value, number);
  };
}

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
};

const isScalar = (value: unknown): boolean => typeof value !== 'object';

/** An asterisk matches any text. */
const likeness = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('*')
      .map((part) => part.replace(/[^\w\s]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );

const unescaped = (quoted: string): string => quoted.replace(/\\(.)/g, '$1');

function parse(message: string): unknown {
  if (!message.startsWith('{')) return undefined;
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}
