import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { clean } from '../../lambda/core/text.ts';

/** What records are kept in; files that are named one by one may be called anything. */
const RECORDS = /\.(json|jsonl|ndjson)(\.gz)?$/i;

/** Folder of a trail's bucket that holds hashes of the log files. */
const DIGESTS = 'CloudTrail-Digest';

/** A file to read, or a path that leads to none and why. */
export interface Found {
  readonly path: string;
  readonly problem?: string;
}

/** The files that paths lead to, those in folders in the order of their names. */
export async function* filesOf(paths: readonly string[]): AsyncGenerator<Found, void, undefined> {
  for (const path of paths) {
    let folder: boolean;
    try {
      folder = (await stat(path)).isDirectory();
    } catch (error) {
      yield { path, problem: said(error) };
      continue;
    }
    if (!folder) {
      yield { path };
      continue;
    }
    let found = 0;
    for await (const file of filesIn(path)) {
      found += 1;
      yield file;
    }
    if (found === 0)
      yield { path, problem: 'holds no file that ends in .json, .jsonl or .ndjson, with or without .gz' };
  }
}

async function* filesIn(folder: string): AsyncGenerator<Found, void, undefined> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    yield { path: folder, problem: said(error) };
    return;
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== DIGESTS) yield* filesIn(path);
    if (entry.isFile() && RECORDS.test(entry.name)) yield { path };
  }
}

/** What Node.js says about a file, in words. */
export function said(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist';
  return code === 'EACCES' ? 'may not be read' : `cannot be read: ${clean(message)}`;
}
