import { TAG } from '../contract.ts';
import { FailureError } from '../core/failure.ts';
import type { MetadataOptions, Snapshot } from '../core/instance.ts';
import { type AccountDefaults, isImdsv1Enabled, type Obstacle, obstacleTo } from '../core/rollback.ts';
import type { ExemptionWriter, InstanceReader, RollbackWriter, Time } from './ports/index.ts';
import { attempt, withRetries } from './retry.ts';

/** The instance on which IMDSv1 is to be allowed again, and its exemption. */
export interface RollbackRequest {
  readonly region: string;
  readonly instanceId: string;
  /** Last day of the exemption, as `YYYY-MM-DD`. */
  readonly until: string;
  readonly reason: string;
}

/** What a rollback needs from the outside. */
export interface RollbackPorts {
  readonly reader: InstanceReader;
  readonly writer: RollbackWriter;
  readonly exemptions: ExemptionWriter;
  readonly time: Time;
}

/** Whether a rollback is possible, as far as that is known before it begins. */
export type RollbackCheck =
  | {
      readonly possible: true;
      readonly snapshot: Snapshot;
      /** Why the account defaults could not be read, so that `HttpTokensEnforced` may prevent the rollback. */
      readonly unreadDefaults?: FailureError;
    }
  | { readonly possible: false; readonly obstacle: Obstacle | 'gone'; readonly defaults: AccountDefaults };

/** The result of a rollback. */
export type RollbackResult =
  /** IMDSv1 was enabled before: only the exemption was written. */
  | { readonly status: 'exempted' }
  | { readonly status: 'allowed'; readonly after: MetadataOptions }
  /** The exemption was written, but IMDSv1 was not allowed. */
  | { readonly status: 'partial'; readonly failure: FailureError };

/** Seconds before each look at a tag that EC2 does not show yet. */
const PAUSES = [0, 1, 2, 4, 8, 16];

/**
 * Checks whether a rollback is possible. Changes nothing.
 *
 * The account defaults only forecast what EC2 would refuse, so a rollback does without them.
 *
 * @throws FailureError if EC2 would refuse it, or if that cannot be determined.
 */
export async function checkRollback(
  { region, instanceId }: Pick<RollbackRequest, 'region' | 'instanceId'>,
  { reader, writer, time }: Pick<RollbackPorts, 'reader' | 'writer' | 'time'>,
): Promise<RollbackCheck> {
  const [snapshot] = await withRetries(() => reader.describe(region, [instanceId]), time);
  if (snapshot === undefined) return { possible: false, obstacle: 'gone', defaults: {} };
  const read = await attempt(() => withRetries(() => writer.defaults(region), time));
  if (read instanceof FailureError && read.kind === 'deadline') throw read;
  const [defaults, unread] = read instanceof FailureError ? [{}, { unreadDefaults: read }] : [read, {}];
  const obstacle = obstacleTo(snapshot, defaults);
  if (obstacle !== undefined) return { possible: false, obstacle, defaults };
  if (!isImdsv1Enabled(snapshot.options)) await withRetries(() => writer.checkAllowed(region, instanceId), time);
  return { possible: true, snapshot, ...unread };
}

/**
 * Allows IMDSv1 again on an instance.
 *
 * The exemption is written first, and EC2 must show it before IMDSv1 is allowed: that call is drift, and the function
 * would revert it on an instance that is not exempt.
 *
 * @throws FailureError if nothing was changed.
 */
export async function rollback(
  request: RollbackRequest,
  before: Snapshot,
  ports: RollbackPorts,
): Promise<RollbackResult> {
  const { region, instanceId, until, reason } = request;
  const { exemptions, writer, time } = ports;
  const granted = await attempt(() => withRetries(() => exemptions.grant(region, [instanceId], until, reason), time));
  if (granted instanceof FailureError) {
    // EC2 may have carried out a call whose response was lost.
    const current = await describe(request, ports);
    if (current instanceof FailureError || !hasExemption(current, request)) throw granted;
    return { status: 'partial', failure: granted };
  }
  if (isImdsv1Enabled(before.options)) return { status: 'exempted' };
  const obstacle = await attempt(() => waitForTag(request, ports));
  if (obstacle instanceof FailureError) return { status: 'partial', failure: obstacle };
  const after = await attempt(() => withRetries(() => writer.allow(region, instanceId), time));
  if (!(after instanceof FailureError)) return { status: 'allowed', after };
  const current = await describe(request, ports);
  const allowed = current !== undefined && !(current instanceof FailureError) && isImdsv1Enabled(current.options);
  return allowed ? { status: 'allowed', after: current.options } : { status: 'partial', failure: after };
}

async function waitForTag(request: RollbackRequest, ports: RollbackPorts): Promise<void> {
  const { time } = ports;
  for (const pause of PAUSES) {
    await time.sleep(pause * 1000);
    if (time.now() >= time.deadline) throw new FailureError('deadline', 'no time was left');
    const current = await describe(request, ports);
    if (current instanceof FailureError) throw current;
    if (!hasExemption(current, request)) continue;
    // The change would switch IMDS on if it was switched off in the meantime.
    const obstacle = obstacleTo(current, {});
    if (obstacle !== undefined) throw new FailureError('wrong-state', `the instance has changed: ${obstacle}`);
    return;
  }
  throw new FailureError('not-visible', 'EC2 does not show the tag yet');
}

const describe = ({ region, instanceId }: RollbackRequest, { reader, time }: RollbackPorts) =>
  attempt(async () => (await withRetries(() => reader.describe(region, [instanceId]), time)).at(0));

const hasExemption = (current: Snapshot | undefined, { until }: RollbackRequest): current is Snapshot =>
  current?.tags.get(TAG.exemptUntil) === until;
