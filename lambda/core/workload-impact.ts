import { BROKEN_SCHEMA } from '../contract.ts';
import { rollbackCommand } from './advice.ts';
import type { AlertOptions } from './email.ts';
import type { Snapshot } from './instance.ts';
import { MAX_BYTES, type Message, toSnsText } from './message.ts';
import { originOf } from './launch-source.ts';
import { describeOrigin, iso } from './show.ts';
import { clean, defang } from './text.ts';

/** An instance that did not take its change well. */
export interface Broken {
  readonly snapshot: Snapshot;
  readonly closedAt: Date;
  /** Calls without a token that were refused since then. */
  readonly rejected: number;
}

/** How often an instance is looked after. */
const LOOKS = 4;

/**
 * What to do about an instance that was closed: tell that it broke something, look again later, or leave it. An instance that is
 * going, or was opened again since, is nobody's break.
 */
export function careFor({ state, options }: Snapshot, rejected: number, asked: number): 'tell' | 'later' | 'done' {
  if (state === 'shutting-down' || state === 'terminated' || options.HttpTokens !== 'required') return 'done';
  if (rejected > 0) return 'tell';
  if (asked + 1 < LOOKS) return 'later';
  return options.State === 'pending' ? 'tell' : 'done';
}

/** One instance in the JSON form; schema `imdsv2-enforcer.broken/v1`. */
interface BrokenJson {
  readonly instanceId: string;
  readonly name?: string;
  readonly closedAt: string;
  readonly rejectedCalls: number;
  /** `pending`: the change has not reached the instance. */
  readonly state?: string;
  readonly rollback: string;
}

/** What a change broke on some instances of one region: one message, more only where it would weigh too much. */
export function toBrokenMessages(
  account: string,
  region: string,
  broken: readonly Broken[],
  options: AlertOptions,
): Message[] {
  const message = toMessage(account, region, broken, options);
  if (broken.length <= 1 || new TextEncoder().encode(toSnsText(message)).length <= MAX_BYTES) return [message];
  const half = Math.ceil(broken.length / 2);
  const parts = [broken.slice(0, half), broken.slice(half)];
  return parts.flatMap((part) => toBrokenMessages(account, region, part, options));
}

function toMessage(
  account: string,
  region: string,
  broken: readonly Broken[],
  { exemptionHorizonDays }: AlertOptions,
): Message {
  const undoOf = ({ snapshot }: Broken) => rollbackCommand(region, snapshot.instanceId, exemptionHorizonDays);
  const json = {
    schema: BROKEN_SCHEMA,
    account,
    region,
    instances: broken.map((each) => toJson(each, undoOf(each))),
  };
  return {
    subject: `[IMDSv2 high] ${region}: ${broken.length} closed and still in need of IMDSv1`,
    json,
    email: [
      `IMDSv2 enforcer, account ${account}, ${region}: IMDSv1 was switched off, and something there still needs it, or the change did not take.`,
      ...broken.map((each) => section(each, undoOf(each))),
      'Names above are as others wrote them.',
    ].join('\n\n'),
    attributes: { severity: 'high', status: ['broken'], account, region, trigger: 'command' },
  };
}

function section({ snapshot, closedAt, rejected }: Broken, undo: string): string {
  const { instanceId, tags, options } = snapshot;
  const name = tags.get('Name');
  return [
    `${instanceId}${name ? ` "${defang(name)}"` : ''}: closed ${iso(closedAt)}`,
    rejected > 0
      ? `  what     ${rejected} calls without a token were refused since then`
      : `  what     the change is still ${defang(options.State ?? 'not stated')}`,
    `  origin   ${describeOrigin(originOf(tags))}`,
    `  undo     ${undo}`,
  ].join('\n');
}

function toJson({ snapshot: { instanceId, tags, options }, closedAt, rejected }: Broken, rollback: string): BrokenJson {
  const name = tags.get('Name');
  return {
    instanceId,
    name: name === undefined ? undefined : clean(name),
    closedAt: closedAt.toISOString(),
    rejectedCalls: rejected,
    state: options.State === undefined ? undefined : clean(options.State),
    rollback,
  };
}
