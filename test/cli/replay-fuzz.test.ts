import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { contentOf } from '../../cli/replay/content.ts';
import { itemsOf } from '../../cli/replay/items.ts';
import { judgeEvent, judgeInstance } from '../../cli/replay/judge.ts';
import { NOW, policy } from '../support/builders.ts';
import { createTagsEvent, driftEvent, launchEvent, runningEvent } from '../support/events.ts';

/** Replays a file and returns its number of events and instances. */
function judgeAll(bytes: Uint8Array): number {
  let items = 0;
  for (const value of contentOf(bytes).values) {
    for (const item of itemsOf(value)) {
      items += 1;
      if (item.kind === 'event') judgeEvent(item.event, policy());
      if (item.kind === 'instance') judgeInstance(item.instance, policy(), NOW);
    }
  }
  return items;
}

test('accepts any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, compressed) => {
      judgeAll(compressed ? gzipSync(bytes) : bytes);
    }),
  );
});

test('accepts any pieces of records, log events and lines', () => {
  const whole = JSON.stringify(launchEvent().detail);
  const logEvents = JSON.stringify({
    messageType: 'DATA_MESSAGE',
    logEvents: [{ message: whole }, { message: 7 }, null],
  });
  const pieces = [
    whole,
    logEvents,
    '2026-11-22T11:59:20.000Z ',
    '\n',
    '{',
    '}',
    '"',
    '\\',
    '[',
    ',',
    whole.slice(0, 90),
    '{"logEvents":[]}',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      judgeAll(Buffer.from(parts.join('')));
    }),
  );
});

test('reads every record of a sequence without separators, whatever its texts are', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 20 }), { minLength: 2, maxLength: 5 }),
      fc.boolean(),
      (texts, compressed) => {
        const records = texts.map((text, index) => ({ ...launchEvent().detail, eventID: String(index), note: text }));
        const bytes = Buffer.from(records.map((one) => JSON.stringify(one)).join(''));
        expect(judgeAll(compressed ? gzipSync(bytes) : bytes)).toBe(records.length);
      },
    ),
  );
});

test('accepts any JSON', () => {
  fc.assert(fc.property(fc.json({ maxDepth: 6 }), (json) => void judgeAll(Buffer.from(json))));
});

test('accepts events with any value in place of one of their parts', () => {
  const events = [launchEvent(), driftEvent(), createTagsEvent(), runningEvent()].map((event) => JSON.stringify(event));
  const parts = [
    '"responseElements":',
    '"items":',
    '"metadataOptions":',
    '"detail":',
    '"requestParameters":',
    '"account":',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...events), fc.constantFrom(...parts), fc.jsonValue(), (event, part, value) => {
      const changed = event.replace(part, () => `${part}${JSON.stringify(value)},"original":`);
      expect(judgeAll(Buffer.from(changed))).toBe(1);
    }),
  );
});
