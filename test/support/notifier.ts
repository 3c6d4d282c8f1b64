import { onUrgent } from '../../lambda/app/notify/index.ts';
import { RecentAlerts } from '../../lambda/app/notify/recent-alerts.ts';
import type { ReceivedMessage } from '../../lambda/app/ports/index.ts';
import type { Message } from '../../lambda/core/message.ts';
import type { RecordedCall } from '../../lambda/core/callers/calls.ts';
import type { RecordedChange } from '../../lambda/core/repeated-drift.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { type EventDetail, toOutcomeEvent } from '../../lambda/core/outcome-event.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { ACCOUNT, existing, instanceId, NOW, outcome, REGION, snapshot, target } from './builders.ts';
import { after, virtualTime, world } from './ports.ts';

export const RULES = { maxExemptionDays: 90 };
export const SCHEDULE = { id: 's-1', source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };

export const asEvent = (detail: EventDetail) => ({
  id: 'e-1',
  source: 'imdsv2-enforcer',
  'detail-type': toOutcomeEvent(detail, NOW).detailType,
  detail: JSON.parse(JSON.stringify(detail)) as unknown,
});
export const eventOf = (over: Partial<Outcome> = {}) => asEvent(toOutcomeDetail(outcome(over)));

export const launchOf = (number: number, group = 'web', over: Partial<Outcome> = {}) =>
  eventOf({
    target: target({ instanceId: instanceId(number), eventId: `launch-${number}` }),
    snapshot: snapshot({ instanceId: instanceId(number), tags: { 'aws:autoscaling:groupName': group } }),
    ...over,
  });
/** What the running-state event of a launch says. */
export const startOf = (number: number, over: Partial<Outcome> = {}) =>
  launchOf(number, 'web', {
    target: target({ trigger: 'running', instanceId: instanceId(number), eventId: `running-${number}` }),
    ...over,
  });
export const driftOf = (number: number, eventId: string) =>
  eventOf({
    target: target({ trigger: 'drift', instanceId: instanceId(number), eventId }),
    snapshot: existing({ instanceId: instanceId(number) }),
  });

/** An event of another sender, for the account and Region of real ones, without the fields that an alert needs. */
export const FORGED = {
  source: 'imdsv2-enforcer',
  detail: { schema: 'imdsv2-enforcer.outcome/v1', severity: 'HIGH', account: ACCOUNT, region: REGION },
};

/**
 * The notifier with its queue in memory.
 *
 * @param refusing whether the queue accepts all but the first of several.
 * @param lateMs how late event history is.
 */
export function notifier({ minutes = 15, chat = false, refusing = false, lateMs = 0 } = {}) {
  const base = world([], virtualTime());
  const queue: ReceivedMessage[] = [];
  let invisible: ReceivedMessage[] = [];
  const refusedOf = <T>(items: readonly T[]) => (refusing && items.length > 1 ? items.slice(0, 1) : []);
  const sent: Message[] = [];
  const chatMessages: Message[] = [];
  const history: RecordedChange[] = [];
  const callHistory = new Map<string, RecordedCall[]>();
  const ports = {
    ...base,
    recent: new RecentAlerts(minutes),
    publisher: {
      publish: async (message: Message) => {
        base.begin('publish', message.subject);
        sent.push(message);
        await Promise.resolve();
      },
    },
    chat: chat
      ? {
          publish: async (message: Message) => {
            base.begin('chat', message.subject);
            chatMessages.push(message);
            await Promise.resolve();
          },
        }
      : undefined,
    changes: {
      page: async (region: string, since: string, token = '0') => {
        base.begin('changes', region);
        const latest = base.time.now().getTime() - lateMs;
        const calls = history.filter(({ at }) => at.toISOString() >= since && at.getTime() <= latest).reverse();
        const end = Number(token) + 50;
        return Promise.resolve({
          calls: calls.slice(Number(token), end),
          next: end < calls.length ? String(end) : undefined,
        });
      },
    },
    history: {
      page: async (_: string, instanceId: string) => {
        base.begin('lookUpCalls', instanceId);
        return Promise.resolve({ calls: callHistory.get(instanceId) ?? [] });
      },
    },
    summaries: {
      receive: async () => {
        base.begin('receive');
        const page = queue.splice(0, 10);
        invisible.push(...page);
        return Promise.resolve(page);
      },
      remove: async (messages: readonly ReceivedMessage[]) => {
        base.begin('remove', String(messages.length));
        const refused = refusedOf(messages);
        invisible = invisible.filter((message) => !messages.includes(message) || refused.includes(message));
        return Promise.resolve(refused);
      },
      put: async (bodies: readonly string[]) => {
        base.begin('put', String(bodies.length));
        const refused = refusedOf(bodies);
        for (const body of bodies.slice(refused.length)) queue.push({ body, receipt: `r-${queue.length}` });
        return Promise.resolve(refused);
      },
    },
  };
  return {
    base,
    sent,
    chatMessages,
    queue,
    /** The changes that event history has, oldest first. */
    history,
    /** Calls of instances, newest first. */
    callHistory,
    /** Messages that become visible again. */
    redeliver: () => queue.push(...invisible.splice(0)),
    subjects: () => sent.map(({ subject }) => subject),
    summarize: (...events: readonly object[]) =>
      queue.push(...events.map((event, index) => ({ body: JSON.stringify(event), receipt: `q-${index}` }))),
    handle: (...events: readonly unknown[]) =>
      onUrgent(
        events.map((event, index) => ({
          messageId: `m${index + 1}`,
          body: typeof event === 'string' ? event : JSON.stringify(event),
        })),
        RULES,
        // Each call is an invocation.
        { ...ports, time: { ...base.time, deadline: after(90, base.time.now()) } },
      ),
  };
}
