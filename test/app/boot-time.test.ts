import { assessUsage } from '../../lambda/app/assess-usage.ts';
import { withBootTime } from '../../lambda/app/boot-time.ts';
import type { UsageReader } from '../../lambda/app/ports/index.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import { USAGE_RULES, type UsagePoint } from '../../lambda/core/usage.ts';
import { usageNote } from '../../lambda/core/words/usage.ts';
import { instanceId, NOW, REGION, snapshot } from '../support/builders.ts';
import { world } from '../support/ports.ts';

const [MINUTE, DAY] = [60_000, 86_400_000];
const LAUNCH = new Date(NOW.getTime() - 3 * DAY + 7 * MINUTE);
const A = instanceId(1);

/** Five-minute points from the launch until now, zeros but for calls so many minutes after the launch. */
function pointsOf(...minutes: readonly number[]): UsagePoint[] {
  const period = 5 * MINUTE;
  const start = Math.floor(LAUNCH.getTime() / period) * period;
  const calls = minutes.map((minute) => Math.floor((LAUNCH.getTime() + minute * MINUTE) / period) * period);
  const length = Math.floor((NOW.getTime() - start) / period);
  return Array.from({ length }, (_, index) => start + index * period).map((at) => ({
    at: new Date(at),
    count: calls.filter((call) => call === at).length,
  }));
}

/** Sums points of five minutes to the periods of a question, as CloudWatch does. */
function summing(ports: ReturnType<typeof world>): UsageReader {
  return {
    page: async (question, token) => {
      const { from, to, periodSeconds } = question.window;
      const page = await ports.usage.page(question, token);
      const sums = [...page.measurements].map(([name, { points, complete }]) => {
        const inWindow = points.filter(({ at }) => at >= from && at < to);
        const periods = groupBy(inWindow, ({ at }) => at.getTime() - (at.getTime() % (periodSeconds * 1000)));
        const summed = [...periods].map(([at, inPeriod]) => ({
          at: new Date(at),
          count: inPeriod.reduce((sum, { count }) => sum + count, 0),
        }));
        return [name, { points: summed, complete }] as const;
      });
      return { ...page, measurements: new Map(sums) };
    },
  };
}

async function usageOf(points: readonly UsagePoint[], over: object = {}) {
  const instance = snapshot({ instanceId: A, firstLaunch: LAUNCH, launchTime: LAUNCH, ...over });
  const ports = world([instance]);
  ports.metrics.set(`MetadataNoToken ${A}`, points);
  const reading = { usage: summing(ports), time: ports.time };
  const assessed = await assessUsage(REGION, [instance], USAGE_RULES, reading);
  const marked = await withBootTime(REGION, [instance], assessed, USAGE_RULES, reading);
  return { usage: marked.get(A), measured: ports.calls.filter((call) => call.startsWith('measure')).length };
}

test.each([
  ['at boot', [0, 4, 9]],
  ['in the five minutes of the launch', [1]],
])('calls %s only are boot-time use, and use', async (_, minutes) => {
  const { usage, measured } = await usageOf(pointsOf(...minutes));

  expect(usage).toMatchObject({ kind: 'in-use', count: minutes.length, atBoot: true });
  expect(usage && usageNote(usage)).toMatch(/^in use at boot only: \d calls? without a token within ten minutes/);
  expect(measured).toBe(2);
});

test.each([
  ['a quarter of an hour later', [0, 16], 2],
  ['an hour later', [0, 60], 2],
  ['a day later', [0, 1440], 1],
  ['never', [], 1],
] as const)('calls %s are no boot-time use', async (_, minutes, calls) => {
  const { usage, measured } = await usageOf(pointsOf(...minutes));

  expect(usage).not.toHaveProperty('atBoot');
  expect(measured).toBe(calls);
});

test('an instance launched before the window has none', async () => {
  const { usage, measured } = await usageOf(pointsOf(1), { firstLaunch: new Date(NOW.getTime() - 30 * DAY) });

  expect(usage).toMatchObject({ kind: 'in-use' });
  expect(usage).not.toHaveProperty('atBoot');
  expect(measured).toBe(1);
});

test('the metric of a group says nothing about the boot of one instance', async () => {
  const tags = { 'aws:autoscaling:groupName': 'web' };
  const instance = snapshot({ instanceId: A, firstLaunch: LAUNCH, launchTime: LAUNCH, tags });
  const ports = world([instance]);
  ports.metrics.set('MetadataNoToken web', pointsOf(1));
  const assessed = await assessUsage(REGION, [instance], USAGE_RULES, ports);

  expect(await withBootTime(REGION, [instance], assessed, USAGE_RULES, ports)).toEqual(assessed);
});
