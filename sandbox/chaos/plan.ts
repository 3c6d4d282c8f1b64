import { fractionOf } from '../aws/simulation/ids.ts';

/** Kinds of launches, with their share of all. */
const KINDS = {
  open: 0.66,
  compliant: 0.12,
  'imds-off': 0.05,
  exempt: 0.04,
  expired: 0.02,
  malformed: 0.03,
  managed: 0.03,
  'short-lived': 0.05,
} as const;
export type Kind = keyof typeof KINDS;

/** One RunInstances call, and what people do to its instances later. Times are simulated milliseconds. */
export interface Launch {
  /** Client token; ids of the instances follow from it. */
  readonly token: string;
  readonly kind: Kind;
  readonly count: number;
  /** After the start of the run. */
  readonly at: number;
  /** After the launch: when its instances are terminated. */
  readonly terminatedAfter?: number;
  /** After the termination: when EC2 forgets them. */
  readonly forgottenAfter?: number;
  /** After the launch: when somebody sets its first instance back to IMDSv1. */
  readonly setBackAfter?: number;
}

/** The ModifyInstanceMetadataOptions that EC2 allows per second, and the share of them that the launches are planned to need. */
const MODIFIES_PER_SECOND = 5;
const LOAD = 0.75;

const BURST_SHARE = 0.15;
const LAUNCHES_PER_BURST = 12;
const BURST_MS = 5_000;

const SMALL = 0.83;
const TAIL = { from: 4, exponent: 1.1, upTo: 200 };

/** Most set-backs come long after the launch, some while its own events may still be under way. */
const SET_BACK = { share: 0.03, after: 60_000, within: 600_000 };
const TERMINATED = { after: 1_000, within: 60_000 };
/** EC2 shows a terminated instance for up to an hour; some are gone sooner. */
const FORGOTTEN = { share: 0.5, after: 20_000, within: 60_000 };

/** The launches of a run. Everything is drawn by hash of the seed and the launch. */
export function planLaunches(count: number, seed: string): readonly Launch[] {
  const launches = Array.from({ length: count }, (_, index) => {
    const token = `chaos-${seed}-${index}`;
    const draw = (what: string) => fractionOf(seed, 'plan', what, index);
    const kind = kindOf(draw('kind'));
    return { token, kind, count: sizeOf(draw('size'), draw('tail')), at: 0, draw };
  });
  const toRemediate = launches.reduce((sum, launch) => sum + (isToBeRemediated(launch.kind) ? launch.count : 0), 0);
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
      ...(launch.kind === 'open' && draw('set back') < SET_BACK.share
        ? { setBackAfter: SET_BACK.after + draw('set back after') * SET_BACK.within }
        : {}),
    };
  });
}

const isToBeRemediated = (kind: Kind): boolean => kind === 'open' || kind === 'expired' || kind === 'short-lived';

function kindOf(fraction: number): Kind {
  let sum = 0;
  for (const [kind, share] of Object.entries(KINDS)) {
    sum += share;
    if (fraction < sum) return kind as Kind;
  }
  return 'open';
}

/** Most launches are of 1 to 3 instances; the rest have a heavy tail. */
function sizeOf(fraction: number, tail: number): number {
  if (fraction < SMALL) return fraction < 0.52 ? 1 : fraction < 0.7 ? 2 : 3;
  return Math.min(TAIL.upTo, Math.floor(TAIL.from / (1 - tail) ** (1 / TAIL.exponent)));
}
