import { TAG } from '../contract.ts';
import { FailureError } from '../core/failure.ts';
import type { MetadataOptions, Snapshot } from '../core/instance.ts';
import { type AccountDefaults, isReachable, type Obstacle, obstacleTo } from '../core/rollback.ts';
import type { AllowingWriter, ExemptionWriter, InstanceReader, Time } from './ports.ts';
import { attempt, withRetries } from './retry.ts';

/** The instance that is to answer IMDSv1 again, until when and why. */
export interface RollbackRequest {
  readonly region: string;
  readonly instanceId: string;
  /** Last day of the exemption. */
  readonly until: string;
  readonly reason: string;
}

/** What a rollback needs from the outside. */
export interface RollbackPorts {
  readonly reader: InstanceReader;
  readonly allowing: AllowingWriter;
  readonly exemptions: ExemptionWriter;
  readonly time: Time;
}

/** What would come of a rollback, as far as one can know beforehand. */
export type Prospect =
  | { readonly possible: true; readonly snapshot: Snapshot }
  | { readonly possible: false; readonly obstacle: Obstacle | 'gone'; readonly defaults: AccountDefaults };

/** What came of it. */
export type RollbackResult =
  /** IMDSv1 was reachable before: only the exemption was written. */
  | { readonly status: 'exempted' }
  | { readonly status: 'allowed'; readonly after: MetadataOptions }
  /** The exemption was written and IMDSv1 was not allowed. */
  | { readonly status: 'half'; readonly failure: FailureError };

/** Pauses between looks at a tag that EC2 does not show yet, in seconds. */
const PAUSES = [0, 1, 2, 4, 8, 16];

/**
 * Says whether a rollback can work, without changing anything.
 *
 * @throws FailureError if that cannot be found out, or if EC2 would not let us.
 */
export async function foresee(
  { region, instanceId }: Pick<RollbackRequest, 'region' | 'instanceId'>,
  { reader, allowing, time }: Pick<RollbackPorts, 'reader' | 'allowing' | 'time'>,
): Promise<Prospect> {
  const [snapshot] = await withRetries(() => reader.describe(region, [instanceId]), time);
  if (snapshot === undefined) return { possible: false, obstacle: 'gone', defaults: {} };
  const defaults = await withRetries(() => allowing.defaults(region), time);
  const obstacle = obstacleTo(snapshot, defaults);
  if (obstacle !== undefined) return { possible: false, obstacle, defaults };
  if (!isReachable(snapshot.options)) await withRetries(() => allowing.mayAllow(region, instanceId), time);
  return { possible: true, snapshot };
}

/**
 * Allows IMDSv1 again on an instance. The exemption comes first and EC2 must show it, because putting the option back is an event
 * at which we look at the instance.
 *
 * @throws FailureError if nothing was changed.
 */
export async function rollback(
  request: RollbackRequest,
  before: Snapshot,
  ports: RollbackPorts,
): Promise<RollbackResult> {
  const { region, instanceId, until, reason } = request;
  const { exemptions, allowing, time } = ports;
  const granted = await attempt(() => withRetries(() => exemptions.grant(region, [instanceId], until, reason), time));
  if (granted instanceof FailureError) {
    // A call without an answer may have been carried out.
    const now = await look(request, ports);
    if (now instanceof FailureError || !shows(now, request)) throw granted;
    return { status: 'half', failure: granted };
  }
  if (isReachable(before.options)) return { status: 'exempted' };
  const obstacle = await attempt(() => waitForTag(request, ports));
  if (obstacle instanceof FailureError) return { status: 'half', failure: obstacle };
  const after = await attempt(() => withRetries(() => allowing.allow(region, instanceId), time));
  if (!(after instanceof FailureError)) return { status: 'allowed', after };
  const now = await look(request, ports);
  const allowed = now !== undefined && !(now instanceof FailureError) && isReachable(now.options);
  return allowed ? { status: 'allowed', after: now.options } : { status: 'half', failure: after };
}

async function waitForTag(request: RollbackRequest, ports: RollbackPorts): Promise<void> {
  const { time } = ports;
  for (const pause of PAUSES) {
    await time.sleep(pause * 1000);
    if (time.now() >= time.deadline) throw new FailureError('deadline', 'no time was left');
    const now = await look(request, ports);
    if (now instanceof FailureError) throw now;
    if (!shows(now, request)) continue;
    // The change would switch on what somebody has switched off since.
    const obstacle = obstacleTo(now, {});
    if (obstacle !== undefined) throw new FailureError('wrong-state', `it has changed since: ${obstacle}`);
    return;
  }
  throw new FailureError('not-visible', 'EC2 does not show the tag yet');
}

const look = ({ region, instanceId }: RollbackRequest, { reader, time }: RollbackPorts) =>
  attempt(async () => (await withRetries(() => reader.describe(region, [instanceId]), time)).at(0));

const shows = (now: Snapshot | undefined, { until }: RollbackRequest): now is Snapshot =>
  now?.tags.get(TAG.exemptUntil) === until;
