import { defang } from '../text.ts';

/** A line of an email: a label and its value. Nothing is aligned, because mail programs use proportional fonts. */
export const line = (label: string, value: string): string => `${label}: ${value}`;

/** Most values of a list that are shown. */
const SHOWN = 3;

/** Distinct values: the first ones and the number of the others; `undefined` if there are none. */
export function listed(values: readonly (string | undefined)[], shown = SHOWN): string | undefined {
  const distinct = [...new Set(values.filter((value) => value !== undefined && value !== ''))];
  if (distinct.length === 0) return undefined;
  const more = distinct.length > shown ? ` and ${distinct.length - shown} more` : '';
  return `${distinct.slice(0, shown).join(', ')}${more}`;
}

/** Like `listed`, of untrusted values. */
export const listedSafely = (values: readonly (string | undefined)[]): string | undefined =>
  listed(values.map((value) => value && defang(value)));
