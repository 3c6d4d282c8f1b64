const patterns = new Map<string, RegExp>();

/** A pattern of IAM: `*` is any text, `?` any character. */
export function likeness(pattern: string, flags = ''): RegExp {
  const key = `${flags} ${pattern}`;
  const known = patterns.get(key);
  if (known !== undefined) return known;
  const source = pattern.replace(/[*?]|[^\w\s]/g, (found) => {
    if (found === '*') return '.*';
    return found === '?' ? '.' : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  const made = new RegExp(`^${source}$`, `s${flags}`);
  patterns.set(key, made);
  return made;
}
