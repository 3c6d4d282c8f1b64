import type { Io } from './io.ts';

/** The value of a JSON text; `undefined` if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Prints one JSON object, the items of one list as they come, so that they do not stay in memory.
 *
 * @param head the fields before the list.
 */
export function jsonStream(head: object, list: string, io: Pick<Io, 'verbatim'>) {
  let separator = '';
  io.verbatim(`${JSON.stringify(head).slice(0, -1)},"${list}":[`);
  return {
    add: (item: object): void => {
      io.verbatim(separator + JSON.stringify(item));
      separator = ',';
    },
    /** @param fields the fields after the list. */
    end: (fields: object): void => io.verbatim(`],${JSON.stringify(fields).slice(1)}`),
  };
}
