import { FailureError } from '../core/failure.ts';
import { isFirstLaunch, type Snapshot } from '../core/instance.ts';
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
 * Without a token they are found by time, and with them what others launched or started in the same minutes: so what existed
 * before is left out, and nobody is named as the caller.
 *
 * @returns the failure that a retry may undo, if there was one.
 */
export async function find(lookup: Lookup, ports: Ports): Promise<FailureError | undefined> {
  const { reader, queue, journal, time } = ports;
  const { account, region, atLeast } = lookup;
  const byTime = lookup.clientToken === undefined;
  const context = byTime ? { ...lookup.context, caller: undefined } : lookup.context;
  let found: readonly Snapshot[] | undefined;
  for (const pause of PAUSES) {
    if (time.now().getTime() + pause * 1000 >= time.deadline.getTime()) break;
    await time.sleep(pause * 1000);
    const read = await attempt(() => persist(() => reader.find(lookup), time));
    if (read instanceof FailureError) return read;
    found = byTime ? read.filter(isFirstLaunch) : read;
    if (found.length >= atLeast) break;
  }
  if (found === undefined) return new FailureError('deadline', 'no time was left to look for a launch without ids');
  const open = found.filter(({ options }) => options.HttpTokens !== 'required' && options.HttpEndpoint !== 'disabled');
  const sightings = open.map(({ instanceId, options }) =>
    toSighting({ account, region, instanceId, context }, options),
  );
  const kept = await attempt(() => persist(() => queue.putSightings(sightings), time));
  if (kept instanceof FailureError) return kept;
  if (found.length >= atLeast) return undefined;
  const missing = `${found.length} of at least ${atLeast} instances of a launch without ids could be found`;
  // By time one cannot tell how many there should be: only the open ones are asked for.
  if (!byTime && isYoung(context, time.now())) return new FailureError('not-visible', missing);
  journal.notUnderstood(context.eventId, missing);
  return undefined;
}
