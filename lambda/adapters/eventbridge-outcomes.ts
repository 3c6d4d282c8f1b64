import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import type { OutcomeBus } from '../app/ports/index.ts';
import type { OutcomeEvent } from '../core/outcome-event.ts';
import { failing, refusedOf } from './failures.ts';

/**
 * Most entries and most bytes of one call.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
const ENTRIES = 10;
const BYTES = 250 * 1024;

/** Calls at the same time: the outcomes of a whole batch of events take a fraction of a second. */
const CONCURRENCY = 20;

/** Puts events on a bus. Needs `events:PutEvents` on it. @param busName name or ARN. */
export function eventBridgeOutcomes(client: EventBridgeClient, busName: string): OutcomeBus {
  const putBatch = async (batch: readonly Prepared[]): Promise<Prepared[]> => {
    const command = new PutEventsCommand({ Entries: batch.map(({ entry }) => entry) });
    const { Entries: results = [] } = await failing(client.send(command));
    // EventBridge may refuse single entries; the results are in the order of the entries.
    return batch.filter((_, index) => results[index]?.EventId === undefined);
  };
  return {
    put: async (events) => {
      const batches = batchesOf(events.map((event) => ({ event, entry: toEntry(event, busName) })));
      return (await refusedOf(batches, putBatch, CONCURRENCY)).map(({ event }) => event);
    },
  };
}

function toEntry(
  { source, detailType, time, resources, detail }: OutcomeEvent,
  busName: string,
): PutEventsRequestEntry {
  return {
    EventBusName: busName,
    Source: source,
    DetailType: detailType,
    Time: time,
    Resources: [...resources],
    Detail: JSON.stringify(detail),
  };
}

interface Prepared {
  readonly event: OutcomeEvent;
  readonly entry: PutEventsRequestEntry;
}

function batchesOf(prepared: readonly Prepared[]): Prepared[][] {
  const batches: Prepared[][] = [];
  let bytes = 0;
  for (const one of prepared) {
    const size = sizeOf(one.entry);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === ENTRIES || bytes + size > BYTES) {
      batches.push([one]);
      bytes = size;
    } else {
      batch.push(one);
      bytes += size;
    }
  }
  return batches;
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
function sizeOf({ Source = '', DetailType = '', Detail = '', Resources = [] }: PutEventsRequestEntry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  // The time takes 14 bytes.
  return texts.reduce((sum, text) => sum + new TextEncoder().encode(text).length, 14);
}
