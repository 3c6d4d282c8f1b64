import { setTimeout as sleep } from 'node:timers/promises';
import { isWatch } from '../chaos/pending-messages.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../index.ts';
import type { Case, Scene } from './case.ts';
import { CASES } from './cases.ts';
import { News } from './event-log.ts';
import { caseTable, fleetTable, heading, type Played, type Print, problemsOf } from './print.ts';
import * as regions from './region-cases.ts';
import { CALLERS, Stage } from './scenario.ts';
import * as sweep from './scan-cases.ts';
import { product } from './synth.ts';

export interface TourOptions {
  readonly timeScale: number;
  readonly seed: string;
}

/** Real milliseconds that a case, and the queue in the end, may take. */
const PATIENCE = 30_000;
const QUEUE_PATIENCE = 60_000;

/** In the acts about the sweep most of the time is waiting: for a quarter of an hour, and for midnight. */
const SWEEP_TIME_SCALE = 200;

/** Cases on one local AWS. */
interface Act {
  readonly title: string;
  readonly options: SandboxOptions;
  readonly cases: readonly Case[];
  readonly prepare?: (stage: Stage) => void;
  /** Schemas of the messages that are printed as the mailbox shows them, once each. */
  readonly inFull: readonly string[];
  /** What is said while the queues are emptied in the end. */
  readonly epilogue?: string;
}

/** Shows the whole product on a local AWS. @returns whether everything ended as it should. */
export async function runTour({ timeScale, seed }: TourOptions, print: Print): Promise<boolean> {
  print('Building the bundles and synthesizing the stack ...');
  const audit = await product({ mode: 'enforce', existing: 'audit' });
  const whenQuiet = await product({ mode: 'enforce', existing: 'enforce-when-quiet' });
  const everywhere = await product({ mode: 'enforce', existing: 'audit', regions: regions.REGIONS });
  const today = new Date().toISOString().slice(0, 10);
  const swept = { timeScale: Math.max(timeScale, SWEEP_TIME_SCALE), prewarm: 1 };
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
      options: { ...audit, ...swept, schedules: false, startAt: new Date(`${today}T00:30:00Z`) },
      cases: [sweep.reported],
      prepare: sweep.addOldFleet,
      inFull: ['imdsv2-enforcer.digest/v1'],
    },
    {
      title: 'What was there before, existing=enforce-when-quiet',
      options: { ...whenQuiet, ...swept, startAt: new Date(`${today}T23:05:00Z`) },
      cases: [sweep.quietClosed, sweep.broke, sweep.rolledBack, sweep.ranOut],
      prepare: sweep.addOldFleet,
      inFull: ['imdsv2-enforcer.digest/v1', 'imdsv2-enforcer.broken/v1'],
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
    const stage = new Stage(sandbox, (line) => print(`    ${line}`));
    act.prepare?.(stage);
    const news = new News(stage, inFull, print);
    for (const { title, play } of cases) {
      print(heading(played.length + 1, title));
      const scene = await play(stage);
      played.push({ title, scene, stage });
      await settle(scene, news);
    }
    if (epilogue !== undefined) print(heading('', epilogue));
    await drain(sandbox, news);
    const left = sandbox.queue('DeadLetters').size;
    return left > 0 ? [`${left} dead letters`] : [];
  } finally {
    await sandbox.stop();
  }
}

async function settle({ done }: Scene, news: News): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!done() && Date.now() < end) {
    await sleep(20);
    news.tell();
  }
  news.tell();
}

/** Waits until nothing is under way but looks after what was closed, which come a quarter of an hour later. */
async function drain(sandbox: Sandbox, news: News): Promise<void> {
  const end = Date.now() + QUEUE_PATIENCE;
  const queue = sandbox.queue('WorkQueue');
  for (;;) {
    const messages = queue.messages();
    const rest = messages.length > 0 ? `${messages.length} × message in ${queue.name}` : 'nothing';
    if (messages.every(({ body }) => isWatch(body)) && sandbox.underWay() === rest) break;
    if (Date.now() > end) throw new Error(`still under way: ${sandbox.underWay()}`);
    await sleep(50);
    news.tell();
  }
  news.tell();
}
