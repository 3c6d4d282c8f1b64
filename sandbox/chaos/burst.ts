import { startSandbox } from '../index.ts';
import type { Print } from '../tour/print.ts';
import { product } from '../tour/synth.ts';
import { drawUp } from './accounting.ts';
import { MAX_CONCURRENCY } from './options.ts';
import { ManualChanges } from './manual-changes.ts';
import type { Launch } from './plan.ts';
import { count, openIn, problemsOf, rowsOf, tableOf } from './report.ts';

const LAUNCHES = 1000;

/** EC2's bucket for ModifyInstanceMetadataOptions: 100 at once, then 5 a second. */
const BOUND_SECONDS = (LAUNCHES - 100) / 5;

/** Real milliseconds that the run may take. */
const PATIENCE = 280_000;

/** A thousand manualChanges launch one instance each at the same time; nothing goes wrong. @returns whether all were closed and told. */
export async function runBurst(
  { seed, timeScale }: { seed: string; timeScale: number },
  print: Print,
): Promise<boolean> {
  const sandbox = await startSandbox({
    ...(await product({ mode: 'enforce' })),
    timeScale,
    seed: `burst ${seed}`,
    limits: { RunInstances: { capacity: LAUNCHES, refill: 100 } },
    maxConcurrency: MAX_CONCURRENCY,
    patient: true,
    prewarm: MAX_CONCURRENCY,
    schedules: false,
  });
  try {
    print(`${count(LAUNCHES)} single launches at once; clock ${timeScale} times as fast`);
    print(`${MAX_CONCURRENCY} environments of the function at most, which is the quota of a new account`);
    print(
      "AWS's token buckets, but for RunInstances requests: their 5, then 2 a second would stretch the burst to 500 s",
    );
    // The hour in which closings are checked is mostly waiting.
    sandbox.clock.skipRests();
    const manualChanges = new ManualChanges(sandbox);
    const plan = Array.from({ length: LAUNCHES }, (_, index): Launch => ({
      token: `burst-${seed}-${index}`,
      kind: 'open',
      count: 1,
      at: 0,
    }));
    const startedAt = sandbox.clock.now();
    await manualChanges.follow(plan);
    const launchedFor = sandbox.clock.now() - startedAt;
    await sandbox.idle(PATIENCE);
    const accounting = drawUp(sandbox, manualChanges);
    const lastLaunch = Math.max(...manualChanges.launched.map(({ at }) => at));
    const changes = sandbox.calls.of('ModifyInstanceMetadataOptions', { outcome: 'ok' }).map(({ at }) => at);
    const total = (Math.max(...changes) - startedAt) / 1000;
    print(
      tableOf([
        ...rowsOf(accounting, sandbox, manualChanges),
        ['seconds to launch them all', (launchedFor / 1000).toFixed(0)],
        ['seconds from the first launch to the last closing', total.toFixed(0)],
        ['seconds from the last launch to the last closing', ((Math.max(...changes) - lastLaunch) / 1000).toFixed(0)],
        ["bound of EC2's bucket, seconds", BOUND_SECONDS.toFixed(0)],
      ]),
    );
    const open = openIn(accounting);
    const problems = [...problemsOf(accounting), ...(open > 0 ? [`${open} still open`] : [])];
    print(problems.length === 0 ? '\nAll were closed and told.' : `\nLOST\n  ${problems.join('\n  ')}`);
    return problems.length === 0;
  } finally {
    await sandbox.stop();
  }
}
