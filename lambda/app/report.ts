import { FailureError } from '../core/failure.ts';
import { type Message, toMessages } from '../core/message.ts';
import { isNotified, type Outcome } from '../core/outcome.ts';
import type { AlertOptions } from '../core/email.ts';
import { attempt } from './retry.ts';
import type { Ports, Telemetry, WorkQueue } from './ports/index.ts';

/** How outcomes are reported. */
export interface ReportOptions extends AlertOptions {
  /** Whether a trail feeds the bus, so that a launch is notified before its running-state event arrives. */
  readonly trail: boolean;
}

/**
 * Logs every outcome and publishes alerts about those that are notified.
 *
 * An alert that SNS does not accept goes to the work queue and is published from there.
 *
 * @throws FailureError if neither accepted it; a retry of the invocation then publishes it.
 */
export async function report(outcomes: readonly Outcome[], options: ReportOptions, ports: Ports): Promise<void> {
  const notifiedOutcomes = new Set(outcomes.filter((outcome) => isNotified(outcome, options.trail)));
  for (const outcome of outcomes) ports.telemetry.outcome(outcome, notifiedOutcomes.has(outcome));
  const results = await Promise.all(
    toMessages([...notifiedOutcomes], options).map((message) => attempt(() => send(message, ports))),
  );
  const lost = results.find((result) => result instanceof FailureError);
  if (lost !== undefined) throw lost;
}

/**
 * Publishes a message, or else queues it on the work queue, from which it is published later.
 *
 * @throws FailureError if neither accepted it.
 */
export async function send(
  message: Message,
  {
    publisher,
    queue,
    telemetry,
  }: Pick<Ports, 'publisher'> & {
    readonly queue: Pick<WorkQueue, 'putUndelivered'>;
    readonly telemetry: Pick<Telemetry, 'warning'>;
  },
): Promise<void> {
  const refused = await attempt(() => publisher.publish(message));
  if (!(refused instanceof FailureError)) return;
  telemetry.warning('SNS did not accept an alert; it will be published from the work queue', refused);
  await queue.putUndelivered(message);
}
