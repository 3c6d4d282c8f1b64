import { count } from '../../lambda/core/words/format.ts';
import { startSandbox } from '../index.ts';
import type { Print } from '../print.ts';
import { buildProduct } from '../product.ts';
import { accountFor } from './accounting.ts';
import type { Launch } from './plan.ts';
import { nonCompliantIn, problemsOf, rowsOf, tableOf } from './report.ts';
import { Traffic } from './traffic.ts';

const LAUNCHES = 1000;

/** The lower bound by EC2's limit of ModifyInstanceMetadataOptions: 100 at once, then 5 per second. */
const BOUND_SECONDS = (LAUNCHES - 100) / 5;

/** Environments at the start: as many as the event source mappings of one function use. */
const PREWARM = 4;

/** Timeout of the run in real milliseconds. */
const TIMEOUT = 280_000;

/** Runs 1,000 concurrent single launches without faults. @returns whether all were remediated with a notification. */
export async function runBurst(
  { seed, timeScale, maxConcurrency }: { seed: string; timeScale: number; maxConcurrency: number },
  print: Print,
): Promise<boolean> {
  const sandbox = await startSandbox({
    ...(await buildProduct({ mode: 'enforce', alertSummaryMinutes: 0 })),
    timeScale,
    seed: `burst ${seed}`,
    limits: { RunInstances: { capacity: LAUNCHES, refill: 100 } },
    maxConcurrency,
    pauseWhenOverloaded: true,
    prewarm: Math.min(maxConcurrency, PREWARM),
    schedules: false,
  });
  try {
    print(`${count(LAUNCHES)} concurrent single launches; simulated clock at ${timeScale}x`);
    print(`at most ${maxConcurrency} concurrent environments of each function`);
    print("AWS's request limits, except for RunInstances: with 5, then 2 per second the burst would take 500 s");
    // The hour of post-change checks is mostly idle time.
    sandbox.clock.skipIdleTime();
    const traffic = new Traffic(sandbox);
    const plan = Array.from({ length: LAUNCHES }, (_, index): Launch => ({
      token: `burst-${seed}-${index}`,
      kind: 'non-compliant',
      count: 1,
      at: 0,
    }));
    const startedAt = sandbox.clock.now();
    await traffic.run(plan);
    traffic.end();
    const launchedFor = sandbox.clock.now() - startedAt;
    await sandbox.idle(TIMEOUT);
    const accounting = accountFor(sandbox, traffic);
    const lastLaunch = Math.max(...traffic.launched.map(({ at }) => at));
    const changes = sandbox.calls.of('ModifyInstanceMetadataOptions', { outcome: 'ok' }).map(({ at }) => at);
    const total = (Math.max(...changes) - startedAt) / 1000;
    print(
      tableOf([
        ...rowsOf(accounting, sandbox, traffic),
        ['seconds to launch all instances', (launchedFor / 1000).toFixed(0)],
        ['seconds from the first launch to the last change', total.toFixed(0)],
        ['seconds from the last launch to the last change', ((Math.max(...changes) - lastLaunch) / 1000).toFixed(0)],
        ["lower bound by EC2's request limit, seconds", BOUND_SECONDS.toFixed(0)],
      ]),
    );
    const nonCompliant = nonCompliantIn(accounting);
    const problems = [
      ...problemsOf(accounting),
      ...(nonCompliant > 0 ? [`${nonCompliant} still have IMDSv1 enabled`] : []),
    ];
    print(
      problems.length === 0
        ? '\nEvery instance was remediated and notified: missed 0, owed 0.'
        : `\nLOST\n  ${problems.join('\n  ')}`,
    );
    return problems.length === 0;
  } finally {
    await sandbox.stop();
  }
}
