import { DETAIL_TYPES, SEVERITIES, type Severity, SOURCE } from '../contract.ts';

/** The schedule of the scans: from 00:00 UTC. */
export const scanSchedule = (everyHours: number): string =>
  `cron(0 ${everyHours === 24 ? '0' : `0/${everyHours}`} * * ? *)`;

/** The schedule of the health checks. */
export const HEALTH_SCHEDULE = 'cron(0/15 * * * ? *)';

/** The schedule of the alerts that are sent together. */
export const summarySchedule = (minutes: number): string => `cron(0/${minutes} * * * ? *)`;

/** Severities that are notified at once. */
const URGENT: readonly Severity[] = ['HIGH', 'CRITICAL'];

/** The severities that are notified at once, and those that are notified together; none of these without a window. */
export const severitiesBy = (summaryMinutes: number): Readonly<Record<'urgent' | 'summary', readonly Severity[]>> => ({
  urgent: summaryMinutes === 0 ? SEVERITIES : URGENT,
  summary: summaryMinutes === 0 ? [] : SEVERITIES.filter((severity) => !URGENT.includes(severity)),
});

/** The event pattern of outcomes of an account with one of these severities. */
export const outcomePattern = (account: string, severities: readonly Severity[]) => ({
  account: [account],
  source: [SOURCE],
  'detail-type': Object.values(DETAIL_TYPES),
  detail: { severity: [...severities] },
});
