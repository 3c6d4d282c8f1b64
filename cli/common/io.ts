import { setMaxListeners } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters, styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Width in columns if the terminal does not report one. */
const COLUMNS = 100;

/** Terminal, environment, clock and random numbers of a command; tests pass their own. */
export interface Io {
  /** Writes a text of the result to standard output, broken between words where it is wider than the terminal. */
  out(text: string): void;
  /** Writes a line to standard output as it is: a document, or a command to copy. */
  verbatim(line: string): void;
  /** Writes a text to standard error, as `out` does: warnings, errors, notes. */
  note(text: string): void;
  /** Replaces the progress line; `''` removes it. Does nothing if standard error is not a terminal. */
  progress(line: string): void;
  /** The text in a style, if the terminal supports styles. */
  style(style: Style, text: string): string;
  /** Width of the terminal in columns, that of standard error if standard output is none; 100 if neither is. */
  readonly columns: number;
  /** Asks a yes/no question; `undefined` if standard input is not a terminal. What was typed before it is no answer. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Asks for a text, which is `''` after Ctrl-C; `undefined` if standard input is not a terminal. */
  ask(question: string): Promise<string | undefined>;
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): Date;
  /** Waits; rejects when `interrupted` is aborted. */
  sleep(milliseconds: number): Promise<void>;
  /** A random number as of `Math.random`. */
  random(): number;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** An `Io` that writes everything to standard error, for a command whose standard output is one document. */
export function toNotes(io: Io): Io {
  const note = (line: string) => io.note(line);
  return { ...io, out: note, verbatim: note };
}

/** Milliseconds in which a terminal delivers what was typed before. */
const PENDING_INPUT_MS = 50;

const CTRL_C = '\u0003';

/** Drops what was typed so far, an unfinished line included, which a terminal only delivers in raw mode. */
async function dropInput(process: NodeJS.Process): Promise<void> {
  const { stdin } = process;
  const drop = (chunk: Buffer | string) => {
    // In raw mode, Ctrl-C is a character.
    if (chunk.toString().includes(CTRL_C)) process.kill(process.pid, 'SIGINT');
  };
  stdin.setRawMode?.(true);
  stdin.on('data', drop).resume();
  await sleep(PENDING_INPUT_MS);
  stdin.off('data', drop).pause();
  stdin.setRawMode?.(false);
}

/** Milliseconds without output after which the progress line says that the command is working. */
const SILENCE = 2_000;

/**
 * The `Io` of a process.
 *
 * @param working what the progress line says after two seconds without output; by default nothing.
 */
export function terminal(process: NodeJS.Process, interrupted: AbortSignal, working?: string): Io {
  const { stdout, stderr, stdin, env } = process;
  // Each wait, in each Region, adds a listener.
  setMaxListeners(0, interrupted);
  const styled = stdout.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
  let shown = '';
  let writtenAt = Date.now();
  const clear = () => {
    if (shown !== '') stderr.write('\r\u001B[K');
    shown = '';
    writtenAt = Date.now();
  };
  const show = (line: string) => {
    if (shown !== '') stderr.write('\r\u001B[K');
    shown = stripVTControlCharacters(line).slice(0, (stderr.columns || COLUMNS) - 1);
    stderr.write(shown);
  };
  if (working !== undefined && stderr.isTTY) {
    const showWorking = () => {
      const silent = Date.now() - writtenAt;
      if (silent >= SILENCE && (shown === '' || shown.startsWith(working)))
        show(`${working}, ${Math.floor(silent / 1000)} s`);
    };
    setInterval(showWorking, SILENCE / 4).unref();
  }
  const ask = async (question: string) => {
    if (!stdin.isTTY) return undefined;
    clear();
    // Nothing is shown beside the question.
    writtenAt = Infinity;
    await dropInput(process);
    const lines = createInterface({ input: stdin, output: stderr });
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    try {
      const asked = lines.question(`${question} `, { signal: interrupted });
      // Ctrl-D closes the input without an answer.
      return (await Promise.race([asked, closed])).trim();
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error;
      // Ctrl-C leaves the cursor after the question.
      stderr.write('\n');
      return '';
    } finally {
      lines.close();
      writtenAt = Date.now();
    }
  };
  const write = (line: string) => {
    clear();
    stdout.write(`${line}\n`);
  };
  return {
    out: write,
    verbatim: write,
    note: (line) => {
      clear();
      stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (!stderr.isTTY) return;
      clear();
      if (line !== '') show(line);
    },
    style: (style, text) => (styled ? styleText(style, text) : text),
    columns: (stdout.isTTY && stdout.columns) || (stderr.isTTY && stderr.columns) || COLUMNS,
    ask,
    confirm: async (question) => {
      const answer = await ask(`${question} [y/N]`);
      return answer === undefined ? undefined : /^y(es)?$/i.test(answer);
    },
    env,
    now: () => new Date(),
    sleep: (milliseconds) => sleep(milliseconds, undefined, { signal: interrupted }),
    random: () => Math.random(),
    interrupted,
  };
}
