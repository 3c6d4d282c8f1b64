import { FailureError } from '../core/failure.ts';
import { type Message, toMessages } from '../core/message.ts';
import { isNotified, type Outcome } from '../core/outcome.ts';
import type { AlertOptions } from '../core/email.ts';
import { attempt } from './retry.ts';
import type { Ports } from './ports.ts';

/** How outcomes are told. */
export interface ReportOptions extends AlertOptions {
  /** Whether a trail feeds the bus, so that a launch was told before its running-state event comes. */
  readonly trail: boolean;
}

/**
 * Writes down every outcome and tells people what they should know.
 *
 * An alert that SNS refuses waits on the work queue and is sent from there.
 *
 * @throws FailureError if neither took it: then a retry must tell it.
 */
export async function report(outcomes: readonly Outcome[], options: ReportOptions, ports: Ports): Promise<void> {
  const notifiedOutcomes = new Set(outcomes.filter((outcome) => isNotified(outcome, options.trail)));
  for (const outcome of outcomes) ports.telemetry.outcome(outcome, notifiedOutcomes.has(outcome));
  const sent = await Promise.all(
    toMessages([...notifiedOutcomes], options).map((message) => attempt(() => send(message, ports))),
  );
  const lost = sent.find((result) => result instanceof FailureError);
  if (lost !== undefined) throw lost;
}

/**
 * Publishes; what SNS refuses waits on the work queue and is sent from there.
 *
 * @throws FailureError if neither took it.
 */
export async function send(
  message: Message,
  { publisher, queue, telemetry }: Pick<Ports, 'publisher' | 'queue' | 'telemetry'>,
): Promise<void> {
  const refused = await attempt(() => publisher.publish(message));
  if (!(refused instanceof FailureError)) return;
  telemetry.warning('SNS refused an alert; it waits on the work queue', refused);
  await queue.putUndelivered(message);
}
