import { Budget } from '../../lambda/app/budget.ts';
import { handleBatch } from '../../lambda/app/handle-batch.ts';
import type { EventRules } from '../../lambda/app/handle-events.ts';
import type { Rate } from '../../lambda/app/pace.ts';
import { VirtualClock } from '../scan/clock.ts';
import { ACCOUNT, driftEvent, launchEvent, runningEvent } from './bus.ts';
import { Ec2, type Instance } from './ec2.ts';
import { type FunctionSettings, LambdaFunction } from './function.ts';
import { Counters, portsOf, type PortContext } from './ports.ts';
import { randomOf } from './random.ts';
import { type QueueSettings, type SourceSettings, startEventSource, StandardQueue } from './sqs.ts';

const START = new Date('2026-09-01T00:00:00Z');
const RULES: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };
/** Milliseconds after a launch at which its instances are running. */
const RUNNING_AFTER_MS = 15_000;
/** Longer than a run may take. */
const LONGEST_MS = 4 * 3_600_000;

/** One RunInstances call. */
export interface Launch {
  readonly atMs: number;
  readonly region: string;
  readonly count: number;
  /** Whether CloudTrail leaves its instances out. */
  readonly omitted: boolean;
  /** Milliseconds until EC2 shows the instances. */
  readonly hiddenMs: number;
}

export interface Scenario {
  readonly name: string;
  readonly launches: readonly Launch[];
  /** People re-enable IMDSv1 on old instances: how many, spread evenly over so long. */
  readonly drifts?: { readonly region: string; readonly count: number; readonly withinMs: number };
  /** People change metadata options in this Region, so many a minute, from the first launch to the last remediation. */
  readonly people?: { readonly region: string; readonly perMinute: number };
  /** EC2 of a Region is not available for a while. */
  readonly outage?: { readonly region: string; readonly fromMs: number; readonly toMs: number };
  /** Whether every instance sends its running-state event, too. */
  readonly running?: boolean;
  /** The number of the launch on which the function hangs until its timeout, with its batch. */
  readonly crashes?: number;
  /** Whether post-change checks run, and what fails of them: SQS for their queue, CloudWatch for their measurements. */
  readonly checks?: { readonly refused?: boolean; readonly unmeasured?: boolean };
  /** The times are those of this Region only, or of drift only. */
  readonly measured?: string;
}

/** How events reach the function. */
export interface Delivery {
  /** Virtual milliseconds that a call of the function takes at least. */
  readonly latencyMs: number;
  readonly function: FunctionSettings & { readonly workSeconds: number };
  readonly budget: Rate;
  /** The work queue. */
  readonly queue: QueueSettings;
  readonly source: SourceSettings;
  /** The queue of post-change checks. */
  readonly checkSource: SourceSettings;
  /** The queue of running-state events. Absent where they share the work queue. */
  readonly runningQueue?: { readonly queue: QueueSettings; readonly source: SourceSettings };
}

/** What came of it. */
export interface Result {
  readonly instances: readonly Instance[];
  readonly ec2: Ec2;
  readonly lambda: LambdaFunction;
  readonly counters: Counters;
  readonly deadLettered: number;
  readonly sent: number;
  readonly peopleCalls: number;
  /** From the first launch on. */
  readonly lastMs: number;
}

/** Plays a scenario until every instance is remediated or given up. */
export async function play(scenario: Scenario, delivery: Delivery): Promise<Result> {
  const clock = new VirtualClock(START);
  const ec2 = new Ec2(clock);
  const lambda = new LambdaFunction(clock, delivery.function);
  const workQueue = new StandardQueue(clock, delivery.queue);
  const counters = new Counters();
  const random = randomOf(scenario.name);
  const { latencyMs } = delivery;
  const workMs = delivery.function.workSeconds * 1000;
  const checkQueue = scenario.checks && new StandardQueue(clock, delivery.queue);
  const checks = { ...scenario.checks, queue: checkQueue };
  const isFatal = (id: string) => ec2.instances.get(id)?.token === `${scenario.crashes}`;
  const context: PortContext = { clock, isFatal, ec2, workQueue, checks, counters, random, latencyMs, workMs };
  const total = scenario.launches.reduce((sum, { count }) => sum + count, 0);
  let [notStarted, peopleCalls] = [scenario.launches.length, 0];

  const listen = (queue: StandardQueue, source: SourceSettings) =>
    startEventSource(clock, queue, source, async (messages) => {
      const records = messages.map(({ id, body, receives }) => ({ messageId: id, body, receiveCount: receives }));
      const done = await lambda.invoke((invocation) => {
        invocation.environment.budget ??= new Budget(delivery.budget);
        return handleBatch(records, RULES, portsOf(invocation, context), invocation.environment.budget);
      });
      return done?.value;
    });
  listen(workQueue, delivery.source);
  if (checkQueue !== undefined) listen(checkQueue, delivery.checkSource);
  let runningQueue = workQueue;
  if (delivery.runningQueue !== undefined) {
    runningQueue = new StandardQueue(clock, delivery.runningQueue.queue);
    listen(runningQueue, delivery.runningQueue.source);
  }

  for (const [index, { atMs, omitted, ...request }] of scenario.launches.entries()) {
    clock.after(atMs, () => {
      const launched = ec2.launch({ ...request, token: `${index}` });
      notStarted -= 1;
      workQueue.send(JSON.stringify(launchEvent(launched, omitted)), 0);
      if (scenario.running !== true) return;
      notStarted += 1;
      clock.after(RUNNING_AFTER_MS, () => {
        notStarted -= 1;
        for (const instance of launched) {
          runningQueue.send(JSON.stringify(runningEvent(instance, clock.now())));
        }
      });
    });
  }
  const isDone = () => notStarted === 0 && workQueue.size === 0 && runningQueue.size === 0;
  const { people, outage, drifts } = scenario;
  for (let index = 0; drifts !== undefined && index < drifts.count; index += 1) {
    notStarted += 1;
    const reEnable = () => {
      const instance = ec2.reEnable(drifts.region);
      if (instance === undefined) return clock.after(1000, reEnable);
      notStarted -= 1;
      workQueue.send(JSON.stringify(driftEvent(instance)), 0);
    };
    clock.after((index * drifts.withinMs) / drifts.count, reEnable);
  }
  if (outage !== undefined) {
    clock.after(outage.fromMs, () => ec2.unavailable.add(outage.region));
    clock.after(outage.toMs, () => ec2.unavailable.delete(outage.region));
  }
  if (people !== undefined) {
    const change = () => {
      if (ec2.remediated === total) return;
      peopleCalls += 1;
      ec2.changeByPerson(people.region);
      clock.after((60_000 / people.perMinute) * 2 * random(), change);
    };
    change();
  }
  await clock.run(() => isDone() || clock.now() - START.getTime() > LONGEST_MS);

  const instances = [...ec2.instances.values()];
  const last = instances.reduce((latest, { remediatedAt = 0 }) => Math.max(latest, remediatedAt), 0);
  const deadLettered = new Set([...workQueue.deadLettered, ...runningQueue.deadLettered]).size;
  return {
    instances,
    ec2,
    lambda,
    counters,
    deadLettered,
    sent: workQueue.sent,
    peopleCalls,
    lastMs: last - START.getTime(),
  };
}
