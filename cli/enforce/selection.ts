import type { Filter, FleetReader } from '../../lambda/app/ports/index.ts';
import { UsageError } from '../shared/command.ts';
import { readIds } from '../shared/ids-file.ts';

/** The options that select instances, besides those of Regions. */
export interface SelectionOptions {
  readonly instanceIds?: readonly string[];
  readonly file?: string;
  readonly filter?: readonly Filter[];
}

/** Instances by id, or by filters. */
export interface Selection {
  readonly ids?: readonly string[];
  readonly filters: readonly Filter[];
}

/** @throws UsageError if the file cannot be read, or ids and filters are combined. */
export async function selectionOf({ instanceIds, file, filter = [] }: SelectionOptions): Promise<Selection> {
  if (instanceIds === undefined && file === undefined) return { filters: filter };
  if (filter.length > 0) throw new UsageError('--filter cannot be combined with --instance-ids or --file');
  const fromFile = file === undefined ? [] : await readIds(file);
  return { ids: [...new Set([...(instanceIds ?? []), ...fromFile])], filters: [] };
}

/** Maximum values of a filter. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
const FILTER_VALUES = 200;

/** A reader of only these instances, with as many ids per request as one filter takes. */
export function restrictedTo(ids: readonly string[], fleet: FleetReader): FleetReader {
  return {
    page: async (region, filters, token = '0') => {
      const [from = '', inner] = token.split(/ (.*)/s);
      const start = Number(from);
      const values = ids.slice(start, start + FILTER_VALUES);
      const { snapshots, next } = await fleet.page(region, [...filters, { name: 'instance-id', values }], inner);
      const after = start + FILTER_VALUES;
      if (next !== undefined) return { snapshots, next: `${from} ${next}` };
      return { snapshots, next: after < ids.length ? String(after) : undefined };
    },
  };
}
