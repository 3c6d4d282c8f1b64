/** JSON of unknown shape: untrusted input. */
export type Json = unknown;

/** Parses JSON. Returns `undefined` for anything else, which is then reported as an event that was not understood. */
export function parseJson(body: string): Json {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The own property of a JSON object at a path, or `undefined`. Prototypes are never read. */
export function at(value: Json, ...path: readonly string[]): Json {
  return path.reduce<Json>(
    (current, key) => (isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined),
    value,
  );
}

/** The string at a path; `undefined` for anything else. */
export function text(value: Json, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The list at a path; empty for anything else. CloudTrail writes an empty set as `{}`, or omits it. */
export function list(value: Json, ...path: readonly string[]): readonly Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Whether a value is a JSON object. */
export function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
