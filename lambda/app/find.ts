import { FailureError } from '../core/failure.ts';
import { isFirstLaunch } from '../core/instance.ts';
import type { Lookup } from '../core/target.ts';
import { toFinding } from '../triggers/finding.ts';
import { attempt, withRetries } from './retry.ts';
import type { Ports } from './ports.ts';
import { isYoung } from './settle.ts';

/** What a look for the instances of a launch came to. */
export interface Found {
  /** Ids of the instances found, now and before: a later look has nothing to do with them. */
  readonly known: readonly string[];
  /** What a later look may undo. */
  readonly failure?: FailureError;
}

/**
 * Finds the instances of a launch whose ids CloudTrail left out, and keeps a finding of each that may answer IMDSv1. The queue
 * then takes them up in batches, so that a launch of a thousand does not have to fit into one invocation.
 *
 * Instances that cannot be found are asked for again by a later look while the launch is young; after that they are reported.
 *
 * Without a token they are found by time, and with them what others launched or started in the same minutes: so what existed
 * before is left out, and nobody is named as the caller.
 */
export async function find(lookup: Lookup, ports: Ports): Promise<Found> {
  const { reader, queue, telemetry, time } = ports;
  const { account, region, atLeast, known } = lookup;
  const byTime = lookup.clientToken === undefined;
  const context = byTime ? { ...lookup.context, caller: undefined } : lookup.context;
  const read = await attempt(() => withRetries(() => reader.find(lookup), time));
  if (read instanceof FailureError) return { known, failure: read };
  const found = (byTime ? read.filter(isFirstLaunch) : read).filter(({ instanceId }) => !known.includes(instanceId));
  const open = found.filter(({ options }) => options.HttpTokens !== 'required' && options.HttpEndpoint !== 'disabled');
  const findings = open.map(({ instanceId, options }) => toFinding({ account, region, instanceId, context }, options));
  const kept = await attempt(() => withRetries(() => queue.putFindings(findings), time));
  if (kept instanceof FailureError) return { known, failure: kept };
  const all = [...known, ...found.map(({ instanceId }) => instanceId)];
  if (all.length >= atLeast) return { known: all };
  const missing = `${all.length} of at least ${atLeast} instances of a launch without ids could be found`;
  // By time one cannot tell how many there should be: only the open ones are asked for.
  if (!byTime && isYoung(context, time.now())) {
    return { known: all, failure: new FailureError('not-visible', missing) };
  }
  telemetry.notUnderstood(context.eventId, missing);
  return { known: all };
}
