import { SQSClient, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { count, instancesOf, plural } from '../../lambda/core/words/format.ts';
import { BusyError } from '../aws/simulation/activity.ts';
import { NO_FAULTS } from '../aws/simulation/faults.ts';
import { type Sandbox, startSandbox } from '../index.ts';
import type { Print } from '../print.ts';
import { buildProduct } from '../product.ts';
import { accountFor } from './accounting.ts';
import { ExistingFleets } from './existing-fleets.ts';
import { chaosFaults } from './faults.ts';
import { MixedIn } from './mixed-in.ts';
import { type ChaosOptions, LAUNCH_LIMITS, MAX_CONCURRENCY } from './options.ts';
import { planLaunches } from './plan.ts';
import { nonCompliantIn, problemsAfterRedrive, problemsOf, rowsOf, tableOf } from './report.ts';
import { Traffic } from './traffic.ts';
import { withoutPaths } from './without.ts';

/** Timeout in simulated milliseconds: twice the time of the receives of a message of the notifier. */
const TIMEOUT = 2 * 60 * 120_000;
/** The shortest timeout in real milliseconds. */
const SHORTEST_TIMEOUT = 20_000;
const MAX_REDRIVES = 3;
/** SNS may refuse an alert repeatedly, and the notifier may crash. */
const MAX_SUMMARIES = 20;
const PREWARM = 4;
/** A small run needs fewer environments, and each takes time to load. */
const LAUNCHES_PER_ENVIRONMENT = 10;
/** A step of a scan may crash at every attempt, so that another scan is necessary. */
const MAX_SCANS = 3;
/** A scan changes a share of a fleet, and nothing of one whose usage it could not read. */
const MAX_SCANS_OF_FLEETS = 8;

/**
 * Launches instances while faults are injected, and prints a report.
 *
 * @param built the product. @default built and synthesized now
 * @returns whether no instance was missed and no notification is owed.
 */
export async function runChaos(
  options: ChaosOptions,
  print: Print,
  built: ReturnType<typeof buildProduct> = buildProduct({
    mode: 'enforce',
    existing: options.scan ? (options.existing ?? 'enforce') : 'audit',
  }),
): Promise<boolean> {
  const {
    launches,
    seed,
    timeScale,
    faults,
    without,
    redrive,
    scan = false,
    existing = 'enforce',
    maxConcurrency = MAX_CONCURRENCY,
  } = options;
  const plan = planLaunches(launches, seed);
  const losesBoth = scan && existing === 'enforce';
  const { stacks = [], bundles } = await built;
  const sandbox = await startSandbox({
    stacks: withoutPaths(stacks, without),
    bundles,
    timeScale,
    seed: `chaos ${seed}`,
    faults: chaosFaults(seed, losesBoth ? [...faults, 'unseen'] : faults, without),
    limits: LAUNCH_LIMITS,
    maxConcurrency,
    pauseWhenOverloaded: true,
    prewarm: Math.min(PREWARM, Math.ceil(launches / LAUNCHES_PER_ENVIRONMENT)),
    schedules: false,
  });
  try {
    const instances = plan.reduce((sum, launch) => sum + launch.count, 0);
    const minutes = Math.max(...plan.map(({ at }) => at)) / 60_000;
    print(
      `${count(launches)} launch${launches === 1 ? '' : 'es'} of ${instancesOf(instances)} over ` +
        `${minutes.toFixed(0)} min, seed ${seed}`,
    );
    print(`simulated clock at ${timeScale}x; at most ${maxConcurrency} concurrent environments of each function`);
    print("AWS's request limits, except for RunInstances, because they would only slow the launches down");
    print(`faults: ${faults.join(', ') || 'none'}${losesBoth ? '; both events of some instances are lost' : ''}`);
    if (without.length > 0) print(`without: ${without.join(', ')}`);
    // The hour of post-change checks is mostly idle time.
    sandbox.clock.skipIdleTime();
    const traffic = new Traffic(sandbox);
    const mixedIn = new MixedIn(sandbox, traffic, launches, seed, !scan);
    const fleets = scan && !losesBoth ? new ExistingFleets(sandbox, launches, seed) : undefined;
    const others = faults.includes('others') ? mixedIn.useUpRate(minutes * 60_000) : undefined;
    const stopSchedule = everyWindow(sandbox);
    try {
      await Promise.all([traffic.run(plan), mixedIn.run(minutes * 60_000), others]);
    } finally {
      traffic.end();
    }
    const problems = await waitUntilIdle(sandbox);
    if (scan) problems.push(...(await scanAll(sandbox, traffic, fleets, print)));
    problems.push(...(await sendSummaries(sandbox)));
    stopSchedule();
    const accounting = accountFor(sandbox, traffic);
    const existingResult = fleets?.result() ?? { rows: [], problems: [] };
    print(tableOf([...rowsOf(accounting, sandbox, traffic), ...mixedIn.result().rows, ...existingResult.rows]));
    problems.push(...problemsOf(accounting), ...mixedIn.result().problems, ...existingResult.problems);
    if (redrive) {
      Object.assign(sandbox.faults, NO_FAULTS);
      problems.push(...(await redriveAll(sandbox, 'DeadLetterQueue', 'WorkQueue')));
      problems.push(...(await redriveAll(sandbox, 'NotifierDeadLetterQueue', 'UrgentQueue')));
      problems.push(...(await sendSummaries(sandbox)));
      const after = accountFor(sandbox, traffic);
      const nonCompliant = count(nonCompliantIn(after));
      print('\nAfter the redrive, without faults:');
      const { rows, problems: mixedInProblems } = mixedIn.result();
      print(tableOf([...rowsOf(after, sandbox, traffic), ...rows, ['non-compliant after redrive', nonCompliant]]));
      const remaining = [...problemsOf(after), ...problemsAfterRedrive(after), ...mixedInProblems];
      problems.push(...remaining.map((problem) => `after the redrive: ${problem}`));
    }
    print(problems.length === 0 ? '\nNothing was lost: missed 0, owed 0.' : `\nLOST\n  ${problems.join('\n  ')}`);
    return problems.length === 0;
  } finally {
    await sandbox.stop();
  }
}

/** Waits until nothing is in progress. @returns what still is after the timeout. */
async function waitUntilIdle(sandbox: Sandbox): Promise<string[]> {
  const { clock } = sandbox;
  const end = clock.now() + TIMEOUT;
  for (;;) {
    try {
      await sandbox.idle(Math.max(SHORTEST_TIMEOUT, clock.real(end - clock.now())));
      return [];
    } catch (error) {
      // The clock pauses when the machine is overloaded, so that the simulated time may not have passed yet.
      if (!(error instanceof BusyError) || clock.now() >= end) return [(error as Error).message];
    }
  }
}

/** Minutes between two summaries: more than with the default setting, so that faults meet many. */
const SUMMARY_MINUTES = 1;

/** Runs the schedule of summaries until it is stopped, without waiting for the next time. */
function everyWindow({ bus, clock }: Sandbox): () => void {
  let isStopped = false;
  const run = () => {
    if (isStopped) return;
    bus.fire('Drain');
    clock.after(SUMMARY_MINUTES * 60_000, run);
  };
  clock.after(SUMMARY_MINUTES * 60_000, run);
  return () => (isStopped = true);
}

/** Sends summaries until none is left, or the limit is reached. */
async function sendSummaries(sandbox: Sandbox): Promise<string[]> {
  const problems: string[] = [];
  for (let runs = 0; runs < MAX_SUMMARIES && sandbox.queue('SummaryQueue').size > 0; runs += 1) {
    await sandbox.clock.sleep(SUMMARY_MINUTES * 60_000);
    sandbox.bus.fire('Drain');
    problems.push(...(await waitUntilIdle(sandbox)));
  }
  return problems;
}

/** Runs scans until no instance is missed, the limit is reached, or the schedule is disabled. */
async function scanAll(
  sandbox: Sandbox,
  traffic: Traffic,
  fleets: ExistingFleets | undefined,
  print: Print,
): Promise<string[]> {
  const missed = () =>
    accountFor(sandbox, traffic).entries.filter(({ state }) => state === 'missed').length + (fleets?.remaining ?? 0);
  const most = fleets === undefined ? MAX_SCANS : MAX_SCANS_OF_FLEETS;
  const [before, problems]: [number, string[]] = [missed(), []];
  let scans = 0;
  while (missed() > 0 && scans < most && sandbox.bus.fire('Schedule') !== undefined) {
    scans += 1;
    problems.push(...(await waitUntilIdle(sandbox)));
  }
  print(`${count(before)} missed by events; ${plural(scans, 'scan')} remediated ${count(before - missed())} of them\n`);
  return problems;
}

/** Redrives a dead-letter queue until it is empty, as the runbook says. */
async function redriveAll(sandbox: Sandbox, from: string, to: string): Promise<string[]> {
  const { arn: DestinationArn } = sandbox.queue(to);
  const deadLetterQueue = sandbox.queue(from);
  const sqs = new SQSClient(sandbox.client({ accessKeyId: 'AKIAOPERATOR' }));
  const problems: string[] = [];
  for (let redrives = 0; redrives < MAX_REDRIVES && deadLetterQueue.size > 0; redrives++) {
    const redrive = new StartMessageMoveTaskCommand({ SourceArn: deadLetterQueue.arn, DestinationArn });
    await sandbox.work('redrive', () => sqs.send(redrive));
    problems.push(...(await waitUntilIdle(sandbox)));
  }
  sqs.destroy();
  return problems;
}
