import type { MessageOptions } from '../core/message.ts';
import { isNotified, type Outcome } from '../core/outcome.ts';
import { toOutcomeDetail } from '../core/outcome-detail.ts';
import { type OutcomeEvent, toOutcomeEvent } from '../core/outcome-event.ts';
import type { Ports } from './ports/index.ts';
import { putOutcomes } from './put-outcomes.ts';

/** How outcomes are reported. */
export interface ReportOptions extends MessageOptions {
  /** Whether a trail feeds the bus, so that a launch is notified before its running-state event arrives. */
  readonly trail: boolean;
  /** Key of the tag that names the owner of an instance. */
  readonly ownerTag?: string;
}

/**
 * Logs every outcome, and puts an event about each that is notified.
 *
 * @returns the outcomes whose events were not accepted. A retry of their work then notifies them.
 */
export async function report(
  outcomes: readonly Outcome[],
  options: ReportOptions,
  ports: Pick<Ports, 'bus' | 'telemetry' | 'time'>,
): Promise<readonly Outcome[]> {
  const events = new Map<OutcomeEvent, Outcome>();
  for (const outcome of outcomes) {
    const notified = isNotified(outcome, options.trail);
    ports.telemetry.outcome(outcome, notified);
    if (notified) events.set(toOutcomeEvent(toOutcomeDetail(outcome, options.ownerTag), outcome.at), outcome);
  }
  const refused = new Set(await putOutcomes([...events.keys()], ports));
  return [...events].flatMap(([event, outcome]) => (refused.has(event) ? [outcome] : []));
}
