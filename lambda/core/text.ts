/**
 * Everything AWS hands us (names, tags, reasons, user agents, messages) is written by strangers. Here it is made fit for each
 * place it goes to.
 */

/** Longest piece of a stranger's text that is shown. */
export const MAX_TEXT = 128;

// Cc control, Cf format (bidi marks and overrides among them), Zl and Zp line breaks, Cs lone surrogates, Co private use.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

/** Without control and bidi characters, on one line, at most `max` characters. */
export function clean(text: string, max: number = MAX_TEXT): string {
  const visible = text.replace(/[\t\r\n]+/g, ' ').replace(INVISIBLE, '');
  // A character takes one or two units: most texts need not be taken apart to know that they fit.
  if (visible.length <= max) return visible;
  const characters = Array.from(visible);
  return characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : visible;
}

// One label only: `bucket.s3.amazonaws.com` and its like belong to strangers.
const SERVICE_PRINCIPAL = /^[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;

/** `clean`, and nothing in it that a mail program would turn into a link. */
export function defang(text: string): string {
  const cleaned = clean(text);
  if (SERVICE_PRINCIPAL.test(cleaned)) return cleaned;
  return cleaned.replace(/:\/\//g, '[:]//').replace(/\.(?=\p{L}[\p{L}\p{M}])/gu, '[.]');
}

/** Longest name that AWS gives to something we name in a command. */
const MAX_NAME = 256;

/** `clean`, as one word of a POSIX shell command. */
export function shellQuote(text: string): string {
  return `'${clean(text, MAX_NAME).replaceAll("'", `'\\''`)}'`;
}

/** `clean`, as one CSV cell (RFC 4180) that no spreadsheet takes for a formula. */
export function csvCell(text: string): string {
  const cleaned = clean(text);
  // Tab and carriage return start formulas too, but `clean` has made them spaces.
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
