import { gunzipSync } from 'node:zlib';
import { clean } from '../../lambda/core/text.ts';
import type { Json } from '../../lambda/triggers/json.ts';

/** What a file holds, as JSON. */
export interface Content {
  readonly values: readonly Json[];
  /** What of it cannot be read, one sentence each. */
  readonly problems: readonly string[];
}

/** The most that a compressed file may unfold to; V8 holds no longer text. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Problems that are told of one file. */
const MOST_PROBLEMS = 5;

/** Reads what a file holds: JSON or JSON lines, compressed or not. Never throws. */
export function contentOf(bytes: Uint8Array): Content {
  let text: string;
  try {
    text = decode(isGzip(bytes) ? gunzipSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes);
  } catch (error) {
    return broken(`cannot be unpacked: ${message(error)}`);
  }
  if (text.trim() === '') return broken('is empty');
  try {
    return { values: [JSON.parse(text)], problems: [] };
  } catch (error) {
    return linesOf(text) ?? broken(`is not JSON: ${message(error)}`);
  }
}

/** One value a line; `undefined` if the first line is none, so that a broken file is not taken for lines. */
function linesOf(text: string): Content | undefined {
  const values: Json[] = [];
  const problems: string[] = [];
  let bad = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      values.push(JSON.parse(line));
    } catch (error) {
      if (values.length === 0) return undefined;
      bad += 1;
      if (bad <= MOST_PROBLEMS) problems.push(`line ${index + 1} is not JSON: ${message(error)}`);
    }
  }
  if (bad > MOST_PROBLEMS) problems.push(`${bad - MOST_PROBLEMS} more lines are not JSON`);
  return { values, problems };
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Some shells on Windows write UTF-16. */
function decode(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

const broken = (problem: string): Content => ({ values: [], problems: [problem] });

const message = (error: unknown): string => clean(error instanceof Error ? error.message : String(error));
