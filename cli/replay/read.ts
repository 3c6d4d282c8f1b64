import { readFile } from 'node:fs/promises';
import type { Policy } from '../../lambda/core/decide.ts';
import type { Io } from '../shared/io.ts';
import { contentOf } from './content.ts';
import { filesOf, said } from './files.ts';
import { itemsOf } from './items.ts';
import { judgeEvent, judgeInstance, type Replayed } from './judge.ts';

/** What one file held. */
export interface FileRead {
  readonly path: string;
  /** Events and instances, those that nobody looks at among them. */
  readonly items: number;
  /** What of it could not be read, one sentence each. */
  readonly problems: readonly string[];
}

/** Who takes what is read. */
export interface Listener {
  replayed(replayed: Replayed): void;
  /** Comes after what the file held. */
  file(file: FileRead): void;
}

/** Replays files one by one, so that memory does not grow with their number. What is wrong with one does not stop the others. */
export async function replayFiles(paths: readonly string[], policy: Policy, to: Listener, io: Io): Promise<void> {
  const seen = new Set<string>();
  let files = 0;
  for await (const { path, problem } of filesOf(paths)) {
    io.interrupted.throwIfAborted();
    io.progress(`${files} files read; ${path}`);
    to.file(
      problem === undefined ? await replayFile(path, policy, seen, to, io) : { path, items: 0, problems: [problem] },
    );
    files += 1;
  }
  io.progress('');
}

async function replayFile(path: string, policy: Policy, seen: Set<string>, to: Listener, io: Io): Promise<FileRead> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return { path, items: 0, problems: [said(error)] };
  }
  const { values, problems } = contentOf(bytes);
  let items = 0;
  let unknown = 0;
  for (const value of values) {
    for (const item of itemsOf(value)) {
      if (item.kind === 'event') {
        const replayed = judgeEvent(item.event, policy);
        if (replayed !== undefined && isNew(replayed, seen)) to.replayed(replayed);
      } else if (item.kind === 'instance') {
        const replayed = judgeInstance(item.instance, policy, io.now());
        if (replayed === undefined) unknown += 1;
        else to.replayed(replayed);
      } else {
        unknown += 1;
      }
      items += 1;
    }
  }
  const strange = `${unknown} of the things in it (${items} in all) are no CloudTrail record, event or instance`;
  return { path, items, problems: unknown === 0 ? problems : [...problems, strange] };
}

/** A bucket, a look-up and an archive may hold the same record. */
function isNew({ eventId }: Replayed, seen: Set<string>): boolean {
  if (eventId === undefined) return true;
  const before = seen.size;
  return seen.add(eventId).size > before;
}
