import { TAG } from '../contract.ts';
import { FailureError } from '../core/failure.ts';
import { isFirstLaunch } from '../core/instance.ts';
import type { Lookup } from '../core/target.ts';
import { toFinding } from '../triggers/finding.ts';
import { attempt, withRetries } from './retry.ts';
import type { Ports } from './ports/index.ts';
import { mayStillAppear } from './remediate-instance.ts';

/** The result of a search for the instances of a launch. */
export interface Found {
  /** Ids found in this and earlier searches. A later search skips them. */
  readonly known: readonly string[];
  /** Present if a later search may find more. */
  readonly failure?: FailureError;
}

/**
 * Finds the instances of a launch whose ids CloudTrail omitted, and records the non-compliant ones.
 *
 * The work queue delivers the findings in batches, so a launch of a thousand instances need not fit into one
 * invocation. Instances that EC2 does not return are searched again while the launch is recent; after that they are
 * reported.
 *
 * Without a client token, instances are found by launch time. The result then includes instances that other callers
 * launched or started in the same minutes, so existing instances are left out and no caller is named.
 */
export async function findLaunchedInstances(
  lookup: Lookup,
  ports: Pick<Ports, 'reader' | 'queue' | 'telemetry' | 'time'>,
): Promise<Found> {
  const { reader, queue, telemetry, time } = ports;
  const { account, region, atLeast, known } = lookup;
  const byTime = lookup.clientToken === undefined;
  const context = byTime ? { ...lookup.context, caller: undefined } : lookup.context;
  if (time.now() >= time.deadline) {
    return { known, failure: new FailureError('deadline', 'no time was left to find the instances of a launch') };
  }
  const read = await attempt(() => withRetries(() => reader.find(lookup), time));
  if (read instanceof FailureError) return { known, failure: read };
  const found = read.filter(
    (snapshot) => !known.includes(snapshot.instanceId) && (!byTime || isFirstLaunch(snapshot, context.occurredAt)),
  );
  const findings = found.flatMap(({ instanceId, options, tags }) => {
    // The tag came with the launch, or was set within seconds of it.
    const grantedByCall = tags.has(TAG.exemptUntil);
    const mayBeNonCompliant = options.HttpTokens !== 'required' && options.HttpEndpoint !== 'disabled';
    if (!mayBeNonCompliant && !grantedByCall) return [];
    return [toFinding({ account, region, instanceId, context: { ...context, recorded: { grantedByCall } } }, options)];
  });
  const recorded = await attempt(() => queue.putFindings(findings));
  if (recorded instanceof FailureError) return { known, failure: recorded };
  const all = [...known, ...found.map(({ instanceId }) => instanceId)];
  if (all.length >= atLeast) return { known: all };
  const missing = `found ${all.length} of at least ${atLeast} instances of a launch whose ids CloudTrail omitted`;
  // By time the number is not comparable: the search returns only instances with IMDSv1 enabled.
  if (!byTime && mayStillAppear(context, time.now())) {
    return { known: all, failure: new FailureError('not-visible', missing) };
  }
  telemetry.notUnderstood(context.eventId, missing);
  return { known: all };
}
