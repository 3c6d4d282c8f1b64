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

/**
 * Parses a file of JSON, compressed or not. Never throws.
 *
 * It may have one value; one on each line, after a time in an export of CloudWatch Logs; or several without anything between
 * them, as Firehose writes records. https://docs.aws.amazon.com/firehose/latest/dev/data-format-conversion.html
 */
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
    return linesOf(text) ?? sequenceOf(text) ?? unreadable(`is not JSON: ${message(error)}`);
  }
}

/** Begins each line of an export. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html */
const EXPORT_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z /;

/** The values of lines; `undefined` if the first line is not JSON. */
function linesOf(text: string): Content | undefined {
  const values: Json[] = [];
  const problems: string[] = [];
  let badLines = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const json = line.replace(EXPORT_TIME, '');
    try {
      values.push(JSON.parse(json));
    } catch (error) {
      const sequence = sequenceOf(json);
      values.push(...(sequence?.values ?? []));
      if (values.length === 0) return undefined;
      const problem = sequence === undefined ? `is not JSON: ${message(error)}` : sequence.problems[0];
      if (problem === undefined) continue;
      badLines += 1;
      if (badLines <= MAX_PROBLEMS) problems.push(`line ${index + 1} ${problem}`);
    }
  }
  if (badLines > MAX_PROBLEMS) problems.push(`${badLines - MAX_PROBLEMS} more lines are not JSON`);
  return { values, problems };
}

/** The objects of a text without separators; `undefined` if it does not begin with one. */
function sequenceOf(text: string): Content | undefined {
  const values: Json[] = [];
  let from = 0;
  for (;;) {
    const end = endOfObject(text, from);
    if (end === undefined) break;
    try {
      values.push(JSON.parse(text.slice(from, end)));
    } catch {
      break;
    }
    from = end;
  }
  if (values.length === 0) return undefined;
  const rest = text.slice(from).trim();
  const cut = `is cut off after ${values.length} ${values.length === 1 ? 'record' : 'records'}`;
  return { values, problems: rest === '' ? [] : [cut] };
}

/** The index after the brace that closes the object at `from`, before which there may be blanks. */
function endOfObject(text: string, from: number): number | undefined {
  let depth = 0;
  for (let index = from; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') index = endOfString(text, index);
    else if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    else if (depth === 0 && character?.trim() !== '') return undefined;
    if (depth < 0) return undefined;
    if (depth === 0 && character === '}') return index + 1;
  }
  return undefined;
}

/** The index of the quote that closes the string at `from`. */
function endOfString(text: string, from: number): number {
  let index = from + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Windows PowerShell redirects output as UTF-16. */
function decode(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

const unreadable = (problem: string): Content => ({ values: [], problems: [problem] });

const message = (error: unknown): string => clean(error instanceof Error ? error.message : String(error));
