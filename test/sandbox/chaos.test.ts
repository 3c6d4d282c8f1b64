import { type ChaosOptions, FAULT_NAMES } from '../../sandbox/chaos/options.ts';
import { planLaunches } from '../../sandbox/chaos/plan.ts';
import { runChaos } from '../../sandbox/chaos/run.ts';
import { product } from '../../sandbox/tour/synth.ts';

const built = product({ mode: 'enforce' });
const OPTIONS: ChaosOptions = {
  launches: 10,
  seed: '1',
  timeScale: 1000,
  faults: FAULT_NAMES,
  without: [],
  redrive: true,
};

test('a small fleet survives every fault', async () => {
  const { fine, text } = await run({});
  expect(text).toContain('Nothing was lost.');
  expect(text).toMatch(/open after redrive +│ +0 /);
  expect(fine).toBe(true);
}, 60_000);

test('without any trigger, the run says what it missed and fails', async () => {
  const { fine, text } = await run({ launches: 10, faults: [], without: ['launch', 'drift', 'running-state'] });
  expect(text).toMatch(/LOST\n +\d+ missed: i-[0-9a-f]{17} \(open, chaos-1-\d+\)/);
  expect(fine).toBe(false);
}, 60_000);

test('the same seed plans the same fleet, of about four instances a launch and with a heavy tail', () => {
  const plan = planLaunches(5000, '1');
  expect(planLaunches(5000, '1')).toEqual(plan);
  expect(planLaunches(5000, '2')).not.toEqual(plan);
  const sizes = plan.map(({ count }) => count);
  expect(sizes.reduce((sum, size) => sum + size)).toBeGreaterThan(17_000);
  expect(sizes.filter((size) => size <= 3).length).toBeGreaterThan(3_500);
  expect(Math.max(...sizes)).toBe(200);
});

async function run(options: Partial<ChaosOptions>): Promise<{ fine: boolean; text: string }> {
  const lines: string[] = [];
  const fine = await runChaos({ ...OPTIONS, ...options }, (line = '') => lines.push(line), built);
  return { fine, text: lines.join('\n') };
}
