import { ec2HopLimitWriter } from '../../lambda/adapters/ec2-manual-changes.ts';
import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { remediatePaced } from '../../lambda/app/remediate-paced.ts';
import { raisingHopLimit } from '../../lambda/app/hop-limit.ts';
import { Bucket, Pace } from '../../lambda/app/pace.ts';
import type { InstanceWriter } from '../../lambda/app/ports/index.ts';
import type { RemediatePorts } from '../../lambda/app/remediate.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import type { Reason } from '../../lambda/core/reason.ts';
import type { Target } from '../../lambda/core/target.ts';
import { clean } from '../../lambda/core/text.ts';
import { command } from '../../lambda/triggers/command.ts';
import type { Aws } from '../common/aws.ts';
import { deniedIn } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import { Progress } from './progress.ts';

/** An instance and its Region. */
export interface InstanceRef {
  readonly region: string;
  readonly instanceId: string;
}

/** A remediated instance, and when. */
export interface Remediated extends InstanceRef {
  readonly at: Date;
}

/** An instance that could not be remediated, and why. */
export interface Failed extends InstanceRef {
  readonly reason: Reason;
  /** The message of EC2. */
  readonly detail: string;
}

/** The result of a run. */
export type RemediationResult = Awaited<ReturnType<typeof remediateAll>>;

export interface ApplyOptions {
  readonly maxExemptionDays: number;
  /** Changes per second and Region. */
  readonly rate: number;
  readonly hopLimitAtLeast?: number;
}

/** IMDSv1 was enabled on each instance when the plan was made; `remediate` decides again. */
const RECORDED = { HttpTokens: 'optional', HttpEndpoint: 'enabled' } as const;

/** The longest message of EC2 that is shown. */
const DETAIL = 400;

/** Remediates instances, all Regions in parallel. Ctrl-C finishes the calls in flight. */
export async function remediateAll(
  toRemediate: ReadonlyMap<string, readonly string[]>,
  { maxExemptionDays, rate, hopLimitAtLeast }: ApplyOptions,
  aws: Aws,
  io: Io,
) {
  const reader = ec2Reader(aws.ec2);
  const plain = ec2HopLimitWriter(aws.ec2);
  const writer = hopLimitAtLeast === undefined ? plain : raisingHopLimit(plain, reader, hopLimitAtLeast);
  const progress = new Progress(new Map([...toRemediate].map(([region, ids]) => [region, ids.length])), rate, io);
  const ports = { reader, writer: counting(writer, progress), queue: NO_QUEUE };
  // The plan has decided by usage. All other rows are decided again.
  const policy = { existing: 'enforce', maxExemptionDays } as const;
  const context = { trigger: command, eventId: 'imdsv2 enforce', occurredAt: io.now(), recorded: RECORDED } as const;

  const remediated: Remediated[] = [];
  /** Number of instances that needed no change when it was their turn, by reason. */
  const unchanged = new Map<Reason, number>();
  const failed: Failed[] = [];
  /** Instances that the run did not get to. */
  const remaining: InstanceRef[] = [];
  /** What the security team is notified about. */
  const outcomes: Outcome[] = [];
  const add = (outcome: Outcome): void => {
    const { target, status, reason, at, detail = '' } = outcome;
    const instance = toRef(target);
    // Failures are shown to the caller, who can repeat the command.
    if (status === 'remediated') outcomes.push(outcome);
    if (status === 'remediated') return void remediated.push({ ...instance, at }); // the writer has advanced the progress
    if (reason === 'deadline') return void remaining.push(instance);
    if (status === 'failed') failed.push({ ...instance, reason, detail: clean(deniedIn(detail), DETAIL) });
    else unchanged.set(reason, (unchanged.get(reason) ?? 0) + 1);
    progress.step(instance.region);
  };
  const confirmInterrupt = () => io.note('Finishing the calls in flight. Press Ctrl-C again to end at once.');
  io.interrupted.addEventListener('abort', confirmInterrupt);
  const notStarted = await Promise.all(
    [...toRemediate].map(async ([region, ids]) => {
      const targets = ids.map((instanceId): Target => ({ account: '', region, instanceId, context }));
      const time = aws.time(region);
      return remediatePaced(
        targets,
        policy,
        new Pace(time, new Bucket({ burst: 1, perSecond: rate })),
        { ...ports, time },
        add,
      );
    }),
  );
  io.interrupted.removeEventListener('abort', confirmInterrupt);
  io.progress('');
  remaining.push(...notStarted.flat().map(toRef));
  return { remediated, outcomes, unchanged, failed, remaining, milliseconds: progress.elapsed };
}

/** `remediate` records findings only for targets without `recorded`; each target here has it. */
const NO_QUEUE: RemediatePorts['queue'] = {
  putFindings: () => Promise.reject(new FailureError('unsupported', 'a command has no queue')),
};

const toRef = ({ region, instanceId }: Target): InstanceRef => ({ region, instanceId });

/** A writer that also advances the progress line. */
function counting(writer: InstanceWriter, progress: Progress): InstanceWriter {
  return {
    requireTokens: async (region, instanceId) => {
      const after = await writer.requireTokens(region, instanceId);
      progress.step(region);
      return after;
    },
  };
}
