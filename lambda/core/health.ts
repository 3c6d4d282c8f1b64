import { type Loss, LOSSES, type LossId } from './losses.ts';

/** `not-visible`: this caller may not look. `unchecked`: the check itself failed. The state is unknown in both. */
export type Level = 'ok' | 'warn' | 'fail' | 'not-visible' | 'unchecked';

/** The result of a check: that a group of parts is in order, or one finding. */
export interface HealthResult {
  /** The group of parts. */
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  /** What to do about it. */
  readonly action?: string;
  readonly loss?: LossId;
  /** The call that caused it and its caller, by event history. */
  readonly changedBy?: string;
}

/** A loss of one part, and where event history may name its cause. */
export interface Finding extends HealthResult {
  readonly loss: LossId;
  /** Names of the part in the parameters of calls: a call that names one of them may have caused the loss. */
  readonly names: readonly string[];
  readonly region: string;
}

/** A finding in one sentence, as a digest has it. */
export function sentenceOf({ check, loss, text, changedBy }: HealthResult): string {
  if (loss === undefined) return `${check}: ${text}`;
  return changedBy === undefined ? text : `${text} (${changedBy})`;
}

/** Results of several groups, of which those that could not be made for the same reason are one. */
export function merged(results: readonly HealthResult[]): readonly HealthResult[] {
  const isUnseen = ({ level, loss }: HealthResult) => loss === undefined && isCounted({ level });
  return results.flatMap((result, index) => {
    if (!isUnseen(result)) return [result];
    const same = results.filter((other) => isUnseen(other) && other.text === result.text);
    if (results.indexOf(same[0] ?? result) !== index) return [];
    return [{ ...result, check: same.map(({ check }) => check).join(', ') }];
  });
}

/** Whether a result counts for the metric: something is lost, or its state is not known. */
export const isCounted = ({ level }: Pick<HealthResult, 'level'>): boolean => level !== 'ok' && level !== 'warn';

/** The result of a healthy group. */
export const ok = (check: string, text: string): HealthResult => ({ check, level: 'ok', text });

/** A finding about a part of a region. */
export function lost(
  loss: LossId,
  {
    check,
    region,
    names,
    text,
    action = `${LOSSES[loss].now}`,
  }: Pick<Finding, 'check' | 'region' | 'names' | 'text'> & { readonly action?: string },
): Finding {
  const { risk }: Loss = LOSSES[loss];
  return { check, level: risk ? 'warn' : 'fail', text, action, loss, names, region };
}
