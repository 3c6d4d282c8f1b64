import { TAG } from '../contract.ts';
import { type Advice, findCaller, hopLimitNote, prevention, revocation, undo } from './advice.ts';
import type { MetadataOptions } from './instance.ts';
import { launchSourceOf } from './launch-source.ts';
import { type Outcome, severityOf } from './outcome.ts';
import type { Context, Target } from './target.ts';
import { defang } from './text.ts';
import { duration, iso } from './words/format.ts';
import { describeLaunchSource } from './words/launch-source.ts';
import { explainOutcome } from './words/outcome.ts';

/** Settings of the account that alerts state. */
export interface AlertOptions {
  readonly maxExemptionDays: number;
}

const LABEL_WIDTH = 9;

/** The section of an email about one instance: what happened, the caller, how to prevent and undo it. */
export function section(outcome: Outcome, options: AlertOptions): string {
  const { target, status, snapshot, at } = outcome;
  const { caller, trigger } = target.context;
  const name = snapshot?.tags.get('Name');
  const title = `${target.instanceId}${name ? ` "${defang(name)}"` : ''}: ${status.toUpperCase()} (${severityOf(outcome)})`;
  const launchSource = launchSourceOf(snapshot?.tags ?? new Map());
  const facts: (string | undefined)[] = [
    line('what', explainOutcome(outcome)),
    outcome.detail === undefined ? undefined : line('detail', defang(outcome.detail)),
    line('options', change(snapshot?.options, outcome.after)),
    line('who', who(outcome)),
    line('when', when(outcome)),
    line('source', describeLaunchSource(launchSource)),
  ];
  const advices: (string | undefined)[] = [];
  const wasNonCompliant =
    status === 'remediated' ||
    status === 'would-remediate' ||
    status === 'needs-review' ||
    status === 'already-remediated';
  if (caller === undefined) advices.push(advise('caller', findCaller(target)));
  if (snapshot !== undefined && wasNonCompliant) {
    advices.push(advise('note', hopLimitNote(target, snapshot)));
    if (isCausedByLaunch(target)) advices.push(advise('prevent', prevention(target, launchSource, snapshot)));
  }
  if (trigger.exemptionTag === 'set' && snapshot?.tags.has(TAG.exemptUntil)) {
    advices.push(advise('revoke', revocation(target)));
  }
  if (status === 'remediated' || status === 'already-remediated') {
    advices.push(advise('undo', undo(target, at, options.maxExemptionDays)));
  }
  return [title, ...facts, ...advices].filter((part) => part !== undefined).join('\n');
}

/** Whether the launch caused the outcome, and not a later call on the instance. */
const isCausedByLaunch = ({ context: { trigger } }: Target): boolean =>
  !trigger.drift && trigger.exemptionTag !== 'set';

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
  const call = context.recorded?.allTags === true ? 'all tags removed' : context.trigger.callLabel;
  const called = call && `${call} ${iso(context.occurredAt)}`;
  return [launched, called, exposed(context, exposedSeconds, at)].filter(Boolean).join('; ');
}

/** Before an exemption was removed, IMDSv1 was enabled for an unknown time. */
function exposed({ trigger }: Context, seconds: number | undefined, until: Date): string {
  if (seconds === undefined) return `checked ${iso(until)}`;
  return trigger.exemptionTag === 'removed'
    ? `remediated ${duration(seconds * 1000)} later, ${iso(until)}`
    : `IMDSv1 exposed for ${duration(seconds * 1000)}, until ${iso(until)}`;
}
