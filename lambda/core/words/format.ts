/** A number with thousands separators. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** A number of things, such as `1 call` or `2 calls`. */
export const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** A number of instances, such as `1 instance`. */
export const instancesOf = (value: number): string => plural(value, 'instance');

/** A time in UTC, to the second. */
export const iso = (date: Date): string => date.toISOString().replace(/\.\d+/, '');

/** A time in UTC, to the minute. */
export const minute = (date: Date): string => `${date.toISOString().slice(0, 16)}Z`;

/** A time span: `12 s`, `5 min 3 s`, `3 h 20 min`, `400 days`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours >= 48) return `${count(Math.floor(hours / 24))} days`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
