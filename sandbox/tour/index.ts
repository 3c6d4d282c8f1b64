import { setTimeout as sleep } from 'node:timers/promises';
import { plural } from '../../lambda/core/words/format.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../index.ts';
import { type Screen, showingProgress } from '../print.ts';
import { buildProduct } from '../product.ts';
import type { Case, Expectation } from './case.ts';
import { CASES } from './cases.ts';
import type { CommandLine } from './command-line.ts';
import { EventLog } from './event-log.ts';
import * as failures from './failure-cases.ts';
import { hangingSns } from './other-cases.ts';
import { caseLines, heading, instanceTable, type PlayedCase, problemsOf } from './print.ts';
import { enforcedByHand } from './exposure-cases.ts';
import * as prevention from './prevention-cases.ts';
import * as regions from './region-cases.ts';
import * as scan from './scan-cases.ts';
import { CALLERS, Scenario } from './scenario.ts';
import { shortLivedWorkers } from './worker-cases.ts';

export interface TourOptions {
  readonly timeScale: number;
  readonly seed: string;
  /** Whether to list every check and every instance at the end. */
  readonly verbose: boolean;
  readonly imdsv2: CommandLine;
}

/** Timeouts of a case and of the final wait for the work queue, in real milliseconds. */
const CASE_TIMEOUT = 60_000;
const QUEUE_TIMEOUT = 60_000;

/** Cases about scans wait for a post-change check after 15 minutes and for midnight. */
const SCAN_TIME_SCALE = 200;

/** So slow that every call is in time; the idle time of the hour of tries is skipped. */
const FAILURE_TIME_SCALE = 20;

/** Cases that are played on the same local AWS. */
interface Section {
  readonly title: string;
  readonly options: SandboxOptions;
  readonly cases: readonly Case[];
  readonly prepare?: (scenario: Scenario) => void;
  /** Schemas of which the first message is printed in full. */
  readonly schemasInFull: readonly string[];
  /** Title of the final wait for the work queue. */
  readonly finalTitle?: string;
}

/** What the tour is at. */
interface Activity {
  text: string;
  sandbox?: Sandbox;
}

/** Plays every case on a local AWS and prints what happens. @returns whether all checks passed. */
export async function runTour(options: TourOptions, terminal: Screen): Promise<boolean> {
  const activity: Activity = { text: 'building the bundles and synthesizing the stacks' };
  const screen = showingProgress(terminal, () => describe(activity));
  try {
    return await play(options, screen, activity);
  } finally {
    screen.stop();
  }
}

function describe({ text, sandbox }: Activity): string {
  if (sandbox === undefined) return text;
  const time = new Date(sandbox.clock.now()).toISOString().slice(11, 19);
  return `${text}, simulated time ${time}, in progress: ${sandbox.inProgress()}`;
}

async function play(
  { timeScale, seed, verbose, imdsv2 }: TourOptions,
  screen: Screen,
  activity: Activity,
): Promise<boolean> {
  const { print } = screen;
  print('Building the bundles and synthesizing the stacks ...');
  const audit = await buildProduct({ mode: 'enforce', existing: 'audit', alertSummaryMinutes: 0 });
  const whenUnused = await buildProduct({ mode: 'enforce', existing: 'enforce-when-unused', alertSummaryMinutes: 1 });
  const everyRegion = await buildProduct({
    mode: 'enforce',
    existing: 'audit',
    regions: regions.REGIONS,
    alertSummaryMinutes: 0,
  });
  const enforced = await buildProduct({ mode: 'enforce', existing: 'enforce', alertSummaryMinutes: 0 });
  const launchesWhenUnused = await buildProduct({
    mode: 'enforce',
    existing: 'enforce-when-unused',
    launches: 'enforce-when-unused',
    alertSummaryMinutes: 0,
  });
  const today = new Date().toISOString().slice(0, 10);
  const scanOptions = { timeScale: Math.max(timeScale, SCAN_TIME_SCALE), prewarm: 1 };
  const sections: readonly Section[] = [
    {
      title: 'New launches and drift',
      options: { ...audit, timeScale, schedules: false },
      cases: CASES,
      schemasInFull: ['imdsv2-enforcer.alert/v1'],
      finalTitle: 'the running-state events are processed, which cover lost CloudTrail events',
    },
    {
      title: `Several regions, regions=${regions.REGIONS.join(',')}`,
      options: { ...everyRegion, timeScale, schedules: false },
      cases: [regions.otherRegion],
      schemasInFull: ['imdsv2-enforcer.alert/v1'],
    },
    {
      title: 'Existing instances, existing=audit',
      options: { ...audit, ...scanOptions, schedules: false, startAt: new Date(`${today}T00:30:00Z`) },
      cases: [scan.reportOnly],
      prepare: scan.addExistingFleet,
      schemasInFull: ['imdsv2-enforcer.digest/v1'],
    },
    {
      title: 'Existing instances, existing=enforce-when-unused',
      options: { ...whenUnused, ...scanOptions, startAt: new Date(`${today}T23:05:00Z`) },
      cases: [
        scan.unusedRemediated,
        scan.workloadImpact,
        scan.rolledBack(imdsv2),
        scan.exemptionExpired,
        hangingSns,
        enforcedByHand(imdsv2),
      ],
      prepare: scan.addExistingFleet,
      schemasInFull: ['imdsv2-enforcer.digest/v1', 'imdsv2-enforcer.workload-impact/v1'],
    },
    {
      title: 'EC2 is unavailable for longer than an hour',
      options: { ...audit, timeScale: FAILURE_TIME_SCALE, schedules: false },
      cases: [failures.givenUp],
      schemasInFull: [],
    },
    {
      title: 'A service control policy denies changes of some instances, existing=enforce',
      options: { ...enforced, ...scanOptions, schedules: false },
      cases: [failures.someRefused],
      schemasInFull: [],
    },
    {
      title: 'Short-lived workers, existing=enforce-when-unused, launches=enforce-when-unused',
      options: { ...launchesWhenUnused, ...scanOptions, schedules: false },
      cases: [shortLivedWorkers(imdsv2)],
      schemasInFull: [],
    },
    {
      title: 'Prevention: launch templates, readiness and enforcement',
      options: { ...audit, ...scanOptions, schedules: false },
      cases: prevention.cases(imdsv2),
      schemasInFull: ['imdsv2-enforcer.prevention/v1'],
    },
  ];
  const played: PlayedCase[] = [];
  const problems: string[] = [];
  for (const section of sections) problems.push(...(await playSection(section, seed, played, screen, activity)));

  print();
  for (const line of caseLines(played, screen.columns, verbose)) print(line);
  if (verbose) print(`\n${instanceTable(played)}`);
  const failed = played.filter((one) => problemsOf(one).length > 0).length;
  const checks = played.reduce((sum, { expectation }) => sum + expectation.checks.length, 0);
  const [cases, passed] = [plural(played.length, 'case'), failed + problems.length === 0];
  for (const problem of problems) print(`FAILED ${problem}`);
  print(
    `\n${passed ? `All checks passed: ${plural(checks, 'check')} in ${cases}.` : `Checks failed in ${failed} of ${cases}.`}`,
  );
  return passed;
}

/**
 * Plays the cases of a section and adds them to `played`.
 *
 * @returns problems that belong to no case.
 */
async function playSection(
  section: Section,
  seed: string,
  played: PlayedCase[],
  { print, columns }: Screen,
  activity: Activity,
): Promise<string[]> {
  activity.text = `starting ${section.title}`;
  const sandbox = await startSandbox({ ...section.options, callers: CALLERS, seed, pauseWhenOverloaded: true });
  try {
    const { title, options, cases, schemasInFull, finalTitle } = section;
    print(`\n${title}: local AWS at ${sandbox.endpoint}, simulated clock at ${options.timeScale}x`);
    activity.sandbox = sandbox;
    const indent = '    ';
    const scenario = new Scenario(sandbox, (line) => print(indent + line), columns - indent.length);
    subscribe(sandbox);
    section.prepare?.(scenario);
    const eventLog = new EventLog(scenario, print, schemasInFull);
    for (const { title, play } of cases) {
      const number = played.length + 1;
      activity.text = `case ${number}`;
      eventLog.begin(number);
      print(heading(number, title));
      const expectation = await play(scenario);
      played.push({ title, expectation, scenario });
      await waitForCase(expectation, eventLog);
      eventLog.end(expectation.instances);
    }
    activity.text = 'the last events';
    if (finalTitle !== undefined) print(heading('', finalTitle));
    await waitForQueue(sandbox, eventLog);
    const { size } = sandbox.queue('DeadLetterQueue');
    return size > 0 ? [`${plural(size, 'message')} in the dead-letter queue`] : [];
  } finally {
    activity.sandbox = undefined;
    await sandbox.stop();
  }
}

/** Confirms a subscription of each topic: a topic without one is a health issue. */
function subscribe({ topics }: Sandbox): void {
  for (const topic of topics.all()) {
    topics.subscribe(topic, 'email', 'security@example.com');
    topics.confirm(topic);
  }
}

async function waitForCase({ isDone }: Expectation, eventLog: EventLog): Promise<void> {
  const end = Date.now() + CASE_TIMEOUT;
  while (!isDone() && Date.now() < end) {
    await sleep(20);
    eventLog.printNew();
  }
  eventLog.printNew();
}

/** Waits until nothing is in progress except post-change checks, which are due after 15 minutes. */
async function waitForQueue(sandbox: Sandbox, eventLog: EventLog): Promise<void> {
  const end = Date.now() + QUEUE_TIMEOUT;
  const checks = sandbox.queue('CheckQueue');
  for (;;) {
    const checksOnly = checks.size > 0 ? `${checks.size} × message in ${checks.name}` : 'nothing';
    if (sandbox.inProgress() === checksOnly) break;
    if (Date.now() > end) throw new Error(`still in progress: ${sandbox.inProgress()}`);
    await sleep(50);
    eventLog.printNew();
  }
  eventLog.printNew();
}
