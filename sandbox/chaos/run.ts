import { SQSClient, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { BusyError } from '../aws/simulation/activity.ts';
import { NO_FAULTS } from '../aws/simulation/faults.ts';
import { type Sandbox, startSandbox } from '../index.ts';
import type { Print } from '../tour/print.ts';
import { product } from '../tour/synth.ts';
import { chaosFaults } from './faults.ts';
import { drawUp } from './accounting.ts';
import { type ChaosOptions, LAUNCH_LIMITS, MAX_CONCURRENCY } from './options.ts';
import { ManualChanges } from './manual-changes.ts';
import { planLaunches } from './plan.ts';
import { count, leftOver, openIn, problemsOf, rowsOf, tableOf } from './report.ts';
import { withoutPaths } from './without.ts';

/** Simulated milliseconds that the last event may take to be settled: five receives of a message, and as much again. */
const PATIENCE = 2 * 5 * 730_000;
/** Real milliseconds. */
const LEAST_PATIENCE = 20_000;
const MAX_REDRIVES = 3;
const PREWARM = 4;
/** A small run needs fewer, and each takes a moment to load. */
const LAUNCHES_PER_ENVIRONMENT = 10;
/** A step of a scan may be killed every time; the schedule rings again. */
const MAX_SCANS = 3;

/**
 * Launches a fleet while everything goes wrong that can.
 *
 * @param built what to run; default: built and synthesized now.
 * @returns whether nothing was lost.
 */
export async function runChaos(
  options: ChaosOptions,
  print: Print,
  built: ReturnType<typeof product> = product({ mode: 'enforce', existing: options.scan ? 'enforce' : 'audit' }),
): Promise<boolean> {
  const {
    launches,
    seed,
    timeScale,
    faults,
    without,
    redrive,
    scan = false,
    maxConcurrency = MAX_CONCURRENCY,
  } = options;
  const plan = planLaunches(launches, seed);
  const { stacks = [], bundles } = await built;
  const sandbox = await startSandbox({
    stacks: withoutPaths(stacks, without),
    bundles,
    timeScale,
    seed: `chaos ${seed}`,
    faults: chaosFaults(seed, scan ? [...faults, 'unseen'] : faults, without),
    limits: LAUNCH_LIMITS,
    maxConcurrency,
    patient: true,
    prewarm: Math.min(PREWARM, Math.ceil(launches / LAUNCHES_PER_ENVIRONMENT)),
    schedules: false,
  });
  try {
    const instances = plan.reduce((sum, launch) => sum + launch.count, 0);
    const minutes = Math.max(...plan.map(({ at }) => at)) / 60_000;
    print(
      `${count(launches)} launches of ${count(instances)} instances over ${minutes.toFixed(0)} minutes, seed ${seed}`,
    );
    print(`clock ${timeScale} times as fast; ${maxConcurrency} environments of the function at most`);
    print("AWS's token buckets, but for those of RunInstances, which would only slow the launches down");
    print(`faults: ${faults.join(', ') || 'none'}${scan ? '; and both events of some instances are lost' : ''}`);
    if (without.length > 0) print(`without: ${without.join(', ')}`);
    // The hour in which closings are checked is mostly waiting.
    sandbox.clock.skipRests();
    const manualChanges = new ManualChanges(sandbox);
    await manualChanges.follow(plan);
    const problems = await settle(sandbox);
    if (scan) problems.push(...(await scanAll(sandbox, manualChanges, print)));
    const accounting = drawUp(sandbox, manualChanges);
    print(tableOf(rowsOf(accounting, sandbox, manualChanges)));
    problems.push(...problemsOf(accounting));
    if (redrive) {
      Object.assign(sandbox.faults, NO_FAULTS);
      problems.push(...(await redriveAll(sandbox)));
      const after = drawUp(sandbox, manualChanges);
      print('\nAfter the redrive, without faults:');
      print(tableOf([...rowsOf(after, sandbox, manualChanges), ['open after redrive', count(openIn(after))]]));
      problems.push(...[...problemsOf(after), ...leftOver(after)].map((problem) => `after the redrive, ${problem}`));
    }
    print(problems.length === 0 ? '\nNothing was lost.' : `\nLOST\n  ${problems.join('\n  ')}`);
    return problems.length === 0;
  } finally {
    await sandbox.stop();
  }
}

/** Waits until nothing is under way. What still is after a long simulated time is looked at as it is. */
async function settle(sandbox: Sandbox): Promise<string[]> {
  const { clock } = sandbox;
  const end = clock.now() + PATIENCE;
  for (;;) {
    try {
      await sandbox.idle(Math.max(LEAST_PATIENCE, clock.real(end - clock.now())));
      return [];
    } catch (error) {
      // The clock waits for the machine, so it may not be as far as that.
      if (!(error instanceof BusyError) || clock.now() >= end) return [(error as Error).message];
    }
  }
}

/** Lets the schedule of the scan ring, until nothing is missed or nobody rings any more. */
async function scanAll(sandbox: Sandbox, manualChanges: ManualChanges, print: Print): Promise<string[]> {
  const missed = () => drawUp(sandbox, manualChanges).entries.filter(({ fate }) => fate === 'missed').length;
  const [before, problems]: [number, string[]] = [missed(), []];
  let rings = 0;
  while (missed() > 0 && rings < MAX_SCANS && sandbox.bus.fire('Schedule') !== undefined) {
    rings += 1;
    problems.push(...(await settle(sandbox)));
  }
  print(`the events missed ${count(before)}; ${rings} scans closed ${count(before - missed())} of them\n`);
  return problems;
}

/** What the runbook says: move the dead letters back, until there are none. */
async function redriveAll(sandbox: Sandbox): Promise<string[]> {
  const { arn: DestinationArn } = sandbox.queue('WorkQueue');
  const deadLetterQueue = sandbox.queue('DeadLetterQueue');
  const sqs = new SQSClient(sandbox.client({ accessKeyId: 'AKIAOPERATOR' }));
  const problems: string[] = [];
  for (let times = 0; times < MAX_REDRIVES && deadLetterQueue.size > 0; times++) {
    const redrive = new StartMessageMoveTaskCommand({ SourceArn: deadLetterQueue.arn, DestinationArn });
    await sandbox.work('redrive', () => sqs.send(redrive));
    problems.push(...(await settle(sandbox)));
  }
  sqs.destroy();
  return problems;
}
