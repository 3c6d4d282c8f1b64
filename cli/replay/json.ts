import type { Policy } from '../../lambda/core/decide.ts';
import { clean } from '../../lambda/core/text.ts';
import { cleanTexts } from '../audit/row.ts';
import type { Io } from '../common/io.ts';
import { jsonStream } from '../common/json.ts';
import type { Replayed, ReplayedInstance } from './judge.ts';
import type { Totals } from './totals.ts';

/** The `schema` field of the JSON document. Fields are only ever added to it. */
const SCHEMA = 'imdsv2-enforcer.replay/v1';

/** The JSON document of `imdsv2 replay --json`, with sanitized text, written while files are read. */
export function jsonReplay(policy: Policy, io: Io) {
  const document = jsonStream({ schema: SCHEMA, policy }, 'events', io);
  return {
    add: (replayed: Replayed): void => document.add(toJson(replayed)),
    end: ({ triggers, unmatched, otherEvents, decisions, unreadable, ...totals }: Totals): void => {
      const { files, items, instancesToFind, notUnderstood } = totals;
      document.end({
        files,
        items,
        triggers: Object.fromEntries(triggers),
        unmatched: Object.fromEntries(unmatched),
        otherEvents: Object.fromEntries(otherEvents),
        decisions: Object.fromEntries(decisions),
        instancesToFind,
        notUnderstood,
        problems: unreadable.map(({ path, problems }) => ({ file: path, problems })),
      });
    },
  };
}

const toJson = ({ instances, eventId, region, ...replayed }: Replayed): object => ({
  ...replayed,
  eventId: eventId && clean(eventId),
  region: region && clean(region),
  instances: instances.map(toInstance),
});

const toInstance = ({ recorded, decision, ...instance }: ReplayedInstance): object => ({
  ...instance,
  recorded: cleanTexts(recorded),
  decision: decision && cleanTexts(decision),
});
