import { type Finding, type HealthResult } from '../../core/health.ts';
import { LOSSES } from '../../core/losses.ts';
import { clean } from '../../core/text.ts';
import { callerOf } from '../../triggers/cloudtrail.ts';
import { at, type Json, text } from '../../triggers/json.ts';
import { readHistory } from '../cloudtrail-history.ts';
import { toFailure } from '../failures.ts';
import type { HealthOptions } from './context.ts';

/** Findings whose cause is looked up: CloudTrail accepts two requests a second. */
const MOST = 10;

/**
 * Adds to findings which call caused them and who made it, by CloudTrail's event history of the last 90 days.
 *
 * One page for each kind of call, which the client retries: CloudTrail accepts two lookups a second of all callers.
 */
export async function withCauses(
  results: readonly HealthResult[],
  { clients }: Pick<HealthOptions, 'clients'>,
): Promise<readonly HealthResult[]> {
  const pages = new Map<string, Promise<readonly Json[]>>();
  // One by one, because of the low request rate.
  const lookUp = (region: string, call: string) => {
    const key = `${region} ${call}`;
    const page = pages.get(key) ?? recordsOf(region, call, clients);
    pages.set(key, page);
    return page;
  };
  const named: HealthResult[] = [];
  let lookedUp = 0;
  for (const result of results) {
    if (!isFinding(result) || result.names.length === 0 || lookedUp >= MOST) {
      named.push(result);
      continue;
    }
    lookedUp += 1;
    named.push({ ...result, changedBy: await causeOf(result, lookUp) });
  }
  return named;
}

const isFinding = (result: HealthResult): result is Finding => result.loss !== undefined && 'names' in result;

async function causeOf(
  { loss, region, names }: Finding,
  lookUp: (region: string, call: string) => Promise<readonly Json[]>,
): Promise<string | undefined> {
  try {
    const records: Json[] = [];
    for (const call of LOSSES[loss].calls) records.push(...(await lookUp(region, call)));
    const [last] = records
      .filter((record) => isAbout(record, names))
      .sort((a, b) => (text(b, 'eventTime') ?? '').localeCompare(text(a, 'eventTime') ?? ''));
    if (last === undefined) return undefined;
    const { principal } = callerOf({ detail: last });
    return `${text(last, 'eventName') ?? ''} by ${clean(principal)} at ${clean(text(last, 'eventTime') ?? '')}`;
  } catch (error) {
    const { kind, message } = toFailure(error);
    return kind === 'denied'
      ? 'who changed it is not visible from here: missing permission cloudtrail:LookupEvents'
      : `who changed it could not be read: ${clean(message)}`;
  }
}

/** Whether a successful call names a part in its parameters. `*` stands for any. */
function isAbout(record: Json, names: readonly string[]): boolean {
  if (at(record, 'errorCode') !== undefined) return false;
  const parameters = JSON.stringify(at(record, 'requestParameters') ?? {});
  return names.some((name) => name === '*' || parameters.includes(name));
}

/** The newest calls of a kind. */
async function recordsOf(region: string, value: string, clients: HealthOptions['clients']): Promise<readonly Json[]> {
  return (await readHistory(clients.inRegion(region).trails, { attribute: 'EventName', value })).calls;
}
