import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileProblem } from '../common/errors.ts';
import { ascending } from '../common/sort.ts';

/** Names of files that are read in a directory; a file that is an argument may have any name. */
const NAMES = [
  /\.(json|jsonl|ndjson)(\.gz)?$/i,
  // An export of CloudWatch Logs: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasksConsole.html
  /^\d{6}\.gz$/,
  // Firehose: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
  /-\d{4}(-\d\d){5}-[\da-f]{8}-[\da-f-]+(\.gz)?$/i,
];

/** Directory of a trail's bucket with digests of the log files. */
const DIGESTS = 'CloudTrail-Digest';

/** A file to read, or a path that cannot be read and why. */
export interface Found {
  readonly path: string;
  readonly problem?: string;
}

/** The files of the paths; those of a directory in the order of their names. */
export async function* filesOf(paths: readonly string[]): AsyncGenerator<Found, void, undefined> {
  for (const path of paths) {
    let found = 0;
    for await (const file of filesIn(path)) {
      found += 1;
      yield file;
    }
    if (found === 0)
      yield {
        path,
        problem:
          'has no file with a name of records: .json, .jsonl or .ndjson, with or without .gz, or as CloudWatch Logs or Firehose names it',
      };
  }
}

async function* filesIn(path: string): AsyncGenerator<Found, void, undefined> {
  let entries: Dirent[];
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (error) {
    const isFile = (error as NodeJS.ErrnoException).code === 'ENOTDIR';
    return yield isFile ? { path } : { path, problem: fileProblem(error) };
  }
  for (const entry of entries.toSorted(ascending(({ name }) => [name]))) {
    const inside = join(path, entry.name);
    if (entry.isDirectory() && entry.name !== DIGESTS) yield* filesIn(inside);
    if (entry.isFile() && NAMES.some((pattern) => pattern.test(entry.name))) yield { path: inside };
  }
}
