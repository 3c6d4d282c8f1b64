import { fractionOf } from '../aws/simulation/ids.ts';

/** Kinds of launches and their shares. */
const KINDS = {
  'non-compliant': 0.66,
  compliant: 0.12,
  'imds-off': 0.05,
  exempt: 0.04,
  expired: 0.02,
  malformed: 0.03,
  managed: 0.03,
  'short-lived': 0.05,
} as const;
export type Kind = keyof typeof KINDS;

/** One RunInstances call and later calls for its instances. Times are simulated milliseconds. */
export interface Launch {
  /** Client token, from which the ids of the instances follow. */
  readonly token: string;
  readonly kind: Kind;
  readonly count: number;
  /** From the start of the run. */
  readonly at: number;
  /** From the launch until the instances are terminated. */
  readonly terminatedAfter?: number;
  /** From the termination until EC2 stops returning the instances. */
  readonly forgottenAfter?: number;
  /** From the launch until IMDSv1 is re-enabled on the first instance. */
  readonly driftAfter?: number;
}

/** EC2's limit of ModifyInstanceMetadataOptions calls per second, and the planned share of it. */
const MODIFIES_PER_SECOND = 5;
const LOAD = 0.75;

const BURST_SHARE = 0.15;
const LAUNCHES_PER_BURST = 12;
const BURST_MS = 5_000;

const SMALL = 0.83;
const TAIL = { from: 4, exponent: 1.1, upTo: 200 };

/** Drift happens long after most launches, but sometimes before the events of the launch are processed. */
const DRIFT = { share: 0.03, after: 60_000, within: 600_000 };
const TERMINATED = { after: 1_000, within: 60_000 };
/** EC2 returns a terminated instance for up to an hour, but some for less. */
const FORGOTTEN = { share: 0.5, after: 20_000, within: 60_000 };

/** The launches of a run. Everything is a hash of the seed and the number of the launch. */
export function planLaunches(count: number, seed: string): readonly Launch[] {
  const launches = Array.from({ length: count }, (_, index) => {
    const token = `chaos-${seed}-${index}`;
    const draw = (what: string) => fractionOf(seed, 'plan', what, index);
    const kind = kindOf(draw('kind'));
    return { token, kind, count: sizeOf(draw('size'), draw('tail')), at: 0, draw };
  });
  const toRemediate = launches.reduce((sum, launch) => sum + (isRemediated(launch.kind) ? launch.count : 0), 0);
  const duration = (toRemediate / MODIFIES_PER_SECOND / LOAD) * 1000;
  const bursts = Math.ceil((count * BURST_SHARE) / LAUNCHES_PER_BURST);
  return launches.map(({ draw, ...launch }) => {
    const burst = Math.floor(draw('burst') * bursts);
    const inBurst = draw('in burst') < BURST_SHARE;
    const at = inBurst ? fractionOf(seed, 'burst', burst) * duration + draw('at') * BURST_MS : draw('at') * duration;
    return {
      ...launch,
      at,
      ...(launch.kind === 'short-lived'
        ? { terminatedAfter: TERMINATED.after + draw('terminated') * TERMINATED.within }
        : {}),
      ...(launch.kind === 'short-lived' && draw('forgotten') < FORGOTTEN.share
        ? { forgottenAfter: FORGOTTEN.after + draw('forgotten after') * FORGOTTEN.within }
        : {}),
      ...(launch.kind === 'non-compliant' && draw('drift') < DRIFT.share
        ? { driftAfter: DRIFT.after + draw('drift after') * DRIFT.within }
        : {}),
    };
  });
}

const isRemediated = (kind: Kind): boolean => kind === 'non-compliant' || kind === 'expired' || kind === 'short-lived';

function kindOf(fraction: number): Kind {
  let sum = 0;
  for (const [kind, share] of Object.entries(KINDS)) {
    sum += share;
    if (fraction < sum) return kind as Kind;
  }
  return 'non-compliant';
}

/** The size of a launch: mostly 1 to 3 instances, with a heavy tail. */
function sizeOf(fraction: number, tail: number): number {
  if (fraction < SMALL) return fraction < 0.52 ? 1 : fraction < 0.7 ? 2 : 3;
  return Math.min(TAIL.upTo, Math.floor(TAIL.from / (1 - tail) ** (1 / TAIL.exponent)));
}
