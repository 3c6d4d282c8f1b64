import { SOURCE } from '../contract.ts';
import { toInstanceId } from '../core/target.ts';
import { readEnvelope } from './envelope.ts';
import { at, type Json, list, text } from './json.ts';

const DETAIL_TYPE = 'Scan';

/** One scan of one region. */
export interface Run {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** The scheduled time: it names the run, and says whether it is the first of its day. */
  readonly startedAt: Date;
}

/** A step of a scan. Each is a message on the scan queue; those of one region are taken one after the other. */
export type ScanStep =
  | ({
      /** The schedule rang: ask for a scan of every region. */
      readonly step: 'start';
    } & Run)
  | ({
      /** List what may have to be closed, and ask for it in batchs. */
      readonly step: 'region';
    } & Run)
  | ({
      /** Close what of these should be closed. */
      readonly step: 'batch';
      /** Place among the batchs of the run, from 0. */
      readonly index: number;
      readonly instanceIds: readonly string[];
    } & Run)
  | ({
      /** Count and tell. */
      readonly step: 'summary';
      /** How many instances answered IMDSv1 when the region was listed. */
      readonly nonCompliantBefore: number;
      /** How many of them were put into batchs. */
      readonly requested: number;
    } & Run);

/** What a step looks like on the queue. */
export function toScanMessage({ account, region, startedAt, ...detail }: ScanStep): object {
  return { source: SOURCE, 'detail-type': DETAIL_TYPE, account, region, time: startedAt.toISOString(), detail };
}

/**
 * The step that a message of the scan queue asks for, or what is wrong with it. The schedule's own event is the start.
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
      if (instanceIds.length === 0 || instanceIds.length < ids.length) return 'a batch holds what is no instance id';
      return { ...run, step: 'batch', index: count(detail, 'index'), instanceIds };
    }
    case 'summary':
      return {
        ...run,
        step: 'summary',
        nonCompliantBefore: count(detail, 'nonCompliantBefore'),
        requested: count(detail, 'asked'),
      };
    default:
      return 'no step of a scan that we know';
  }
}

/** Zero for what is no count: it decides nothing about an instance. */
function count(detail: Json, name: string): number {
  const value = at(detail, name);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
