import type { UnknownUsage, Usage } from '../usage.ts';
import { count, minute, plural } from './format.ts';

/** The IMDSv1 usage of an instance, as text. */
export function usageNote(usage: Usage): string {
  switch (usage.kind) {
    case 'unused':
      return `unused: no call without a token${scopeOf(usage)} in ${days(usage.hours)} of data`;
    case 'in-use':
      return usage.atBoot
        ? `in use at boot only: ${calls(usage.count)} without a token within ten minutes after the first launch, last seen ${minute(usage.lastSeen)}`
        : `in use: ${calls(usage.count)} without a token${scopeOf(usage)}, ${perDay(usage.callsPerDay)}, last seen ${minute(usage.lastSeen)}`;
    case 'unknown':
      return `unknown: ${UNKNOWN[usage.why]}`;
  }
}

/** Whose calls were counted, if not those of the instance alone. */
function scopeOf({ scope }: Usage): string {
  switch (scope) {
    case 'group':
      return ' in its Auto Scaling group (instances that are gone included)';
    case 'launch-source':
      return ' on running instances of its launch source';
    case undefined:
      return '';
  }
}

/** The rejected IMDSv1 calls on an instance that requires IMDSv2, as text. */
export function rejectedNote(usage: Usage): string {
  switch (usage.kind) {
    case 'unused':
      return `no rejected call in ${days(usage.hours)} of data`;
    case 'in-use':
      return `${calls(usage.count)} without a token rejected, ${perDay(usage.callsPerDay)}, last seen ${minute(usage.lastSeen)}; a workload may be affected`;
    case 'unknown':
      return `unknown: ${UNKNOWN[usage.why]}`;
  }
}

/** A number of calls per day as every report has it: whole calls, or tenths of one below one call. */
export const dailyCalls = (callsPerDay: number): number =>
  callsPerDay < 1 ? Math.max(0.1, Math.floor(callsPerDay * 10) / 10) : Math.round(callsPerDay);

function perDay(callsPerDay: number): string {
  const daily = dailyCalls(callsPerDay);
  return daily < 1 ? 'less than 1 per day' : `about ${count(daily)} per day`;
}

const calls = (value: number): string => plural(value, 'call');
const days = (hours: number): string => (hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} days`);

const UNKNOWN: Readonly<Record<UnknownUsage, string>> = {
  'not-read': 'not all data could be read from CloudWatch',
  stopped: 'not running',
  'age-unknown': 'launch time unknown',
  'too-young': 'launched too recently',
  'no-data': 'no data in CloudWatch',
  'too-little-data': 'too few hours of data',
  gaps: 'hours of data are missing',
};
