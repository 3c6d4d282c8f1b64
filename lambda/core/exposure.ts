import { isFirstLaunch, isImdsv1Enabled, type Snapshot } from './instance.ts';
import type { Context, Proof, Recorded, RequestedOptions } from './target.ts';
import type { Measurement, UsageWindow } from './usage.ts';

/** The two metrics of an instance. They exclude each other. */
export interface OptionHistory {
  /** `MetadataNoToken`: has points, zeros included, while tokens are optional. */
  readonly noToken: Measurement;
  /** `MetadataNoTokenRejected`: has points, zeros included, while tokens are required. */
  readonly rejected: Measurement;
}

const MINUTE = 60_000;

/** The period of EC2's metrics under basic monitoring. */
const PERIOD = 5 * MINUTE;

/** Hours before a call that are read. */
const HOURS = 3;

/**
 * How long before a call the last point of `MetadataNoToken` may end and still prove that IMDSv1 was enabled: points
 * are 5 to 10 minutes late. An older one proves nothing, because IMDS may have been switched off since, or CloudWatch
 * is late.
 */
const RECENT = 60 * MINUTE;

/** An instance that was running for this long before a call has points of one of the metrics, unless IMDS is off. */
const MEASURED_AFTER = 30 * MINUTE;

/** The time span of which the metrics are read to prove what was before some calls. */
export function windowBefore(calls: readonly Date[]): UsageWindow {
  const times = calls.map((call) => call.getTime());
  const from = Math.floor((Math.min(...times) - HOURS * 60 * MINUTE) / PERIOD) * PERIOD;
  return { from: new Date(from), to: new Date(Math.max(...times)), periodSeconds: PERIOD / 1000 };
}

/**
 * What EC2's metrics prove about an instance right before a call.
 *
 * The later of the last points decides. In a period with points of both, tokens were required for a part of it, so
 * IMDSv1 was not enabled all the time. Three kinds of points do not prove that IMDSv1 was enabled: those of the first
 * 15 minutes after the launch, when the exposure was new; those before the last start, because options can change while
 * an instance is stopped; and old ones.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
 */
export function exposureBefore({ noToken, rejected }: OptionHistory, snapshot: Snapshot, call: Date): Proof {
  const { state, launchTime } = snapshot;
  if (state !== 'running' || launchTime === undefined || !noToken.complete || !rejected.complete) return 'unknown';
  const before = call.getTime();
  const enabled = lastEnd(noToken, before);
  const required = lastEnd(rejected, before);
  if (required > -Infinity && required >= enabled) return 'imdsv2-required';
  if (enabled === -Infinity) return launchTime.getTime() <= before - MEASURED_AFTER ? 'imds-off' : 'unknown';
  const isProof =
    enabled >= before - RECENT &&
    enabled > launchTime.getTime() &&
    !isFirstLaunch(snapshot, new Date(enabled - PERIOD));
  return isProof ? 'imdsv1-enabled' : 'unknown';
}

/** When the last period with a point ended, within the hours before a time; `-Infinity` if there is none. */
function lastEnd({ points }: Measurement, before: number): number {
  const ends = points.map(({ at }) => at.getTime() + PERIOD);
  return Math.max(...ends.filter((end) => end <= before && end > before - HOURS * 60 * MINUTE));
}

/**
 * Whether the exposure of an instance with IMDSv1 enabled is new. If that is not known, it is existing, so that nothing
 * is changed on a guess, unless the call itself asked for IMDSv1.
 */
export function isNewExposure(snapshot: Snapshot, { trigger, recorded, occurredAt }: Context): boolean {
  switch (trigger.exposure) {
    case 'new':
      // If the call removed all tags, nothing says that the instance was ever exempt.
      return recorded?.allTags !== true;
    case 'new-on-first-launch':
      return isFirstLaunch(snapshot, occurredAt);
    case 'new-by-call':
      return isFirstLaunch(snapshot, occurredAt) || isNewByCall(recorded);
    case 'existing':
    case undefined:
      return false;
  }
}

/** Whether a call exposed an instance: what was before it is proven, or else assumed from what it asked for. */
function isNewByCall(recorded: Recorded | undefined): boolean {
  switch (recorded?.before ?? 'unknown') {
    case 'imdsv1-enabled':
      return false;
    case 'imdsv2-required':
    case 'imds-off':
      return true;
    case 'unknown':
      // The documented way to change another option enables IMDS, too, so that is usually no more than it says.
      return requestOf(recorded) !== 'other-options';
  }
}

/** What a call asked for. An older record has only the options. */
function requestOf(recorded: Recorded | undefined): RequestedOptions {
  return recorded?.requested ?? (recorded?.HttpTokens === 'optional' ? 'optional-tokens' : 'other-options');
}

/**
 * Whether the metrics before a call can show that its exposure is new, or that it is not.
 *
 * On an instance that is not running, they prove nothing. Launches never depend on them.
 */
export function needsProof(snapshot: Snapshot, { trigger, recorded, occurredAt }: Context): boolean {
  const { state, awsManaged, options } = snapshot;
  if (trigger.exposure !== 'new-by-call' || recorded?.before !== undefined) return false;
  if (state !== 'running' || awsManaged || !isImdsv1Enabled(options)) return false;
  return !isFirstLaunch(snapshot, occurredAt);
}

/**
 * The context as it applies to an instance: if a call or a launch record exposed nothing new, the traits that its
 * trigger has for that case.
 */
export function contextFor(snapshot: Snapshot, context: Context): Context {
  const { onExisting } = context.trigger;
  if (onExisting === undefined || isNewExposure(snapshot, context)) return context;
  return { ...context, trigger: onExisting };
}
