import { setMaxListeners } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters, styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where the terminal does not say how wide it is. */
const COLUMNS = 100;

/** Everything a command reads and writes beside AWS and files: a test passes its own. */
export interface Io {
  /** Writes a line of the result. */
  out(line: string): void;
  /** Writes a line about the result: progress, warnings, errors. */
  note(line: string): void;
  /** Replaces the progress line; nothing where nobody looks at it. `''` removes it. */
  progress(line: string): void;
  /** Text in a style, where the terminal shows styles. */
  style(style: Style, text: string): string;
  /** Columns of the terminal; 100 where there is none. */
  readonly columns: number;
  /** Asks yes or no; `undefined` where nobody can answer. */
  confirm(question: string): Promise<boolean | undefined>;
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): Date;
  /** Waits, or rejects with the reason of `interrupted` once that is aborted. */
  sleep(milliseconds: number): Promise<void>;
  /** From 0 up to, not including, 1. */
  random(): number;
  /** Aborted when somebody presses Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** The terminal of a process. A second Ctrl-C ends the process at once. */
export function terminal({ stdout, stderr, stdin, env }: NodeJS.Process, interrupted: AbortSignal): Io {
  // Everything that waits listens, in all regions at once.
  setMaxListeners(0, interrupted);
  const styled = stdout.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
  let shown = false;
  const clear = () => {
    if (shown) stderr.write('\r\u001B[K');
    shown = false;
  };
  return {
    out: (line) => {
      clear();
      stdout.write(`${line}\n`);
    },
    note: (line) => {
      clear();
      stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (!stderr.isTTY) return;
      clear();
      stderr.write(stripVTControlCharacters(line).slice(0, (stderr.columns || COLUMNS) - 1));
      shown = line !== '';
    },
    style: (style, text) => (styled ? styleText(style, text) : text),
    columns: (stdout.isTTY && stdout.columns) || COLUMNS,
    confirm: async (question) => {
      if (!stdin.isTTY) return undefined;
      clear();
      const lines = createInterface({ input: stdin, output: stderr });
      const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
      try {
        const asked = lines.question(`${question} [y/N] `, { signal: interrupted });
        // After Ctrl-D nothing comes any more.
        const answer = await Promise.race([asked, ended]);
        return /^y(es)?$/i.test(answer.trim());
      } catch (error) {
        if ((error as Error).name !== 'AbortError') throw error;
        // Ctrl-C is an answer too. It leaves the cursor behind the question.
        stderr.write('\n');
        return false;
      } finally {
        lines.close();
      }
    },
    env,
    now: () => new Date(),
    sleep: (milliseconds) => sleep(milliseconds, undefined, { signal: interrupted }),
    random: () => Math.random(),
    interrupted,
  };
}
