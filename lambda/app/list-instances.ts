import type { Snapshot } from '../core/instance.ts';
import { withRetries } from './retry.ts';
import type { FleetReader, Filter, Time } from './ports/index.ts';

/**
 * Lists the instances of a region that pass all filters, page by page.
 *
 * Memory does not grow with their number. Transient failures repeat the page, not the whole list.
 *
 * @throws FailureError
 */
export async function* listInstances(
  region: string,
  filters: readonly Filter[],
  fleet: FleetReader,
  time: Time,
): AsyncGenerator<readonly Snapshot[], void, undefined> {
  let token: string | undefined;
  do {
    const page = await withRetries(() => fleet.page(region, filters, token), time);
    yield page.snapshots;
    token = page.next;
  } while (token !== undefined);
}
