import type { Io } from '../../cli/shared/io.ts';
import { NOW } from './builders.ts';

/** What a test decides about the terminal of a command. */
export interface IoChange {
  readonly env?: Io['env'];
  /**
   * The answers to the questions in their order; after the last, nobody answers.
   *
   * @default nobody answers
   */
  readonly confirm?: readonly (boolean | undefined)[];
  /** @default NOW of the builders, moved on by each `sleep` */
  readonly now?: () => Date;
  /** @default resolves at once */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  readonly interrupted?: AbortSignal;
  readonly columns?: number;
}

/** An `Io`, and what went through it. */
export interface RecordedIo {
  readonly io: Io;
  /** Lines of the result. */
  readonly out: string[];
  /** Lines about the result. */
  readonly notes: string[];
  /** Every progress line that was shown, also those that removed it. */
  readonly progress: string[];
  readonly questions: string[];
  /** How long each pause was to be, in milliseconds. */
  readonly pauses: number[];
}

/** A terminal without styles that keeps what is written to it. Nothing waits. */
export function recordingIo(change: IoChange = {}): RecordedIo {
  const { interrupted = new AbortController().signal, columns = 100, env = {} } = change;
  const answers = [...(change.confirm ?? [])];
  const recorded = { out: [], notes: [], progress: [], questions: [], pauses: [] } as Omit<RecordedIo, 'io'>;
  let slept = 0;
  const io: Io = {
    out: (line) => void recorded.out.push(line),
    note: (line) => void recorded.notes.push(line),
    progress: (line) => void recorded.progress.push(line),
    style: (_, text) => text,
    columns,
    confirm: (question) => {
      recorded.questions.push(question);
      return Promise.resolve(answers.shift());
    },
    env,
    now: change.now ?? (() => new Date(NOW.getTime() + slept)),
    sleep: async (milliseconds) => {
      interrupted.throwIfAborted();
      recorded.pauses.push(milliseconds);
      slept += milliseconds;
      await change.sleep?.(milliseconds);
    },
    random: () => 0.5,
    interrupted,
  };
  return { io, ...recorded };
}
