import { TAG, type TriggerName } from '../contract.ts';
import { findCaller, hopLimitNote, prevention, undo, type Advice, withdraw } from './advice.ts';
import type { MetadataOptions } from './instance.ts';
import { launchSourceOf } from './launch-source.ts';
import { type Outcome, severityOf } from './outcome.ts';
import type { Context, Target } from './target.ts';
import { describeLaunchSource, iso } from './show.ts';
import { defang } from './text.ts';
import { explain } from './words.ts';

/** What of the account's rules an alert quotes. */
export interface AlertOptions {
  readonly maxExemptionDays: number;
}

const LABEL_WIDTH = 9;

/** The part of the mail about one instance: what, who, when, where from, what to change, how to undo. */
export function section(outcome: Outcome, options: AlertOptions): string {
  const { target, status, snapshot, at } = outcome;
  const name = snapshot?.tags.get('Name');
  const title = `${target.instanceId}${name ? ` "${defang(name)}"` : ''}: ${status.toUpperCase()} (${severityOf(outcome)})`;
  const launchSource = launchSourceOf(snapshot?.tags ?? new Map());
  const facts: (string | undefined)[] = [
    line('what', explain(outcome)),
    outcome.detail === undefined ? undefined : line('detail', defang(outcome.detail)),
    line('options', change(snapshot?.options, outcome.after)),
    line('who', who(outcome)),
    line('when', when(outcome)),
    line('launchSource', describeLaunchSource(launchSource)),
  ];
  const advices: (string | undefined)[] = [];
  const open =
    status === 'remediated' ||
    status === 'would-remediate' ||
    status === 'needs-review' ||
    status === 'already-remediated';
  if (target.context.caller === undefined) advices.push(advise('caller', findCaller(target)));
  if (snapshot !== undefined && open) {
    advices.push(advise('note', hopLimitNote(target, snapshot)));
    if (isItsLaunchSources(target)) advices.push(advise('prevent', prevention(target, launchSource, snapshot)));
  }
  if (target.context.trigger === 'grant' && snapshot?.tags.has(TAG.exemptUntil)) {
    advices.push(advise('withdraw', withdraw(target)));
  }
  if (status === 'remediated' || status === 'already-remediated') {
    advices.push(advise('undo', undo(target, at, options.maxExemptionDays)));
  }
  return [title, ...facts, ...advices].filter((part) => part !== undefined).join('\n');
}

/** Whether what launched the instance is to blame; a call about this very instance is somebody's own doing. */
const isItsLaunchSources = ({ context: { trigger } }: Target): boolean => trigger !== 'drift' && trigger !== 'grant';

const line = (label: string, text: string): string => `  ${label.padEnd(LABEL_WIDTH)}${text}`;

function advise(label: string, advice: Advice | undefined): string | undefined {
  if (advice === undefined) return undefined;
  return [line(label, advice.text), ...advice.commands.map((command) => line('', `  ${command}`))].join('\n');
}

function change(before: MetadataOptions | undefined, after: MetadataOptions | undefined): string {
  if (before === undefined) return 'not read';
  const fields = ['HttpTokens', 'HttpEndpoint', 'HttpPutResponseHopLimit'] as const;
  return fields
    .map((field) => {
      const [was, is] = [before[field], after?.[field] ?? before[field]].map((value) =>
        value === undefined ? 'not stated' : defang(String(value)),
      );
      return was === is ? `${field} ${was}` : `${field} ${was} -> ${is}`;
    })
    .join(', ');
}

function who({ target: { context } }: Outcome): string {
  const { caller } = context;
  if (caller === undefined) return 'unknown';
  const parts = [
    defang(caller.principal),
    caller.sourceIp && `from ${defang(caller.sourceIp)}`,
    caller.invokedBy && `on its behalf: ${defang(caller.invokedBy)}`,
    caller.userAgent && `with ${defang(caller.userAgent)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function when({ target: { context }, snapshot, exposedSeconds, at }: Outcome): string {
  const launched = snapshot?.launchTime && `launched ${iso(snapshot.launchTime)}`;
  const call = context.recorded?.allTags === true ? 'all tags removed' : CALLED[context.trigger];
  const called = call && `${call} ${iso(context.occurredAt)}`;
  return [launched, called, exposed(context, exposedSeconds, at)].filter(Boolean).join('; ');
}

const CALLED: Readonly<Partial<Record<TriggerName, string>>> = {
  drift: 'set back',
  grant: 'exemption set',
  revoke: 'exemption removed',
};

/** Under its exemption IMDSv1 was reachable for longer than we know. */
function exposed({ trigger }: Context, seconds: number | undefined, until: Date): string {
  if (seconds === undefined) return `seen ${iso(until)}`;
  return trigger === 'revoke'
    ? `closed ${seconds} s later, ${iso(until)}`
    : `IMDSv1 reachable for ${seconds} s, until ${iso(until)}`;
}
