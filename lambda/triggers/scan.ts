import { SOURCE } from '../contract.ts';
import { toInstanceId } from '../core/target.ts';
import type { TriggerTraits } from '../core/trigger.ts';
import { readEnvelope } from './envelope.ts';
import { at, type Json, list, text } from './json.ts';

const DETAIL_TYPE = 'Scan';

/** A scheduled scan. What it finds is existing exposure. */
export const scan: TriggerTraits = { name: 'scan', inDigest: true };

/** One scan of one region. */
export interface Run {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** The scheduled time. It identifies the scan, and shows whether it is the first of its day. */
  readonly startedAt: Date;
}

/** A step of a scan: a message on the scan queue. Steps of one region are processed in order. */
export type ScanStep =
  | ({
      /** The schedule is due: request a scan of every region. */
      readonly step: 'start';
    } & Run)
  | ({
      /** List the instances that may need remediation, and request it in batches. */
      readonly step: 'region';
    } & Run)
  | ({
      /** Evaluate these instances, and remediate where the decision says so. */
      readonly step: 'batch';
      /** Position among the batches of the scan, from 0. */
      readonly index: number;
      readonly instanceIds: readonly string[];
    } & Run)
  | ({
      /** Count the instances of the region, and send the digest. */
      readonly step: 'summary';
      /** Number of instances with IMDSv1 enabled when the region was listed. */
      readonly nonCompliantBefore: number;
      /** Number of instances that were put into batches. */
      readonly requested: number;
    } & Run);

/** A step as a message of the scan queue. */
export function toScanMessage({ account, region, startedAt, ...detail }: ScanStep): object {
  return { source: SOURCE, 'detail-type': DETAIL_TYPE, account, region, time: startedAt.toISOString(), detail };
}

/**
 * The step in a message of the scan queue, or what is wrong with it. The event of the schedule is a start.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function parseScan(message: Json): ScanStep | string {
  const envelope = readEnvelope(message);
  if (typeof envelope === 'string') return envelope;
  const { account, region, occurredAt: startedAt } = envelope;
  const run = { account, region, startedAt };
  if (text(message, 'detail-type') === 'Scheduled Event') return { ...run, step: 'start' };
  if (text(message, 'source') !== SOURCE || text(message, 'detail-type') !== DETAIL_TYPE) return 'not a step of a scan';
  const detail = at(message, 'detail');
  const step = text(detail, 'step') ?? '';
  switch (step) {
    case 'start':
    case 'region':
      return { ...run, step };
    case 'batch': {
      const ids = list(detail, 'instanceIds').map((id) => (typeof id === 'string' ? toInstanceId(id) : undefined));
      const instanceIds = ids.filter((id) => id !== undefined);
      if (instanceIds.length === 0 || instanceIds.length < ids.length)
        return 'a batch contains something that is not an instance id';
      return { ...run, step: 'batch', index: count(detail, 'index'), instanceIds };
    }
    case 'summary':
      return {
        ...run,
        step: 'summary',
        nonCompliantBefore: count(detail, 'nonCompliantBefore'),
        requested: count(detail, 'requested'),
      };
    default:
      return 'not a known step of a scan';
  }
}

/** A count, or 0 for anything else: no decision about an instance depends on it. */
function count(detail: Json, name: string): number {
  const value = at(detail, name);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
