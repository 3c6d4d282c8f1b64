import { clean } from '../../lambda/core/text.ts';
import type { ExitCode } from '../shared/command.ts';
import { explainError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';

/** `unchecked`: it could not be looked at, which says nothing about how it is. */
export type Level = 'ok' | 'warn' | 'fail' | 'unchecked';

/** One line of the doctor's. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  /** What to do about it. */
  readonly todo?: string;
}

/** Looks at one part of the deployment. What it throws becomes a finding that it could not. */
export interface Check {
  readonly name: string;
  readonly run: () => Promise<readonly Finding[]>;
}

/** Makes a check, and hides no other by what goes wrong with it. */
export async function carryOut({ name, run }: Check, interrupted: AbortSignal): Promise<readonly Finding[]> {
  try {
    return await run();
  } catch (error) {
    if (interrupted.aborted) throw error;
    return [{ check: name, level: 'unchecked', text: `could not be checked: ${explainError(error)}` }];
  }
}

/** What could not be looked at is an error, even beside findings. */
export function exitCodeOf(findings: readonly Finding[]): ExitCode {
  if (findings.some(({ level }) => level === 'unchecked')) return 1;
  return findings.every(({ level }) => level === 'ok') ? 0 : 2;
}

const LABELS = {
  ok: ['green', 'ok'],
  warn: ['yellow', 'warn'],
  fail: ['red', 'FAIL'],
  unchecked: ['yellow', 'warn'],
} as const satisfies Record<Level, unknown>;

const TEXT = 500;

/** Prints a finding: one line, and one for what to do. */
export function print({ check, level, text, todo }: Finding, io: Io): void {
  const [color, label] = LABELS[level];
  io.out(`${io.style(color, label.padEnd(5))} ${check.padEnd(14)} ${clean(text, TEXT)}`);
  if (todo !== undefined) io.out(`${' '.repeat(21)}→ ${clean(todo, TEXT)}`);
}
