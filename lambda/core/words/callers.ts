import type { CallHistory } from '../callers/callers.ts';
import type { CallerDetail } from '../callers/detail.ts';
import { defang } from '../text.ts';
import { minute, plural } from './format.ts';

/** Software with its calls and what to do about it, in one line. */
export function callerLine({ software, calls, lastSeen, advice }: CallerDetail, where = ''): string {
  return `${defang(software)}${where} (${plural(calls, 'call')}, last ${minute(new Date(lastSeen))}): ${defang(advice)}`;
}

/** Why IMDSv1 can be in use without such calls. */
export const WITHOUT_CALLERS = 'the software reads metadata other than credentials, or calls no AWS API';

/** Why calls of an instance were not read at all; `undefined` if the newest were. */
export function callsNotRead(missing: CallHistory['missing']): string | undefined {
  switch (missing) {
    case undefined:
    case 'most-pages':
      return undefined;
    case 'budget':
    case 'deadline':
      return 'CloudTrail was too slow to look up all calls';
    default:
      return missing.kind === 'denied'
        ? 'not visible from here: missing permission cloudtrail:LookupEvents'
        : `CloudTrail did not answer: ${missing.message}`;
  }
}
