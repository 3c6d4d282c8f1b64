import type { Io } from '../../cli/common/io.ts';
import { NOW } from './builders.ts';

/** What a test changes in `recordingIo`. */
export interface IoChange {
  readonly env?: Io['env'];
  /**
   * Answers to the questions in order; `undefined` after the last one, as if there were no terminal.
   *
   * @default none
   */
  readonly confirm?: readonly (boolean | undefined)[];
  /** @default NOW of the builders, advanced by each `sleep` */
  readonly now?: () => Date;
  /** @default resolves at once */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  readonly interrupted?: AbortSignal;
  /** @default 1000, so that a line of a test is a line */
  readonly columns?: number;
  /** Answer to `ask`. @default as if there were no terminal */
  readonly typed?: string;
}

/** An `Io` and its recorded output. */
export interface RecordedIo {
  readonly io: Io;
  /** Lines on standard output. */
  readonly out: string[];
  /** Lines on standard error. */
  readonly notes: string[];
  /** Every progress line, including the empty ones that remove it. */
  readonly progress: string[];
  readonly questions: string[];
  /** The duration of each `sleep`, in milliseconds. */
  readonly pauses: number[];
}

/** An `Io` without styles that records its output. `sleep` returns at once. */
export function recordingIo(change: IoChange = {}): RecordedIo {
  const { interrupted = new AbortController().signal, columns = 1000, env = {} } = change;
  const answers = [...(change.confirm ?? [])];
  const recorded = { out: [], notes: [], progress: [], questions: [], pauses: [] } as Omit<RecordedIo, 'io'>;
  let slept = 0;
  const io: Io = {
    out: (line) => void recorded.out.push(line),
    verbatim: (line) => void recorded.out.push(line),
    note: (line) => void recorded.notes.push(line),
    progress: (line) => void recorded.progress.push(line),
    style: (_, text) => text,
    columns,
    confirm: (question) => {
      recorded.questions.push(question);
      return Promise.resolve(answers.shift());
    },
    ask: (question) => {
      recorded.questions.push(question);
      return Promise.resolve(change.typed);
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
