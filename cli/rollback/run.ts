import { ec2ExemptionWriter, ec2RollbackWriter } from '../../lambda/adapters/ec2-manual-changes.ts';
import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { attempt } from '../../lambda/app/retry.ts';
import {
  checkRollback,
  type RollbackPorts,
  type RollbackResult,
  rollback as rollBack,
} from '../../lambda/app/rollback.ts';
import { TAG } from '../../lambda/contract.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { rollback as rollbackTraits } from '../../lambda/triggers/command.ts';
import { NOT_VISIBLE } from '../audit/read.ts';
import type { Aws } from '../common/aws.ts';
import { adviceOn, explainError } from '../common/errors.ts';
import { type FoundInstance, TIMEOUT } from '../common/find-instances.ts';
import type { Io } from '../common/io.ts';
import { refusal } from './refusal.ts';

/** The exemption that a rollback sets. */
export interface RollbackExemption {
  /** Last day as `YYYY-MM-DD`. */
  readonly until: string;
  readonly reason: string;
}

/** What became of an instance. */
export interface RolledBack {
  readonly region: string;
  /** As it was before. */
  readonly snapshot: Snapshot;
  /** `failed`: nothing was changed, as far as is known. `not-started`: the command was interrupted before. */
  readonly result: RollbackResult | { readonly status: 'failed' | 'not-started'; readonly failure: FailureError };
  readonly at: Date;
}

const portsOf = (aws: Aws, region: string, timeout: number): RollbackPorts => ({
  reader: ec2Reader(aws.ec2),
  writer: ec2RollbackWriter(aws.ec2),
  exemptions: ec2ExemptionWriter(aws.ec2),
  time: aws.time(region, timeout),
});

/**
 * Checks whether every rollback is possible. Changes nothing.
 *
 * @returns the instances as they are, and why rollbacks are not possible.
 */
export async function checkAll(found: readonly FoundInstance[], aws: Aws, io: Io) {
  const instances: FoundInstance[] = [];
  const refusals: string[] = [];
  const unread = new Map<string, string>();
  for (const { region, snapshot } of found) {
    const { instanceId } = snapshot;
    const check = await attempt(() => checkRollback({ region, instanceId }, portsOf(aws, region, TIMEOUT)));
    if (check instanceof FailureError) {
      refusals.push(`not possible: ${instanceId} in ${region}: ${explainError(check)}${adviceOn(check)}`);
    } else if (!check.possible) {
      refusals.push(`${refusal(instanceId, region, check)}; nothing was changed`);
    } else {
      instances.push({ region, snapshot: check.snapshot });
      if (check.unreadDefaults !== undefined) unread.set(region, explainError(check.unreadDefaults));
    }
  }
  for (const [region, problem] of unread)
    io.note(`Whether HttpTokensEnforced prevents a rollback in ${region} is ${NOT_VISIBLE}: ${problem}`);
  return { instances, refusals };
}

/** Rolls instances back one after another. A failure does not stop the others; Ctrl-C does. */
export async function rollBackAll(
  instances: readonly FoundInstance[],
  exemption: RollbackExemption,
  aws: Aws,
  io: Io,
): Promise<readonly RolledBack[]> {
  const results: RolledBack[] = [];
  for (const { region, snapshot } of instances) {
    const { instanceId } = snapshot;
    io.progress(`rolling back ${instanceId}, ${results.length} of ${instances.length} done`);
    const add = (result: RolledBack['result']) => results.push({ region, snapshot, result, at: io.now() });
    if (io.interrupted.aborted) {
      add({ status: 'not-started', failure: new FailureError('deadline', 'interrupted') });
      continue;
    }
    const request = { region, instanceId, ...exemption };
    const result = await attempt(() => rollBack(request, snapshot, portsOf(aws, region, 2 * TIMEOUT)));
    add(result instanceof FailureError ? { status: 'failed', failure: result } : result);
  }
  io.progress('');
  return results;
}

/** The outcome that the deployment notifies about; none if the instance was not rolled back. */
export function outcomeOf(
  { region, snapshot, result, at }: RolledBack,
  { until, reason }: RollbackExemption,
): [] | [Outcome] {
  if (result.status !== 'allowed' && result.status !== 'exempted') return [];
  const tags = new Map([...snapshot.tags, [TAG.exemptUntil, until], [TAG.exemptReason, reason]]);
  const { instanceId } = snapshot;
  const context = { trigger: rollbackTraits, eventId: 'imdsv2 rollback', occurredAt: at };
  return [
    {
      target: { account: '', region, instanceId, context },
      snapshot: { ...snapshot, tags },
      status: 'exempt',
      reason: 'exempt',
      detail: until,
      at,
      after: result.status === 'allowed' ? result.after : undefined,
    },
  ];
}
