import { setTimeout as sleep } from 'node:timers/promises';
import { isPostChangeCheck } from '../chaos/pending-messages.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../index.ts';
import type { Case, Scene } from './case.ts';
import { CASES } from './cases.ts';
import { EventLog } from './event-log.ts';
import { caseTable, fleetTable, heading, type Played, type Print, problemsOf } from './print.ts';
import * as regions from './region-cases.ts';
import { CALLERS, Scenario } from './scenario.ts';
import * as scan from './scan-cases.ts';
import { product } from './synth.ts';

export interface TourOptions {
  readonly timeScale: number;
  readonly seed: string;
}

/** Real milliseconds that a case, and the queue in the end, may take. */
const PATIENCE = 30_000;
const QUEUE_PATIENCE = 60_000;

/** In the acts about the scan most of the time is waiting: for a quarter of an hour, and for midnight. */
const SCAN_TIME_SCALE = 200;

/** Cases on one local AWS. */
interface Act {
  readonly title: string;
  readonly options: SandboxOptions;
  readonly cases: readonly Case[];
  readonly prepare?: (scenario: Scenario) => void;
  /** Schemas of the messages that are printed as the mailbox shows them, once each. */
  readonly inFull: readonly string[];
  /** What is said while the queues are emptied in the end. */
  readonly epilogue?: string;
}

/** Shows the whole product on a local AWS. @returns whether everything ended as it should. */
export async function runTour({ timeScale, seed }: TourOptions, print: Print): Promise<boolean> {
  print('Building the bundles and synthesizing the stack ...');
  const audit = await product({ mode: 'enforce', existing: 'audit' });
  const whenUnused = await product({ mode: 'enforce', existing: 'enforce-when-unused' });
  const everywhere = await product({ mode: 'enforce', existing: 'audit', regions: regions.REGIONS });
  const today = new Date().toISOString().slice(0, 10);
  const scanned = { timeScale: Math.max(timeScale, SCAN_TIME_SCALE), prewarm: 1 };
  const acts: readonly Act[] = [
    {
      title: 'What is launched from now on',
      options: { ...audit, timeScale, schedules: false },
      cases: CASES,
      inFull: ['imdsv2-enforcer.outcome/v1'],
      epilogue: 'the running-state queue: what the events missed',
    },
    {
      title: `Every region of the account, regions=${regions.REGIONS.join(',')}`,
      options: { ...everywhere, timeScale, schedules: false },
      cases: [regions.elsewhere],
      inFull: ['imdsv2-enforcer.outcome/v1'],
    },
    {
      title: 'What was there before, existing=audit',
      options: { ...audit, ...scanned, schedules: false, startAt: new Date(`${today}T00:30:00Z`) },
      cases: [scan.reported],
      prepare: scan.addOldFleet,
      inFull: ['imdsv2-enforcer.digest/v1'],
    },
    {
      title: 'What was there before, existing=enforce-when-unused',
      options: { ...whenUnused, ...scanned, startAt: new Date(`${today}T23:05:00Z`) },
      cases: [scan.unusedRemediated, scan.broke, scan.rolledBack, scan.ranOut],
      prepare: scan.addOldFleet,
      inFull: ['imdsv2-enforcer.digest/v1', 'imdsv2-enforcer.workload-impact/v1'],
    },
  ];
  const played: Played[] = [];
  const wrong: string[] = [];
  for (const act of acts) wrong.push(...(await playAct(act, seed, played, print)));

  print(`\n${caseTable(played)}\n\n${fleetTable(played)}\n`);
  wrong.push(...played.flatMap(problemsOf));
  print(wrong.length === 0 ? 'Every instance is as it should be.' : `Wrong:\n  ${wrong.join('\n  ')}`);
  return wrong.length === 0;
}

/** @returns what is wrong apart from the cases, which are added to those that were played. */
async function playAct(act: Act, seed: string, played: Played[], print: Print): Promise<string[]> {
  const sandbox = await startSandbox({ ...act.options, callers: CALLERS, seed, patient: true });
  try {
    const { title, options, cases, inFull, epilogue } = act;
    print(`\n${title}: local AWS at ${sandbox.endpoint}, its clock ${options.timeScale} times as fast as yours.`);
    const scenario = new Scenario(sandbox, (line) => print(`    ${line}`));
    act.prepare?.(scenario);
    const eventLog = new EventLog(scenario, inFull, print);
    for (const { title, play } of cases) {
      print(heading(played.length + 1, title));
      const scene = await play(scenario);
      played.push({ title, scene, scenario });
      await settle(scene, eventLog);
    }
    if (epilogue !== undefined) print(heading('', epilogue));
    await drain(sandbox, eventLog);
    const left = sandbox.queue('DeadLetterQueue').size;
    return left > 0 ? [`${left} dead letters`] : [];
  } finally {
    await sandbox.stop();
  }
}

async function settle({ done }: Scene, eventLog: EventLog): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!done() && Date.now() < end) {
    await sleep(20);
    eventLog.tell();
  }
  eventLog.tell();
}

/** Waits until nothing is under way but looks after what was closed, which come a quarter of an hour later. */
async function drain(sandbox: Sandbox, eventLog: EventLog): Promise<void> {
  const end = Date.now() + QUEUE_PATIENCE;
  const queue = sandbox.queue('WorkQueue');
  for (;;) {
    const messages = queue.messages();
    const rest = messages.length > 0 ? `${messages.length} × message in ${queue.name}` : 'nothing';
    if (messages.every(({ body }) => isPostChangeCheck(body)) && sandbox.underWay() === rest) break;
    if (Date.now() > end) throw new Error(`still under way: ${sandbox.underWay()}`);
    await sleep(50);
    eventLog.tell();
  }
  eventLog.tell();
}
