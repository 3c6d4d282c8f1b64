import type { HealthResult } from '../../lambda/core/health.ts';
import { clean } from '../../lambda/core/text.ts';
import type { ExitCode } from '../common/command.ts';
import { explainError } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import { printBeside } from '../common/table.ts';

type Level = HealthResult['level'];

const resultOf =
  (level: Level) =>
  (check: string, text: string, action?: string): HealthResult => ({ check, level, text, action });

export const ok = resultOf('ok');
export const warn = resultOf('warn');
export const fail = resultOf('fail');
export const unchecked = resultOf('unchecked');

/** A check of one part of the deployment. An error that it throws becomes an `unchecked` result. */
export interface Check {
  readonly name: string;
  readonly run: () => Promise<readonly HealthResult[]>;
}

/** Runs a check. An error in it does not stop the other checks. */
export async function runCheck({ name, run }: Check, interrupted: AbortSignal): Promise<readonly HealthResult[]> {
  try {
    const results = await run();
    if (interrupted.aborted) throw new Error('interrupted');
    return results;
  } catch (error) {
    if (interrupted.aborted) throw error;
    return [unchecked(name, `could not be checked: ${explainError(error)}`)];
  }
}

/** 1 if a check failed, else 2 if there are findings, among which is what is not visible from here. */
export function exitCodeOf(results: readonly HealthResult[]): ExitCode {
  if (results.some(({ level }) => level === 'unchecked')) return 1;
  return results.every(({ level }) => level === 'ok') ? 0 : 2;
}

const LABELS = {
  ok: ['green', 'ok'],
  warn: ['yellow', 'warn'],
  fail: ['red', 'FAIL'],
  'not-visible': ['yellow', '?'],
  unchecked: ['yellow', 'warn'],
} as const satisfies Record<Level, unknown>;

/** The longest text that is printed. */
const TEXT = 500;

/** Where texts begin, after the level and the check. */
const TEXT_AT = 21;

/** Prints a result beside its level and check; who changed it and what to do below. */
export function print({ check, level, text, changedBy, action }: HealthResult, io: Io): void {
  const [color, label] = LABELS[level];
  printBeside(io, `${io.style(color, label.padEnd(5))} ${check}`, clean(text, TEXT), TEXT_AT);
  const below = ' '.repeat(TEXT_AT);
  if (changedBy !== undefined) io.out(below + clean(changedBy, TEXT));
  if (action !== undefined) io.out(`${below}→ ${clean(action, TEXT)}`);
}
