import { onScanStep } from '../../lambda/app/scan/index.ts';
import { RetryableError } from '../../lambda/app/retry.ts';
import type { Existing } from '../../lambda/contract.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { USAGE_RULES } from '../../lambda/core/usage.ts';
import { fractionOf } from '../../sandbox/aws/simulation/ids.ts';
import { VirtualClock } from './clock.ts';
import { Statistics, Invocation, LIMIT_MS, type InvocationContext } from './lambda.ts';
import { FifoQueue, type Message } from './queue.ts';
import { Region } from './region.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';
const MIDNIGHT = new Date('2026-09-01T00:00:00Z');
const HOUR = 3_600_000;
const EVERY_HOURS = 6;

/** Users modify instances in the same region, at slightly less than the remaining request limit of EC2. */
const USER_CALL_EVERY_MS = 600;

/** The share of steps that are killed, and within how many milliseconds: fixed and per instance. */
const KILLED = {
  start: { share: 0.4, within: 500, each: 0 },
  region: { share: 0.4, within: 1_000, each: 1.5 },
  batch: { share: 0.2, within: 360_000, each: 0 },
  summary: { share: 0.4, within: 1_000, each: 1.5 },
} as const;
type Step = keyof typeof KILLED;

export interface RunOptions {
  /** The number of non-compliant instances. */
  readonly nonCompliant: number;
  readonly existing: Existing;
  /** Seed of the times at which functions are killed. @default none are killed */
  readonly kills?: string;
  /** Milliseconds of an invocation. @default those of Lambda */
  readonly limitMs?: number;
}

/** The result of a run. */
export interface Result {
  readonly region: Region;
  readonly statistics: Statistics;
  readonly invocations: number;
  readonly killed: Readonly<Record<Step, number>>;
  readonly thrown: readonly string[];
  readonly deadLetterQueue: number;
  readonly longestMs: number;
  readonly userCalls: number;
  readonly throttledUserCalls: number;
  /** Virtual milliseconds since the scheduled event. */
  readonly lastChangeMs: number;
  readonly totalMs: number;
}

/** Scans a simulated region every six hours until a scan is complete. */
export async function scanRegion({ nonCompliant, existing, kills, limitMs = LIMIT_MS }: RunOptions): Promise<Result> {
  const clock = new VirtualClock(MIDNIGHT);
  const region = new Region(nonCompliant, clock);
  const statistics = new Statistics(region.size);
  const random = numbers(kills ?? 'no kills');
  const rules = {
    mode: 'enforce' as const,
    existing,
    maxExemptionDays: 90,
    usage: USAGE_RULES,
    trail: true,
    scanEveryHours: EVERY_HOURS,
    forwarders: [],
    homeRegion: REGION,
  };
  const killed = { start: 0, region: 0, batch: 0, summary: 0 };
  const thrown: string[] = [];
  let [invocations, longestMs, throttledUserCalls, userCalls] = [0, 0, 0, 0];

  const invoke = async (message: Message): Promise<'done' | 'failed'> => {
    const json: unknown = JSON.parse(message.body);
    const invocation = new Invocation(context);
    const begun = clock.now();
    invocations += 1;
    const step = stepOf(json);
    const killAfter = kills === undefined ? undefined : killMs(kills, step, nonCompliant, message);
    const result = await new Promise<'done' | 'failed' | 'killed'>((end) => {
      clock.after(killAfter ?? limitMs, () => end('killed'));
      onScanStep(json, rules, invocation.ports()).then(
        () => end('done'),
        (error: unknown) => {
          if (!(error instanceof RetryableError || error instanceof FailureError)) throw error;
          thrown.push(error.message);
          end('failed');
        },
      );
    });
    invocation.over = true;
    longestMs = Math.max(longestMs, clock.now() - begun);
    if (result !== 'killed') return result;
    killed[step] += 1;
    return 'failed';
  };
  const queue = new FifoQueue(clock, invoke);
  const send: InvocationContext['send'] = (...message) => queue.send(...message);
  const context: InvocationContext = { clock, region, statistics, existing, regionName: REGION, random, send };

  const fireSchedule = () => {
    if (clock.now() > MIDNIGHT.getTime() && queue.size === 0) return;
    const time = new Date(clock.now()).toISOString();
    const event = { source: 'aws.events', 'detail-type': 'Scheduled Event', account: ACCOUNT, region: REGION, time };
    queue.send(JSON.stringify({ ...event, id: `scheduled ${time}`, detail: {} }), 'start');
    clock.after(EVERY_HOURS * HOUR, fireSchedule);
  };
  const makeUserCall = () => {
    userCalls += 1;
    try {
      region.take('ModifyInstanceMetadataOptions');
    } catch {
      throttledUserCalls += 1;
    }
    clock.after(USER_CALL_EVERY_MS * 2 * random(), makeUserCall);
  };
  fireSchedule();
  makeUserCall();
  await clock.run(() => queue.size === 0);
  return {
    region,
    statistics,
    invocations,
    killed,
    thrown,
    deadLetterQueue: queue.deadLetterQueue.length,
    longestMs,
    throttledUserCalls,
    userCalls,
    lastChangeMs: (statistics.changedAt.at(-1) ?? MIDNIGHT.getTime()) - MIDNIGHT.getTime(),
    totalMs: clock.now() - MIDNIGHT.getTime(),
  };
}

function stepOf(json: unknown): Step {
  const { detail } = json as { readonly detail: { readonly step?: Step } };
  return detail.step ?? 'start';
}

function killMs(seed: string, step: Step, nonCompliant: number, { body, receives }: Message): number | undefined {
  const { share, within, each } = KILLED[step];
  if (fractionOf(seed, 'killed', body, receives) >= share) return undefined;
  return (within + each * nonCompliant) * fractionOf(seed, 'when', body, receives);
}

/** A reproducible sequence of numbers from 0 up to 1. */
function numbers(seed: string): () => number {
  let state = Math.floor(fractionOf(seed, 'numbers') * 2 ** 32);
  return () => {
    // https://en.wikipedia.org/wiki/Linear_congruential_generator
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
