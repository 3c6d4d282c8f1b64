import type { BusEvent } from './events.ts';
import { imdsv2 } from './cli.ts';

let ids = 0;

/** The event with a unique id: `replay` skips repeated ids. */
export const unique = (event: BusEvent): BusEvent => {
  ids += 1;
  const id = `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`;
  return { ...event, id, detail: { ...event.detail, eventID: id } };
};

/** The CloudTrail record of an event, with a unique id. */
export const record = (event: BusEvent): BusEvent['detail'] => unique(event).detail;

/** One event in the JSON document of `replay`. */
export interface Replayed {
  readonly trigger: string;
  readonly matched: boolean;
  readonly at?: string;
  readonly region?: string;
  readonly instancesToFind: number;
  readonly problems: readonly string[];
  readonly instances: readonly {
    readonly instanceId: string;
    readonly recorded: Readonly<Record<string, string>>;
    readonly decision?: { readonly kind: string; readonly problem?: string; readonly reason?: string };
    readonly row?: number;
    readonly assumptions: readonly string[];
  }[];
}

/** The JSON document of `replay`. */
export interface ReplayDocument {
  readonly schema: string;
  readonly events: readonly Replayed[];
  readonly items: number;
  readonly files: number;
  readonly triggers: Readonly<Record<string, { readonly events: number; readonly matched: number }>>;
  readonly unmatched: Readonly<Record<string, number>>;
  readonly otherEvents: Readonly<Record<string, number>>;
  readonly decisions: Readonly<Record<string, number>>;
  readonly problems: readonly { readonly file: string; readonly problems: readonly string[] }[];
}

/** Runs `imdsv2 replay --json`. */
export async function replay(...args: readonly string[]) {
  const { out, notes, exitCode } = await imdsv2(['replay', ...args, '--json']);
  return { document: JSON.parse(out.join('')) as ReplayDocument, notes, exitCode };
}
