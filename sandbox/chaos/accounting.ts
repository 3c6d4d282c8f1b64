import { groupBy } from '../../lambda/core/group-by.ts';
import type { Instance } from '../aws/ec2/instance.ts';
import { LAUNCH_ERROR } from '../aws/ec2/lifecycle.ts';
import type { Sandbox } from '../index.ts';
import { text } from '../aws/wire/params.ts';
import type { Launched, ManualChanges, SetBack } from './manual-changes.ts';
import { EXEMPT_UNTIL, readTag } from './requests.ts';
import { closingsIn } from './notifications.ts';
import { type Waiting, waitingIn } from './pending-messages.ts';

/** What an instance is in the end, judged by its true state. */
export type Fate =
  | 'terminated'
  | 'vanished'
  | 'managed'
  | 'IMDS off'
  | 'already-remediated'
  | 'compliant from the start'
  | 'exempt'
  | 'needs-review'
  | 'waiting in WorkQueue'
  | 'waiting in DeadLetterQueue'
  | 'missed';

/** An instance with what became of it. */
export interface Entry {
  readonly launched: Launched;
  readonly fate: Fate;
  /** Somebody closed it, and nobody was told, nor will be by what waits in a queue. */
  readonly owed: boolean;
  /** The same, and it was terminated or vanished since. */
  readonly owedOfGone: boolean;
  /** Alerts that say that it was closed, above one for each time that it was open. */
  readonly notifiedAgain: number;
}

/** The accounts of a run. */
export interface Accounting {
  readonly entries: readonly Entry[];
  readonly waiting: readonly Waiting[];
  /** Milliseconds from launch to first closing, shortest first. */
  readonly closing: readonly number[];
}

/** Goes through the fleet, the mailbox and the queues. Nothing that the function wrote is believed. */
export function drawUp(sandbox: Sandbox, manualChanges: ManualChanges): Accounting {
  const waiting = waitingIn(sandbox);
  const told = groupBy(closingsIn(sandbox.topic('Outcomes').messages), ({ id }) => id);
  const setBacks = groupBy(manualChanges.setBacks, ({ id }) => id);
  const closings = firstClosings(sandbox);
  const entries = manualChanges.launched.map((launched): Entry => {
    const { id, open, at } = launched;
    const instance = sandbox.fleet().get(id);
    if (instance === undefined) throw new Error(`the fleet has lost ${id}`);
    const fate = fateOf(instance, launched, waiting, sandbox.clock.now());
    const times = (told.get(id) ?? []).map((telling) => telling.at);
    const backs = setBacks.get(id) ?? [];
    const isClosed = open && instance.options.HttpTokens === 'required';
    const willBeNotified = waiting.some(({ tells }) => tells.ids.has(id));
    const unknown = isClosed && !willBeNotified && !isNotified(times, at, backs);
    return {
      launched,
      fate,
      owed: unknown && fate === 'already-remediated',
      owedOfGone: unknown && (fate === 'terminated' || fate === 'vanished'),
      notifiedAgain: Math.max(0, times.length - (open ? 1 : 0) - backs.length),
    };
  });
  const durations = entries.flatMap(({ launched: { id, at, open } }) => {
    const remediatedAt = closings.get(id);
    return open && remediatedAt !== undefined ? [remediatedAt - at] : [];
  });
  return { entries, waiting, closing: durations.sort((a, b) => a - b) };
}

/** Whether an alert came after the launch, and after each time that a closed instance was set back. */
function isNotified(times: readonly number[], launchedAt: number, setBacks: readonly SetBack[]): boolean {
  const since = [launchedAt, ...setBacks.filter(({ wasRemediated }) => wasRemediated).map(({ at }) => at)];
  return since.every((from) => times.some((time) => time >= from));
}

function fateOf(instance: Instance, launched: Launched, waiting: readonly Waiting[], now: number): Fate {
  const { id, state, stateReason, operator, options, tags } = instance;
  if (stateReason === LAUNCH_ERROR) return 'vanished';
  if (state === 'terminated' || state === 'shutting-down') return 'terminated';
  if (operator !== undefined) return 'managed';
  if (options.HttpEndpoint === 'disabled') return 'IMDS off';
  if (options.HttpTokens === 'required') return launched.open ? 'already-remediated' : 'compliant from the start';
  const exemption = readTag(tags.get(EXEMPT_UNTIL), now);
  if (exemption !== 'none') return exemption;
  const found = waiting.find(({ named }) => named.ids.has(id) || named.tokens.has(launched.token));
  return found === undefined ? 'missed' : `waiting in ${found.queue}`;
}

/** When each instance was closed first. A call whose answer got lost may have been carried out. */
function firstClosings(sandbox: Sandbox): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { params, outcome, at } of sandbox.calls.of('ModifyInstanceMetadataOptions')) {
    const id = text(params, 'InstanceId') ?? '';
    const closes = text(params, 'HttpTokens') === 'required' && (outcome === 'ok' || outcome === 'reset');
    if (closes && !first.has(id)) first.set(id, at);
  }
  return first;
}
