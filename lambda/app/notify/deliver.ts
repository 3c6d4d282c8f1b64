import pMap from 'p-map';
import { toAlerts } from '../../core/alert/message.ts';
import { renderDigest } from '../../core/digest-message.ts';
import { FailureError } from '../../core/failure.ts';
import { groupBy } from '../../core/group-by.ts';
import type { Message } from '../../core/message.ts';
import type { EventDetail } from '../../core/outcome-event.ts';
import { announcesRepeatedDrift } from '../../core/repeated-drift.ts';
import { mergePrevention } from '../../core/prevention/event-detail.ts';
import { renderPrevention } from '../../core/prevention/event-message.ts';
import { renderWorkloadImpact } from '../../core/workload-impact.ts';
import { attempt, withRetries } from '../retry.ts';
import type { NotifyPorts, NotifyRules } from './rules.ts';

/** Publishes at the same time. */
const CONCURRENCY = 5;

/** An event of a queue. */
export interface Received<T> {
  readonly message: T;
  readonly detail: EventDetail;
}

/**
 * Sends alerts about events: those of one account, region and kind together.
 *
 * @returns the events of alerts that SNS did not accept. Alerts about them are then sent again, parts that were accepted included.
 */
export async function deliver<T>(
  received: readonly Received<T>[],
  rules: NotifyRules,
  ports: NotifyPorts,
): Promise<readonly Received<T>[]> {
  const groups = groupBy(received, ({ detail }) => groupOf(detail));
  const failed = await pMap(
    groups.values(),
    async (group) => {
      const sent = await attempt(() => send(group, rules, ports));
      if (!(sent instanceof FailureError)) return [];
      ports.telemetry.warning('SNS did not accept an alert; it will be sent again', sent);
      return group;
    },
    { concurrency: CONCURRENCY },
  );
  return failed.flat();
}

/** Repeated drift has an alert of its own, so that what is CRITICAL is not among other outcomes. */
function groupOf(detail: EventDetail): string {
  const { schema, account, region } = detail;
  return `${schema} ${account} ${region} ${schema === 'imdsv2-enforcer.outcome/v1' && announcesRepeatedDrift(detail)}`;
}

async function send<T>(group: readonly Received<T>[], rules: NotifyRules, ports: NotifyPorts): Promise<void> {
  const { publisher, chat, recent, time } = ports;
  const details = group.map(({ detail }) => detail);
  for (const message of messagesOf(details, rules, time.now())) {
    if (time.now() >= time.deadline) throw new FailureError('deadline', 'no time was left to publish');
    await withRetries(() => publisher.publish(message), time);
    if (chat !== undefined) await withRetries(() => chat.publish(message), time);
  }
  for (const detail of details) recent.add(detail, time.now());
}

/**
 * Whether an alert can be written from an event.
 *
 * Every principal that may put events on the bus may write this source into them, so that fields may be missing. Such an event must not keep
 * alerts about others from being sent.
 */
export function isReadable(detail: EventDetail, rules: NotifyRules, now: Date): boolean {
  try {
    return messagesOf([detail], rules, now).length > 0;
  } catch {
    return false;
  }
}

/** The messages about events of one account, region and kind. */
export function messagesOf(details: readonly EventDetail[], rules: NotifyRules, now: Date): readonly Message[] {
  const outcomes = details.filter((detail) => detail.schema === 'imdsv2-enforcer.outcome/v1');
  return [
    ...toAlerts(outcomes, { ...rules, now }),
    ...preventionMessages(details),
    ...details.flatMap((detail) => {
      switch (detail.schema) {
        case 'imdsv2-enforcer.outcome/v1':
        case 'imdsv2-enforcer.prevention/v1':
          return [];
        case 'imdsv2-enforcer.digest/v1':
          return [renderDigest(detail, rules)];
        case 'imdsv2-enforcer.workload-impact/v1':
          return [renderWorkloadImpact(detail)];
      }
    }),
  ];
}

/** One message about all events of prevention; tests of alert delivery have messages of their own. */
function preventionMessages(details: readonly EventDetail[]): readonly Message[] {
  const prevention = details.filter((detail) => detail.schema === 'imdsv2-enforcer.prevention/v1');
  const byTest = groupBy(prevention, ({ test = false }) => test);
  return [...byTest.values()].flatMap((group) => mergePrevention(group).map(renderPrevention));
}
