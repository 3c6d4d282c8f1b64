import { findCaller, hopLimitNote, prevention, undo, type Advice } from './advice.ts';
import type { MetadataOptions } from './instance.ts';
import { type Origin, originOf } from './origin.ts';
import { type Outcome, severityOf } from './outcome.ts';
import { defang } from './text.ts';
import { explain } from './words.ts';

/** What of the account's rules an alert quotes. */
export interface AlertOptions {
  readonly exemptionHorizonDays: number;
}

const LABEL_WIDTH = 9;

/** The part of the mail about one instance: what, who, when, where from, what to change, how to undo. */
export function section(outcome: Outcome, options: AlertOptions): string {
  const { target, status, snapshot, at } = outcome;
  const name = snapshot?.tags.get('Name');
  const title = `${target.instanceId}${name ? ` "${defang(name)}"` : ''}: ${status.toUpperCase()} (${severityOf(outcome)})`;
  const origin = originOf(snapshot?.tags ?? new Map());
  const facts: (string | undefined)[] = [
    line('what', explain(outcome)),
    outcome.detail === undefined ? undefined : line('detail', defang(outcome.detail)),
    line('options', change(snapshot?.options, outcome.after)),
    line('who', who(outcome)),
    line('when', when(outcome)),
    line('origin', describeOrigin(origin)),
  ];
  const advices: (string | undefined)[] = [];
  const open = status === 'remediated' || status === 'would-remediate' || status === 'held' || status === 'closed';
  if (target.context.caller === undefined) advices.push(advise('caller', findCaller(target)));
  if (snapshot !== undefined && open) {
    advices.push(advise('note', hopLimitNote(target, snapshot)));
    if (target.context.trigger !== 'drift') advices.push(advise('prevent', prevention(target, origin, snapshot)));
  }
  if (status === 'remediated' || status === 'closed') {
    advices.push(advise('undo', undo(target, at, options.exemptionHorizonDays)));
  }
  return [title, ...facts, ...advices].filter((part) => part !== undefined).join('\n');
}

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
  const reopened = context.trigger === 'drift' && `set back ${iso(context.occurredAt)}`;
  const exposed = exposedSeconds !== undefined && `IMDSv1 reachable for ${exposedSeconds} s, until ${iso(at)}`;
  return [launched, reopened, exposed || `seen ${iso(at)}`].filter(Boolean).join('; ');
}

const iso = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');

function describeOrigin(origin: Origin): string {
  const { launchTemplateId, launchTemplateVersion, stackName, stackLogicalId, eksCluster, eksNodegroup } = origin;
  const parts = [
    origin.autoScalingGroup && `Auto Scaling group ${origin.autoScalingGroup}`,
    launchTemplateId && `launch template ${launchTemplateId} version ${launchTemplateVersion ?? '?'}`,
    origin.fleetId && `fleet ${origin.fleetId}`,
    stackName && `CloudFormation stack ${stackName}${stackLogicalId ? ` (${stackLogicalId})` : ''}`,
    eksCluster && `EKS cluster ${eksCluster}${eksNodegroup ? `, node group ${eksNodegroup}` : ''}`,
    origin.beanstalkEnvironment && `Beanstalk environment ${origin.beanstalkEnvironment}`,
  ];
  return (
    parts
      .filter((part) => part !== undefined && part !== '')
      .map((part) => defang(String(part)))
      .join(', ') || 'no tag of a launching service'
  );
}
