import { HEALTH_MESSAGE, SOURCE } from '../contract.ts';
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

/** Check the deployment. */
interface HealthStep {
  readonly step: 'health';
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
      /** Ids of the instances that were put into batches: all of them, or as many as fit into a message. */
      readonly requestedIds: readonly string[];
      /** Keys of launch sources of which nothing more is changed, because calls are rejected; absent if there are none. */
      readonly stopped?: readonly string[];
    } & Run);

/**
 * Ids in a summary: SQS accepts 256 KiB.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export const REQUESTED_IDS = 10_000;

/** A step as a message of the scan queue. */
export function toScanMessage({ account, region, startedAt, ...detail }: ScanStep): object {
  return { source: SOURCE, 'detail-type': DETAIL_TYPE, account, region, time: startedAt.toISOString(), detail };
}

/**
 * The step in a message of the scan queue, or what is wrong with it. The event of the schedule is a start.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function parseScan(message: Json): ScanStep | HealthStep | string {
  if (text(message, 'source') === SOURCE && text(message, 'detail-type') === HEALTH_MESSAGE['detail-type'])
    return { step: 'health' };
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
      const instanceIds = idsIn(detail, 'instanceIds');
      if (instanceIds.length === 0 || instanceIds.length < list(detail, 'instanceIds').length)
        return 'a batch contains something that is not an instance id';
      return { ...run, step: 'batch', index: count(detail, 'index'), instanceIds };
    }
    case 'summary': {
      const stopped = list(detail, 'stopped').filter((key) => typeof key === 'string');
      const requestedIds = idsIn(detail, 'requestedIds');
      return { ...run, step: 'summary', requestedIds, ...(stopped.length > 0 && { stopped }) };
    }
    default:
      return 'not a known step of a scan';
  }
}

const idsIn = (detail: Json, name: string): string[] =>
  list(detail, name).flatMap((id) => toInstanceId(typeof id === 'string' ? id : undefined) ?? []);

/** A count, or 0 for anything else: no decision about an instance depends on it. */
function count(detail: Json, name: string): number {
  const value = at(detail, name);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
