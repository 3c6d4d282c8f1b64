import { clean } from '../../lambda/core/text.ts';
import type { ExitCode } from '../shared/command.ts';
import { explainError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';

/** `unchecked`: the check itself failed, so that the state is unknown. */
export type Level = 'ok' | 'warn' | 'fail' | 'unchecked';

/** One line of the result. */
export interface CheckResult {
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  /** What to do about it. */
  readonly action?: string;
}

const resultOf =
  (level: Level) =>
  (check: string, text: string, action?: string): CheckResult => ({ check, level, text, action });

export const ok = resultOf('ok');
export const warn = resultOf('warn');
export const fail = resultOf('fail');
export const unchecked = resultOf('unchecked');

/** The result for a part of the stack that does not exist. */
export const deleted = (check: string, name: string): CheckResult =>
  fail(check, `${name} was deleted outside CloudFormation`, 'delete the stack and deploy it again');

/** The result of a call; `undefined` if it fails because what it names does not exist. */
export async function unlessMissing<T>(call: Promise<T>, errorName: RegExp): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && errorName.test(error.name)) return undefined;
    throw error;
  }
}

/** A check of one part of the deployment. An error that it throws becomes an `unchecked` result. */
export interface Check {
  readonly name: string;
  readonly run: () => Promise<readonly CheckResult[]>;
}

/** Runs a check. An error in it does not stop the other checks. */
export async function runCheck({ name, run }: Check, interrupted: AbortSignal): Promise<readonly CheckResult[]> {
  try {
    return await run();
  } catch (error) {
    if (interrupted.aborted) throw error;
    return [unchecked(name, `could not be checked: ${explainError(error)}`)];
  }
}

/** 1 if a check could not be made, else 2 if there are findings. */
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

/** The longest text that is printed. */
const TEXT = 500;

/** Prints a result in one line, and its action in a second one. */
export function print({ check, level, text, action }: CheckResult, io: Io): void {
  const [color, label] = LABELS[level];
  io.out(`${io.style(color, label.padEnd(5))} ${check.padEnd(14)} ${clean(text, TEXT)}`);
  if (action !== undefined) io.out(`${' '.repeat(21)}→ ${clean(action, TEXT)}`);
}
