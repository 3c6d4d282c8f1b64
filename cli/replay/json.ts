import type { Policy } from '../../lambda/core/decide.ts';
import { clean } from '../../lambda/core/text.ts';
import { cleanTexts } from '../audit/row.ts';
import type { Io } from '../shared/io.ts';
import type { Replayed, ReplayedInstance } from './judge.ts';
import type { Totals } from './totals.ts';

/** The schema of the JSON document, in its `schema` field. Fields are only ever added to it. */
const REPLAY_SCHEMA = 'imdsv2-enforcer.replay/v1';

/** The JSON document of `imdsv2 replay --json`, with sanitized text, written while files are read. */
export class JsonReplay {
  readonly #io: Io;
  #separator = '';

  public constructor(policy: Policy, io: Io) {
    this.#io = io;
    io.out(`${JSON.stringify({ schema: REPLAY_SCHEMA, policy }).slice(0, -1)},"events":[`);
  }

  public add(replayed: Replayed): void {
    this.#io.out(this.#separator + JSON.stringify(toJson(replayed)));
    this.#separator = ',';
  }

  public end({ files, items, triggers, decisions, instancesToFind, notUnderstood, unreadable }: Totals): void {
    const rest = {
      files,
      items,
      triggers: Object.fromEntries(triggers),
      decisions: Object.fromEntries(decisions),
      instancesToFind,
      notUnderstood,
      problems: unreadable.map(({ path, problems }) => ({ file: path, problems })),
    };
    this.#io.out(`],${JSON.stringify(rest).slice(1)}`);
  }
}

function toJson({ instances, eventId, region, ...replayed }: Replayed): object {
  return {
    ...replayed,
    eventId: eventId === undefined ? undefined : clean(eventId),
    region: region === undefined ? undefined : clean(region),
    instances: instances.map(toInstance),
  };
}

function toInstance({ recorded, decision, ...instance }: ReplayedInstance): object {
  return {
    ...instance,
    recorded: cleanTexts(recorded),
    decision: decision === undefined ? undefined : cleanTexts(decision),
  };
}
