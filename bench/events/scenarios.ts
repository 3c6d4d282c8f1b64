import type { Launch, Scenario } from './run.ts';

const HOME = 'us-east-1';
const OTHER = 'eu-west-1';

interface Spread {
  readonly count: number;
  /** Milliseconds over which the launches are spread evenly. */
  readonly withinMs: number;
  readonly region?: string;
  readonly fromMs?: number;
  /** Milliseconds until EC2 shows the instance of a launch, by its number. */
  readonly hiddenMs?: (index: number) => number;
}

const singles = ({ count, withinMs, region = HOME, fromMs = 0, hiddenMs = () => 0 }: Spread): Launch[] =>
  Array.from({ length: count }, (_, index) => ({
    atMs: fromMs + (index * withinMs) / count,
    region,
    count: 1,
    omitted: false,
    hiddenMs: hiddenMs(index),
  }));

const large = (count: number): Launch[] => [{ atMs: 0, region: HOME, count, omitted: true, hiddenMs: 0 }];

/** Far enough from each other that no launch meets another, and no multiple of a second. */
const ALONE_MS = 61_234;

const burst = singles({ count: 1000, withinMs: 4000 });

/** Launches in the other Region every three seconds, which nothing in the first Region may hold up. */
const inOtherRegion = singles({ count: 40, withinMs: 120_000, region: OTHER, fromMs: 300 });

/** One instance in twenty is shown after one to sixty seconds. */
const SHOWN_LATE = { every: 20, upTo: 60 };
const shownLate = (index: number): number =>
  index % SHOWN_LATE.every === 0 ? (1 + (index % SHOWN_LATE.upTo)) * 1000 : 0;

/** Longer than it takes until the checks of the first launches run: single launches every ten seconds, and one of 60. */
const withChecks = [
  ...singles({ count: 240, withinMs: 2_400_000, fromMs: 300 }),
  { atMs: 1_200_000, region: HOME, count: 60, omitted: false, hiddenMs: 0 },
];

/** What is played, by a name for the command line. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  burst: { name: '1,000 launches in 4 s', launches: burst },
  people: {
    name: '1,000 launches in 4 s, while people change options 20 times a minute',
    launches: burst,
    people: { region: HOME, perMinute: 20 },
  },
  minute: { name: '10,000 launches in a minute', launches: singles({ count: 10_000, withinMs: 60_000 }) },
  alone: { name: 'single launches, undisturbed', launches: singles({ count: 200, withinMs: 200 * ALONE_MS }) },
  large60: { name: 'a launch of 60, ids omitted', launches: large(60) },
  large200: { name: 'a launch of 200, ids omitted', launches: large(200) },
  regions: {
    name: 'single launches in eu-west-1 during 600 in us-east-1',
    launches: [...singles({ count: 600, withinMs: 2400 }), ...inOtherRegion],
    measured: OTHER,
  },
  hidden: {
    name: 'single launches in eu-west-1, while EC2 shows 5% of us-east-1 late',
    launches: [...singles({ count: 300, withinMs: 120_000, hiddenMs: shownLate }), ...inOtherRegion],
    measured: OTHER,
  },
  outage: {
    name: 'single launches in eu-west-1, while EC2 of us-east-1 is down for 20 min',
    launches: [...singles({ count: 60, withinMs: 120_000 }), ...inOtherRegion],
    outage: { region: HOME, fromMs: 0, toMs: 1_200_000 },
    measured: OTHER,
  },
  running: { name: '1,000 launches in 4 s, and their running-state events', launches: burst, running: true },
  storm: {
    name: '5,000 launches in a minute, while IMDSv1 is re-enabled on 500 instances in 10 min',
    launches: singles({ count: 5000, withinMs: 60_000 }),
    drifts: { region: HOME, count: 500, withinMs: 600_000 },
    measured: 'drift',
  },
  crash: {
    name: '300 launches in 4 s, of which one crashes the function whenever it is handled',
    launches: singles({ count: 300, withinMs: 4000 }),
    crashes: 150,
  },
  checks: { name: '300 launches in 40 min, and their post-change checks', launches: withChecks, checks: {} },
  sqsFails: {
    name: '… while SQS accepts no post-change check',
    launches: withChecks,
    checks: { refused: true },
  },
  metricsFail: {
    name: '… while CloudWatch answers no check',
    launches: withChecks,
    checks: { unmeasured: true },
  },
};
