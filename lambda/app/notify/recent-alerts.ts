import type { EventDetail } from '../../core/outcome-event.ts';
import { launchSourceGroupOf } from '../../core/launch-source-group.ts';

/**
 * The subjects of recent alerts, so that the first alert of a subject is sent at once and the others of the window are summarized.
 *
 * It is the memory of one execution environment: if that ends, one more alert is sent at once. No alert is lost.
 */
export class RecentAlerts {
  readonly #window: number;
  readonly #until = new Map<string, number>();

  /** @param windowMinutes 0 if nothing is summarized. */
  public constructor(windowMinutes: number) {
    this.#window = windowMinutes * 60_000;
  }

  /** Whether an alert about the same subject was sent within the window. */
  public has(detail: EventDetail, now: Date): boolean {
    const subject = subjectOf(detail);
    return subject !== undefined && (this.#until.get(subject) ?? 0) > now.getTime();
  }

  /** Records an alert that was sent. */
  public add(detail: EventDetail, now: Date): void {
    const subject = subjectOf(detail);
    for (const [key, until] of this.#until) if (until <= now.getTime()) this.#until.delete(key);
    if (subject !== undefined && !this.has(detail, now)) this.#until.set(subject, now.getTime() + this.#window);
  }
}

/**
 * What an alert is about: of drift, the instance; of anything else, the launch source and what happened. Absent for what is always
 * sent at once: what failed for good, workload impact, and instances without a launch source.
 */
function subjectOf(detail: EventDetail): string | undefined {
  if (detail.schema !== 'imdsv2-enforcer.outcome/v1' || detail.severity === 'CRITICAL') return undefined;
  const { account, region, instanceId, drift, status, reason, trigger } = detail;
  if (drift) return JSON.stringify([account, region, instanceId, status, trigger]);
  const { kind, key } = launchSourceGroupOf(detail.launchSource);
  return kind === 'none' ? undefined : JSON.stringify([account, region, key, status, reason, trigger]);
}
