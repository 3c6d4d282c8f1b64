const patterns = new Map<string, RegExp>();

/** Compiles a pattern of IAM: `*` matches any text, `?` any character. */
export function likeness(pattern: string, flags = ''): RegExp {
  const key = `${flags} ${pattern}`;
  const cached = patterns.get(key);
  if (cached !== undefined) return cached;
  const source = pattern.replace(/[*?]|[^\w\s]/g, (found) => {
    if (found === '*') return '.*';
    return found === '?' ? '.' : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  const compiled = new RegExp(`^${source}$`, `s${flags}`);
  patterns.set(key, compiled);
  return compiled;
}
