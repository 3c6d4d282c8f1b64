import type {
  CallHistoryReader,
  ChangeHistoryReader,
  ChatPublisher,
  MessageQueue,
  Publisher,
  Telemetry,
  Time,
} from '../ports/index.ts';
import type { RecentAlerts } from './recent-alerts.ts';

/** How the notifier works. */
export interface NotifyRules {
  readonly maxExemptionDays: number;
}

/** What the notifier needs from the outside. */
export interface NotifyPorts {
  readonly publisher: Publisher;
  /** Absent without a topic for chat. */
  readonly chat?: ChatPublisher;
  readonly summaries: MessageQueue;
  /** The changes of metadata options that CloudTrail remembers. */
  readonly changes: ChangeHistoryReader;
  /** The calls to AWS by software on instances. */
  readonly history: CallHistoryReader;
  /** What this execution environment notified a moment ago. */
  readonly recent: RecentAlerts;
  readonly telemetry: Pick<Telemetry, 'notUnderstood' | 'warning'>;
  readonly time: Time;
}
