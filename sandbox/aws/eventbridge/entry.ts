import { wholeSeconds } from '../cloudtrail/record.ts';
import type { BusEvent } from '../cloudtrail/recorder.ts';
import { text, texts } from '../wire/params.ts';

/** The error of a PutEvents entry. */
export interface Refusal {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
const MOST_BYTES = 1024 * 1024;
const REQUIRED = ['Source', 'DetailType', 'Detail'] as const;

/** The event of a PutEvents entry, or its error. */
export function readEntry(
  entry: unknown,
  { account, region, at }: { readonly account: string; readonly region: string; readonly at: number },
): Omit<BusEvent, 'id'> | Refusal {
  const missing = REQUIRED.find((name) => (text(entry, name) ?? '') === '');
  if (missing !== undefined) {
    return refusal('InvalidArgument', `Parameter ${missing} is not valid. Reason: ${missing} is a required argument.`);
  }
  const source = text(entry, 'Source') ?? '';
  // Sources that begin with `aws.` are reserved for AWS services.
  if (source.startsWith('aws.')) return refusal('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const json = text(entry, 'Detail') ?? '';
  if (Buffer.byteLength(json) > MOST_BYTES) return refusal('InvalidArgument', 'Total size of the entry is too large');
  const detail = detailIn(json);
  if (detail === undefined) return refusal('MalformedDetail', 'Detail is malformed.');
  const time = text(entry, 'Time');
  return {
    version: '0',
    'detail-type': text(entry, 'DetailType') ?? '',
    source,
    account,
    time: wholeSeconds(time === undefined ? at : Number(time) * 1000),
    region,
    resources: texts(entry, 'Resources'),
    detail,
  };
}

const refusal = (ErrorCode: string, ErrorMessage: string): Refusal => ({ ErrorCode, ErrorMessage });

function detailIn(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
