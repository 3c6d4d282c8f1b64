/** Parameters of a call: strings, lists and objects, and in JSON protocols numbers and booleans. */
export interface Params {
  readonly [name: string]: unknown;
}

const isParams = (value: unknown): value is Params =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path. */
export const at = (params: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, name) => (isParams(value) && Object.hasOwn(value, name) ? value[name] : undefined),
    params,
  );

/** The string at a path. Numbers and booleans are converted. */
export function text(params: unknown, ...path: readonly string[]): string | undefined {
  const value = at(params, ...path);
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** The list at a path, or an empty list. */
export function list(params: unknown, ...path: readonly string[]): readonly unknown[] {
  const value = at(params, ...path);
  return Array.isArray(value) ? value : [];
}

/** The strings in the list at a path. */
export const texts = (params: unknown, ...path: readonly string[]): readonly string[] =>
  list(params, ...path).filter((value) => typeof value === 'string');

/** Whether the parameter at a path is `true`. */
export const flag = (params: unknown, ...path: readonly string[]): boolean => text(params, ...path) === 'true';
