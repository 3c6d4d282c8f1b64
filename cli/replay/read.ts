import { readFile } from 'node:fs/promises';
import type { Policy } from '../../lambda/core/decide.ts';
import { fileProblem } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import { contentOf } from './content.ts';
import { filesOf } from './files.ts';
import { itemsOf } from './items.ts';
import { judgeEvent, judgeInstance, type Replayed } from './judge.ts';
import { nameOf } from './why-not.ts';

/** The summary of one file. */
export interface FileRead {
  readonly path: string;
  /** Number of events and instances, including events that no trigger handles. */
  readonly items: number;
  /** Names of events that no trigger reads, with their numbers. */
  readonly otherEvents: ReadonlyMap<string, number>;
  /** What could not be read, one sentence each. */
  readonly problems: readonly string[];
}

/**
 * Replays files one by one, and returns a summary of each. A problem with one does not stop the others.
 *
 * @param add receives the results while files are read.
 */
export async function* replayFiles(
  paths: readonly string[],
  policy: Policy,
  add: (replayed: Replayed) => void,
  io: Io,
): AsyncGenerator<FileRead, void, undefined> {
  const eventIds = new Set<string>();
  /** Several files may have the same record. */
  const addOnce = (replayed: Replayed): void => {
    const { eventId } = replayed;
    if (eventId === undefined || !eventIds.has(eventId)) add(replayed);
    if (eventId !== undefined) eventIds.add(eventId);
  };
  let files = 0;
  for await (const { path, problem } of filesOf(paths)) {
    io.interrupted.throwIfAborted();
    io.progress(`${files} files read; ${path}`);
    yield problem === undefined ? await replayFile(path, policy, addOnce, io) : unread(path, problem);
    files += 1;
  }
  io.progress('');
}

const unread = (path: string, problem: string): FileRead => ({
  path,
  items: 0,
  otherEvents: new Map(),
  problems: [problem],
});

async function replayFile(path: string, policy: Policy, add: (replayed: Replayed) => void, io: Io): Promise<FileRead> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return unread(path, fileProblem(error));
  }
  const { values, problems } = contentOf(bytes);
  let items = 0;
  let unknown = 0;
  const otherEvents = new Map<string, number>();
  for (const value of values) {
    for (const item of itemsOf(value)) {
      if (item.kind === 'event') {
        const replayed = judgeEvent(item.event, policy);
        if (replayed !== undefined) add(replayed);
        else otherEvents.set(nameOf(item.event), (otherEvents.get(nameOf(item.event)) ?? 0) + 1);
      } else if (item.kind === 'instance') {
        const replayed = judgeInstance(item.instance, policy, io.now());
        if (replayed === undefined) unknown += 1;
        else add(replayed);
      } else {
        unknown += 1;
      }
      items += 1;
    }
  }
  const skipped = `${unknown} of ${items} ${items === 1 ? 'record' : 'records'} skipped: not a CloudTrail record, event or instance`;
  return { path, items, otherEvents, problems: unknown === 0 ? problems : [...problems, skipped] };
}
