export const DAY_MS = 86_400_000;

/** The calendar day in UTC, a number of days after a time: the form of exemption dates. */
export const dayAfter = (time: number, days: number): string =>
  new Date(time + days * DAY_MS).toISOString().slice(0, 10);
