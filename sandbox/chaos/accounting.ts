import { groupBy } from '../../lambda/core/group-by.ts';
import type { Instance } from '../aws/ec2/instance.ts';
import { LAUNCH_ERROR } from '../aws/ec2/lifecycle.ts';
import { text } from '../aws/wire/params.ts';
import type { Sandbox } from '../index.ts';
import { remediationNotifications } from './notifications.ts';
import { notifierContents, type QueueContents, queueContents } from './queue-contents.ts';
import { EXEMPT_UNTIL, readExemption } from './requests.ts';
import type { Drift, LaunchedInstance, Traffic } from './traffic.ts';

/** The state of an instance at the end of a run, by EC2 and the queues. */
export type FinalState =
  | 'terminated'
  | 'vanished'
  | 'managed'
  | 'IMDS off'
  | 'remediated'
  | 'compliant from the start'
  | 'exempt'
  | 'needs-review'
  | 'queued in WorkQueue'
  | 'queued in GivenUpQueue'
  | 'queued in DeadLetterQueue'
  | 'missed';

/** An instance with its final state and its notifications. */
export interface Entry {
  readonly launched: LaunchedInstance;
  readonly state: FinalState;
  /** Whether it was remediated without a notification, and no queued message leads to one. */
  readonly isOwed: boolean;
  /** The same for an instance that was terminated or vanished since. */
  readonly isOwedAfterTermination: boolean;
  /** Notifications of remediations beyond one for each time that IMDSv1 was enabled. */
  readonly extraNotifications: number;
}

/** The accounting of a run. */
export interface Accounting {
  readonly entries: readonly Entry[];
  readonly queues: readonly QueueContents[];
  /** The messages in the queues of the notifier. */
  readonly toNotify: number;
  /** Milliseconds from launch to first remediation, shortest first. */
  readonly remediationTimes: readonly number[];
}

/** Compares the fleet, the mailbox and the queues. Logs of the functions are not used. */
export function accountFor(sandbox: Sandbox, traffic: Traffic): Accounting {
  const queues = queueContents(sandbox);
  const notifier = notifierContents(sandbox);
  const notifications = groupBy(remediationNotifications(sandbox.topic('Outcomes').messages), ({ id }) => id);
  const driftsById = groupBy(traffic.drifts, ({ id }) => id);
  const remediatedAt = firstRemediations(sandbox);
  const entries = traffic.launched.map((launched): Entry => {
    const { id, isNonCompliant, at } = launched;
    const instance = sandbox.fleet().get(id);
    if (instance === undefined) throw new Error(`instance ${id} does not exist`);
    const state = finalStateOf(instance, launched, queues, sandbox.clock.now());
    const notifiedAt = (notifications.get(id) ?? []).map((notification) => notification.at);
    const drifts = driftsById.get(id) ?? [];
    const isRemediated = isNonCompliant && instance.options.HttpTokens === 'required';
    const willBeNotified = [...queues, notifier].some(({ notifying }) => notifying.ids.has(id));
    const lacksNotification = isRemediated && !willBeNotified && !isNotified(notifiedAt, at, drifts);
    return {
      launched,
      state,
      isOwed: lacksNotification && state === 'remediated',
      isOwedAfterTermination: lacksNotification && (state === 'terminated' || state === 'vanished'),
      extraNotifications: Math.max(0, notifiedAt.length - (isNonCompliant ? 1 : 0) - drifts.length),
    };
  });
  const remediationTimes = entries.flatMap(({ launched: { id, at, isNonCompliant } }) => {
    const time = remediatedAt.get(id);
    return isNonCompliant && time !== undefined ? [time - at] : [];
  });
  return { entries, queues, toNotify: notifier.messages, remediationTimes: remediationTimes.sort((a, b) => a - b) };
}

/** Whether a notification followed the launch, and each drift of a remediated instance. */
function isNotified(notifiedAt: readonly number[], launchedAt: number, drifts: readonly Drift[]): boolean {
  const enabledAt = [launchedAt, ...drifts.filter(({ wasRemediated }) => wasRemediated).map(({ at }) => at)];
  return enabledAt.every((from) => notifiedAt.some((time) => time >= from));
}

function finalStateOf(
  instance: Instance,
  { isNonCompliant, token }: LaunchedInstance,
  queues: readonly QueueContents[],
  now: number,
): FinalState {
  const { id, state, stateReason, operator, options, tags } = instance;
  if (stateReason === LAUNCH_ERROR) return 'vanished';
  if (state === 'terminated' || state === 'shutting-down') return 'terminated';
  if (operator !== undefined) return 'managed';
  if (options.HttpEndpoint === 'disabled') return 'IMDS off';
  if (options.HttpTokens === 'required') return isNonCompliant ? 'remediated' : 'compliant from the start';
  const exemption = readExemption(tags.get(EXEMPT_UNTIL), now);
  if (exemption !== 'none') return exemption;
  const queued = queues.find(({ referenced }) => referenced.ids.has(id) || referenced.tokens.has(token));
  return queued === undefined ? 'missed' : `queued in ${queued.queue}`;
}

/**
 * When each instance was first remediated.
 *
 * A call whose connection was reset may have been carried out.
 */
function firstRemediations(sandbox: Sandbox): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { params, outcome, at } of sandbox.calls.of('ModifyInstanceMetadataOptions')) {
    const id = text(params, 'InstanceId') ?? '';
    const remediates = text(params, 'HttpTokens') === 'required' && (outcome === 'ok' || outcome === 'reset');
    if (remediates && !first.has(id)) first.set(id, at);
  }
  return first;
}
