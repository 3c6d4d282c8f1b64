import { FailureError } from '../core/failure.ts';
import type { Snapshot } from '../core/instance.ts';
import type { Lookup } from '../core/target.ts';
import { toSighting } from '../triggers/sighting.ts';
import { attempt, persist } from './persist.ts';
import type { Ports } from './ports.ts';
import { isYoung } from './settle.ts';

const PAUSES = [0, 2, 4, 8];

/**
 * Finds the instances of a launch whose ids CloudTrail left out, and keeps a sighting of each that may answer IMDSv1. The queue
 * then takes them up in batches, so that a launch of a thousand does not have to fit into one invocation.
 *
 * Instances that cannot be found are asked for again by a retry while the launch is young; after that they are reported.
 *
 * @returns the failure that a retry may undo, if there was one.
 */
export async function find(lookup: Lookup, ports: Ports): Promise<FailureError | undefined> {
  const { reader, queue, journal, time } = ports;
  let found: readonly Snapshot[] = [];
  for (const pause of PAUSES) {
    if (time.now().getTime() + pause * 1000 >= time.deadline.getTime()) break;
    await time.sleep(pause * 1000);
    const read = await attempt(() => persist(() => reader.find(lookup), time));
    if (read instanceof FailureError) return read;
    found = read;
    if (found.length >= lookup.atLeast) break;
  }
  const open = found.filter(({ options }) => options.HttpTokens !== 'required' && options.HttpEndpoint !== 'disabled');
  const { account, region, context, atLeast } = lookup;
  const sightings = open.map(({ instanceId, options }) =>
    toSighting({ account, region, instanceId, context }, options),
  );
  const kept = await attempt(() => persist(() => queue.putSightings(sightings), time));
  if (kept instanceof FailureError) return kept;
  if (found.length >= atLeast) return undefined;
  const missing = `${found.length} of at least ${atLeast} instances of a launch without ids could be found`;
  if (isYoung(context, time.now())) return new FailureError('not-visible', missing);
  journal.notUnderstood(context.eventId, missing);
  return undefined;
}
