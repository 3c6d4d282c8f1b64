import { setTimeout as sleep } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../index.ts';
import type { Scene } from './case.ts';
import { CASES } from './cases.ts';
import { alertLine, caseTable, decisionLine, fleetTable, heading, mail, type Print, problemsOf } from './print.ts';
import { CALLERS, Stage } from './stage.ts';
import { product } from './synth.ts';

export interface TourOptions {
  readonly timeScale: number;
  readonly seed: string;
}

/** Real milliseconds that a case, and the queue in the end, may take. */
const PATIENCE = 20_000;
const QUEUE_PATIENCE = 60_000;

/** Shows the whole product on a local AWS. @returns whether everything ended as it should. */
export async function runTour({ timeScale, seed }: TourOptions, print: Print): Promise<boolean> {
  print('Building the bundle and synthesizing the stack ...');
  const built = await product({ mode: 'enforce' });
  const sandbox = await startSandbox({ ...built, callers: CALLERS, timeScale, seed, patient: true });
  try {
    print(`Local AWS at ${sandbox.endpoint}, its clock ${timeScale} times as fast as yours.`);
    const stage = new Stage(sandbox);
    const news = new News(stage, print);
    const scenes: Scene[] = [];
    for (const [index, { title, play }] of CASES.entries()) {
      print(heading(index + 1, title));
      const scene = await play(stage);
      scenes.push(scene);
      await settle(scene, news);
    }
    print(heading('', 'the running-state queue: what the events missed'));
    await drain(sandbox, news);

    print(`\n${caseTable(CASES, scenes, stage)}\n\n${fleetTable(scenes, stage)}\n`);
    const wrong = scenes.flatMap((scene) => problemsOf(scene, stage));
    const left = sandbox.queue('DeadLetters').size;
    if (left > 0) wrong.push(`${left} dead letters`);
    print(wrong.length === 0 ? 'Every instance is as it should be.' : `Wrong:\n  ${wrong.join('\n  ')}`);
    return wrong.length === 0;
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

async function drain(sandbox: Sandbox, news: News): Promise<void> {
  const timer = setInterval(() => news.tell(), 50);
  try {
    await sandbox.idle(QUEUE_PATIENCE);
  } finally {
    clearInterval(timer);
    news.tell();
  }
}

/** Prints what was decided and told since it last did; the first alert in full. */
class News {
  #decisions = 0;
  #alerts = 0;

  public constructor(
    private readonly stage: Stage,
    private readonly print: Print,
  ) {}

  public tell(): void {
    for (const decided of this.stage.decided().slice(this.#decisions)) {
      this.#decisions += 1;
      this.print(decisionLine(decided));
    }
    for (const message of this.stage.mailbox().slice(this.#alerts)) {
      this.#alerts += 1;
      this.print(this.#alerts === 1 ? mail(message) : alertLine(message));
    }
  }
}
