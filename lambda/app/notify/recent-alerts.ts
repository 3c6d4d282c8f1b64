import type { Status } from '../../contract.ts';
import type { EventDetail } from '../../core/outcome-event.ts';
import type { OutcomeDetail } from '../../core/outcome-detail.ts';
import { announcesRepeatedDrift, DRIFT_DAY_MS } from '../../core/repeated-drift.ts';
import { subjectOf as preventionSubject } from '../../core/prevention/event-detail.ts';
import { launch } from '../../triggers/launch.ts';
import { running } from '../../triggers/running.ts';
import { launchSourceGroupOf } from '../../core/launch-source-group.ts';

/**
 * For how long the alert about refused launches makes those of the same launch source repetitions: a group that cannot
 * scale out tries again every few minutes, for days.
 */
const REFUSED_MS = 6 * 3_600_000;

/** For how long the alert about a launch makes those about other events of it a repetition. */
const LAUNCH_MS = 30 * 60_000;

/**
 * The subjects of recent alerts, so that the first alert of a subject is sent at once and the others of the window are summarized.
 *
 * It is the memory of one execution environment: if that ends, one more alert is sent at once, that about repeated drift included. No
 * alert is lost.
 */
export class RecentAlerts {
  readonly #window: number;
  readonly #until = new Map<string, number>();
  readonly #launches = new Map<string, number>();
  /** Launch sources whose refused launches were notified. */
  readonly #refused = new Map<string, number>();
  /** Instances whose repeated drift was notified. */
  readonly #repeated = new Map<string, number>();

  /** @param windowMinutes 0 if nothing is summarized. */
  public constructor(windowMinutes: number) {
    this.#window = windowMinutes * 60_000;
  }

  /**
   * Whether an alert about the same subject was sent within the window.
   *
   * After repeated drift was notified, so was what reverts it for a day, unless nothing is summarized.
   */
  public has(detail: EventDetail, now: Date): boolean {
    if (isOutcome(detail) && announcesRepeatedDrift(detail)) return false;
    if (this.#window > 0 && isOutcome(detail) && isReverted(detail) && this.hasRepeatedDrift(detail, now)) return true;
    const subject = subjectOf(detail);
    return subject !== undefined && (this.#until.get(subject) ?? 0) > now.getTime();
  }

  /** Whether repeated drift of the instance was notified within a day. */
  public hasRepeatedDrift(detail: OutcomeDetail, now: Date): boolean {
    return (this.#repeated.get(instanceOf(detail)) ?? 0) > now.getTime();
  }

  /** Records an alert that was sent. */
  public add(detail: EventDetail, now: Date): void {
    const subject = subjectOf(detail);
    for (const [key, until] of this.#until) if (until <= now.getTime()) this.#until.delete(key);
    if (subject !== undefined && !this.has(detail, now)) this.#until.set(subject, now.getTime() + this.#window);
    for (const [key, until] of this.#repeated) if (until <= now.getTime()) this.#repeated.delete(key);
    if (isOutcome(detail) && announcesRepeatedDrift(detail)) {
      this.#repeated.set(instanceOf(detail), now.getTime() + DRIFT_DAY_MS);
    }
    for (const [key, until] of this.#launches) if (until <= now.getTime()) this.#launches.delete(key);
    for (const [key, until] of this.#refused) if (until <= now.getTime()) this.#refused.delete(key);
    for (const source of refusedIn(detail))
      if (!this.#refused.has(source)) this.#refused.set(source, now.getTime() + REFUSED_MS);
    const launched = announcedBy(detail);
    if (launched !== undefined) this.#launches.set(launched, now.getTime() + LAUNCH_MS);
  }

  /**
   * The events without those that repeat another one: one of the same events, or of an alert that was sent a moment ago.
   *
   * A running-state event repeats the record of the launch. So does an event that finds the launch remediated, such as the
   * record of a call that was made again with its client token. Where the other one was lost, nothing else says it. A
   * refused launch repeats one of the same launch source.
   */
  public withoutRepeats<T extends { readonly detail: EventDetail }>(received: readonly T[], now: Date): readonly T[] {
    const launches = new Set(received.map(({ detail }) => announcedBy(detail)));
    const isRecent = (until: ReadonlyMap<string, number>, key: string) => (until.get(key) ?? 0) > now.getTime();
    return received.filter(({ detail }) => {
      const refused = refusedIn(detail);
      if (refused.length > 0 && refused.every((source) => isRecent(this.#refused, source))) return false;
      const repeated = repeatedBy(detail);
      return repeated === undefined || !(launches.has(repeated) || isRecent(this.#launches, repeated));
    });
  }
}

/** The launch sources of refused launches; none if the event is about anything else, too. */
function refusedIn(detail: EventDetail): readonly string[] {
  if (detail.schema !== 'imdsv2-enforcer.prevention/v1' || detail.test === true) return [];
  const { account, region, events } = detail;
  if (events.some(({ kind }) => kind !== 'launch-refused')) return [];
  return events.map((event) => JSON.stringify([account, region, preventionSubject(event)]));
}

const isOutcome = (detail: EventDetail): detail is OutcomeDetail => detail.schema === 'imdsv2-enforcer.outcome/v1';

/** Whether drift was reverted, so that IMDSv1 is not enabled any more. */
const isReverted = ({ drift, status }: OutcomeDetail): boolean =>
  drift && (status === 'remediated' || status === 'already-remediated');

const instanceOf = ({ account, region, instanceId }: OutcomeDetail): string =>
  JSON.stringify([account, region, instanceId]);

/** What an event says about the launch of an instance that others may repeat. */
function announcedBy(detail: EventDetail): string | undefined {
  if (!isOutcome(detail)) return undefined;
  const { trigger, drift, status } = detail;
  const isAnnounced = status === 'remediated' ? !drift : trigger === launch.name && isUnchanged(status);
  return isAnnounced ? launchKeyOf(detail, status) : undefined;
}

/** What an event says about the launch of an instance if another one said it before. */
function repeatedBy(detail: EventDetail): string | undefined {
  if (!isOutcome(detail)) return undefined;
  const { trigger, status } = detail;
  if (trigger === running.name && isUnchanged(status)) return launchKeyOf(detail, status);
  const isOfLaunch = trigger === running.name || trigger === launch.name;
  return isOfLaunch && status === 'already-remediated' ? launchKeyOf(detail, 'remediated') : undefined;
}

const isUnchanged = (status: Status): boolean =>
  status === 'exempt' || status === 'needs-review' || status === 'would-remediate';

const launchKeyOf = (detail: OutcomeDetail, status: Status): string => JSON.stringify([instanceOf(detail), status]);

/**
 * What an alert is about: of drift, the instance; of anything else, the launch source and what happened. Absent for what is always
 * sent at once: what failed for good, workload impact, and instances without a launch source.
 */
function subjectOf(detail: EventDetail): string | undefined {
  if (!isOutcome(detail) || (detail.severity === 'CRITICAL' && !announcesRepeatedDrift(detail))) return undefined;
  const { account, region, instanceId, drift, status, reason, trigger } = detail;
  if (drift) return JSON.stringify([account, region, instanceId, status, trigger]);
  const { kind, key } = launchSourceGroupOf(detail.launchSource);
  return kind === 'none' ? undefined : JSON.stringify([account, region, key, status, reason, trigger]);
}
