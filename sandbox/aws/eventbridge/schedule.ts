import { ApiError } from '../wire/errors.ts';

/** When a scheduled rule runs. */
export interface Schedule {
  /** The first time after another one; simulated milliseconds since 1970. */
  next(after: number): number;
}

const MINUTE = 60_000;
const UNITS: Readonly<Record<string, number>> = { minute: MINUTE, hour: 60 * MINUTE, day: 1440 * MINUTE };
const DAY = 1440 * MINUTE;

/**
 * Parses the `ScheduleExpression` of a rule: `rate(…)`, or a `cron(…)` that runs every day.
 *
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function parseSchedule(expression: string): Schedule {
  const [, kind, inside = ''] = /^(rate|cron)\((.+)\)$/.exec(expression) ?? [];
  if (kind === 'rate') return rate(inside, expression);
  if (kind === 'cron') return cron(inside.trim().split(/\s+/), expression);
  throw notValid(expression);
}

/** A rate, which counts from the creation of the rule. */
function rate(inside: string, expression: string): Schedule {
  const [, digits, unit = '', plural] = /^(\d+) (minute|hour|day)(s?)$/.exec(inside) ?? [];
  const value = Number(digits ?? 0);
  if (value < 1 || (plural === 's') !== value > 1) throw notValid(expression);
  const period = value * (UNITS[unit] ?? NaN);
  return { next: (after) => after + period };
}

/** A cron expression, in UTC. */
function cron(fields: readonly string[], expression: string): Schedule {
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = fields;
  const [minutes, hours] = [valuesOf(minute, 59), valuesOf(hour, 23)];
  // Exactly one of the day fields must be `?`.
  const hasOneDayField = (dayOfMonth === '?') !== (dayOfWeek === '?');
  if (fields.length !== 6 || minutes === undefined || hours === undefined || !hasOneDayField) {
    throw notValid(expression);
  }
  if ([dayOfMonth, month, dayOfWeek, year].some((field) => !['*', '?'].includes(field))) {
    throw notValid(expression, 'the local AWS supports only schedules that run every day');
  }
  const times = hours.flatMap((h) => minutes.map((m) => (h * 60 + m) * MINUTE));
  return {
    next: (after) => {
      const today = Math.floor(after / DAY) * DAY;
      const later = [today, today + DAY].flatMap((day) => times.map((time) => day + time));
      return later.find((time) => time > after) ?? NaN;
    },
  };
}

/** The values of a field, ascending: `*`, `7`, `1-5`, `0/6`, or several of these. */
function valuesOf(field: string, max: number): readonly number[] | undefined {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [, all, from, to, step] = /^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    const first = all === undefined ? Number(from) : 0;
    const last = Number(to ?? (all === undefined && step === undefined ? from : max));
    const by = Number(step ?? 1);
    if (!(first <= last && last <= max && by > 0)) return undefined;
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

const notValid = (expression: string, why?: string): ApiError =>
  new ApiError(
    'ValidationException',
    `Parameter ScheduleExpression is not valid: ${expression}${why === undefined ? '' : ` (${why})`}`,
  );
