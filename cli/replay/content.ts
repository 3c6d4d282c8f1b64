import { gunzipSync } from 'node:zlib';
import { clean } from '../../lambda/core/text.ts';
import type { Json } from '../../lambda/triggers/json.ts';

/** The content of a file. */
export interface Content {
  readonly values: readonly Json[];
  /** What could not be read, one sentence each. */
  readonly problems: readonly string[];
}

/** Maximum size of a decompressed file: the longest string of V8. */
const MAX_BYTES = 512 * 1024 * 1024;

/** How many problems of a file are reported one by one. */
const MAX_PROBLEMS = 5;

/** Parses a file of JSON or JSON lines, compressed or not. Never throws. */
export function contentOf(bytes: Uint8Array): Content {
  let text: string;
  try {
    text = decode(isGzip(bytes) ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes);
  } catch (error) {
    return unreadable(`cannot be decompressed: ${message(error)}`);
  }
  if (text.trim() === '') return unreadable('is empty');
  try {
    return { values: [JSON.parse(text)], problems: [] };
  } catch (error) {
    return linesOf(text) ?? unreadable(`is not JSON: ${message(error)}`);
  }
}

/** The values of JSON lines; `undefined` if the first line is not JSON. */
function linesOf(text: string): Content | undefined {
  const values: Json[] = [];
  const problems: string[] = [];
  let badLines = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      values.push(JSON.parse(line));
    } catch (error) {
      if (values.length === 0) return undefined;
      badLines += 1;
      if (badLines <= MAX_PROBLEMS) problems.push(`line ${index + 1} is not JSON: ${message(error)}`);
    }
  }
  if (badLines > MAX_PROBLEMS) problems.push(`${badLines - MAX_PROBLEMS} more lines are not JSON`);
  return { values, problems };
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Windows PowerShell redirects output as UTF-16. */
function decode(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

const unreadable = (problem: string): Content => ({ values: [], problems: [problem] });

const message = (error: unknown): string => clean(error instanceof Error ? error.message : String(error));
