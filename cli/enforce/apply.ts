import { ec2HopLimitWriter } from '../../lambda/adapters/ec2-by-hand.ts';
import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { close } from '../../lambda/app/remediate-paced.ts';
import { raisingHopLimit } from '../../lambda/app/hop-limit.ts';
import { Pace } from '../../lambda/app/pace.ts';
import type { InstanceWriter } from '../../lambda/app/ports.ts';
import type { RemediatePorts } from '../../lambda/app/remediate.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Outcome, Reason } from '../../lambda/core/outcome.ts';
import type { Target } from '../../lambda/core/target.ts';
import { clean } from '../../lambda/core/text.ts';
import type { Aws } from '../shared/aws.ts';
import { deniedIn } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';
import { Progress } from './progress.ts';

/** An instance, and where it is. */
export interface Place {
  readonly region: string;
  readonly instanceId: string;
}

/** An instance that was not closed, and why. */
export interface Refused extends Place {
  readonly reason: Reason;
  /** What EC2 said. */
  readonly detail: string;
}

/** What was done. */
export interface Closing {
  readonly remediated: readonly Place[];
  /** By reason, those that turned out to need no change when it was their turn. */
  readonly unneeded: ReadonlyMap<Reason, number>;
  readonly failed: readonly Refused[];
  /** Their turn never came. */
  readonly notDone: readonly Place[];
  /** Where so many failed in a row that the rest was not begun. */
  readonly givenUp: readonly string[];
  readonly milliseconds: number;
}

/** How to close. */
export interface ApplyOptions {
  readonly maxExemptionDays: number;
  /** Changes per second and region. */
  readonly rate: number;
  readonly hopLimitAtLeast?: number;
}

/** What a plan is about was read as reachable; the decision is taken anew when it is an instance's turn. */
const RECORDED = { HttpTokens: 'optional', HttpEndpoint: 'enabled' } as const;

/** Longest piece of what EC2 said. */
const DETAIL = 400;

/** Closes instances, all regions side by side. It ends early, but in order, when somebody presses Ctrl-C. */
export async function closeAll(
  toRemediate: ReadonlyMap<string, readonly string[]>,
  { maxExemptionDays, rate, hopLimitAtLeast }: ApplyOptions,
  aws: Aws,
  io: Io,
): Promise<Closing> {
  const reader = ec2Reader(aws.ec2);
  const bare = ec2HopLimitWriter(aws.ec2);
  const writer = hopLimitAtLeast === undefined ? bare : raisingHopLimit(bare, reader, hopLimitAtLeast);
  const work = new Map([...toRemediate].map(([region, ids]) => [region, ids.length]));
  const progress = new Progress(work, rate, io);
  const ports = { reader, writer: counting(writer, progress), queue: NO_QUEUE };
  const policy = { existing: 'enforce', maxExemptionDays } as const;
  const context = { trigger: 'command', eventId: 'imdsv2 enforce', occurredAt: io.now(), recorded: RECORDED } as const;

  const ledger = new Ledger(progress);
  const say = () => io.note('Only what is under way is finished. Ctrl-C again ends at once.');
  io.interrupted.addEventListener('abort', say);
  const rest = await Promise.all(
    [...toRemediate].map(async ([region, ids]) => {
      const targets = ids.map((instanceId): Target => ({ account: '', region, instanceId, context }));
      const time = aws.time(region);
      return close(targets, policy, new Pace(time, 1, rate), { ...ports, time }, (outcome) => ledger.add(outcome));
    }),
  );
  io.interrupted.removeEventListener('abort', say);
  io.progress('');
  const notBegun = rest.flat().map(toPlace);
  const { remediated, unneeded, failed } = ledger;
  const givenUp = io.interrupted.aborted ? [] : [...new Set(notBegun.map(({ region }) => region))];
  const notDone = [...ledger.notDone, ...notBegun];
  return { remediated, unneeded, failed, notDone, givenUp, milliseconds: progress.elapsed };
}

/** Every target has a record, so nothing has to be kept until later. */
const NO_QUEUE: RemediatePorts['queue'] = {
  putFindings: () => Promise.reject(new FailureError('unsupported', 'a command has no queue')),
};

const toPlace = ({ region, instanceId }: Target): Place => ({ region, instanceId });

function counting(writer: InstanceWriter, progress: Progress): InstanceWriter {
  return {
    requireTokens: async (region, instanceId) => {
      const after = await writer.requireTokens(region, instanceId);
      progress.step(region);
      return after;
    },
  };
}

/** Sorts outcomes. */
class Ledger {
  public readonly remediated: Place[] = [];
  public readonly unneeded = new Map<Reason, number>();
  public readonly failed: Refused[] = [];
  public readonly notDone: Place[] = [];
  readonly #progress: Progress;

  public constructor(progress: Progress) {
    this.#progress = progress;
  }

  public add({ target, status, reason, detail = '' }: Outcome): void {
    const place = toPlace(target);
    if (status === 'remediated') {
      this.remediated.push(place); // the progress knows already
      return;
    }
    if (reason === 'deadline') {
      this.notDone.push(place);
      return;
    }
    if (status !== 'failed') this.unneeded.set(reason, (this.unneeded.get(reason) ?? 0) + 1);
    else this.failed.push({ ...place, reason, detail: clean(deniedIn(detail), DETAIL) });
    this.#progress.step(place.region);
  }
}
