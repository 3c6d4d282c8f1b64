import { clean } from '../../lambda/core/text.ts';
import type { ExitCode } from '../shared/command.ts';
import { explainError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';

/** `unchecked`: it could not be looked at, which says nothing about how it is. */
export type Level = 'ok' | 'warn' | 'fail' | 'unchecked';

/** One line of the doctor's. */
export interface CheckResult {
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  /** What to do about it. */
  readonly todo?: string;
}

/** Looks at one part of the deployment. What it throws becomes a result that it could not. */
export interface Check {
  readonly name: string;
  readonly run: () => Promise<readonly CheckResult[]>;
}

/** Makes a check, and hides no other by what goes wrong with it. */
export async function carryOut({ name, run }: Check, interrupted: AbortSignal): Promise<readonly CheckResult[]> {
  try {
    return await run();
  } catch (error) {
    if (interrupted.aborted) throw error;
    return [{ check: name, level: 'unchecked', text: `could not be checked: ${explainError(error)}` }];
  }
}

/** What could not be looked at is an error, even beside results. */
export function exitCodeOf(results: readonly CheckResult[]): ExitCode {
  if (results.some(({ level }) => level === 'unchecked')) return 1;
  return results.every(({ level }) => level === 'ok') ? 0 : 2;
}

const LABELS = {
  ok: ['green', 'ok'],
  warn: ['yellow', 'warn'],
  fail: ['red', 'FAIL'],
  unchecked: ['yellow', 'warn'],
} as const satisfies Record<Level, unknown>;

const TEXT = 500;

/** Prints a result: one line, and one for what to do. */
export function print({ check, level, text, todo }: CheckResult, io: Io): void {
  const [color, label] = LABELS[level];
  io.out(`${io.style(color, label.padEnd(5))} ${check.padEnd(14)} ${clean(text, TEXT)}`);
  if (todo !== undefined) io.out(`${' '.repeat(21)}→ ${clean(todo, TEXT)}`);
}
