import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { contentOf } from '../../cli/replay/content.ts';
import { itemsOf } from '../../cli/replay/items.ts';
import { judgeEvent, judgeInstance } from '../../cli/replay/judge.ts';
import { NOW, policy } from '../support/builders.ts';
import { createTagsEvent, driftEvent, launchEvent, runningEvent } from '../support/events.ts';

/** Reads a file as the command does, and gives how many things were in it. */
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

test('no bytes are too strange', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, packed) => {
      judgeAll(packed ? gzipSync(bytes) : bytes);
    }),
  );
});

test('no JSON is too strange', () => {
  fc.assert(fc.property(fc.json({ maxDepth: 6 }), (json) => void judgeAll(Buffer.from(json))));
});

test('no record is too strange: whatever stands in place of any part of it', () => {
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
      const strange = event.replace(part, () => `${part}${JSON.stringify(value)},"was":`);
      expect(judgeAll(Buffer.from(strange))).toBe(1);
    }),
  );
});
