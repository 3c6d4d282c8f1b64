// Names, tags, reasons, user agents and messages from AWS are untrusted input. These functions sanitize them for each kind of output.

/** Most characters of an untrusted text that are shown. */
export const MAX_TEXT = 128;

// Cc control, Cf format (bidi marks and overrides among them), Zl and Zp line breaks, Cs lone surrogates, Co private use, and
// characters that fonts draw as nothing: default ignorables (Hangul fillers among them) and the blank Braille pattern.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Removes control and bidi characters and line breaks, and cuts the text to at most `max` characters. */
export function clean(text: string, max: number = MAX_TEXT): string {
  const visible = text.replace(/[\t\r\n]+/g, ' ').replace(INVISIBLE, '');
  // A character is one or two UTF-16 units, so a text of at most `max` units fits.
  if (visible.length <= max) return visible;
  const characters = Array.from(visible);
  return characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : visible;
}

// One label only: users can register names such as `bucket.s3.amazonaws.com`.
const SERVICE_PRINCIPAL = /^[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;

/**
 * `clean`, and changes whatever a mail program would turn into a link.
 *
 * A domain name may be written with other dots than the ASCII one. https://www.unicode.org/reports/tr46/
 *
 * Blanks become one space each, so that a long text cannot be laid out as lines of its own where it wraps.
 */
export function defang(text: string): string {
  const cleaned = clean(text)
    .replace(/\p{Zs}+/gu, ' ')
    .trim();
  if (SERVICE_PRINCIPAL.test(cleaned)) return cleaned;
  return cleaned.replace(/[:：][/／]{2}/g, '[:]//').replace(/[.․。．｡](?=\p{L}[\p{L}\p{M}])/gu, '[.]');
}

/** Most characters of an AWS resource name. Names are shown in commands, so they must not be cut. */
const MAX_NAME = 256;

/** `clean` for every text in a flat record. Absent fields stay absent. */
export function cleanAll<T extends object>(record: T): T {
  const entries = Object.entries(record).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? clean(value, MAX_NAME) : value,
  ]);
  return Object.fromEntries(entries) as T;
}

/** `clean`, as one word of a POSIX shell command. */
export function shellQuote(text: string): string {
  return `'${clean(text, MAX_NAME).replaceAll("'", `'\\''`)}'`;
}

/** `clean`, as one CSV cell (RFC 4180) that a spreadsheet does not evaluate as a formula. */
export function csvCell(text: string): string {
  const cleaned = clean(text);
  // A tab or carriage return also starts a formula, but `clean` has replaced both with spaces.
  const inert = /^\s*[=+\-@＝＋－＠]/.test(cleaned) ? `'${cleaned}` : cleaned;
  return /[",;]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** `clean`, as HTML text or a quoted attribute. */
export function htmlText(text: string, max: number = MAX_TEXT): string {
  return clean(text, max)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
