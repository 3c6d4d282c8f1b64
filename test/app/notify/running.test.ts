import { launchOf, notifier, SCHEDULE, startOf } from '../../support/notifier.ts';

const ALREADY = { status: 'already-remediated', reason: 'already-remediated' } as const;

describe('a running-state event that left an instance unchanged', () => {
  const unchanged = [
    { status: 'exempt', reason: 'exempt' },
    { status: 'needs-review', reason: 'exemption-malformed' },
    { status: 'would-remediate' },
  ] as const;

  it.each(unchanged)('is sent where CloudTrail lost the launch ($status)', async (over) => {
    const { handle, summarize, subjects, queue } = notifier();
    summarize(startOf(1, over));

    await handle(SCHEDULE);

    expect(subjects()).toHaveLength(1);
    expect(queue).toEqual([]);
  });

  it.each(unchanged)('repeats a launch of the same or of an earlier summary ($status)', async (over) => {
    const { handle, summarize, sent, redeliver } = notifier();
    summarize(launchOf(1, 'web', over), startOf(1, over), launchOf(2, 'web', over));
    await handle(SCHEDULE);
    summarize(startOf(2, over));
    expect(await handle(SCHEDULE)).toEqual([]);

    expect(sent.map(({ json }) => json)).toMatchObject([{ groups: [{ count: 2 }] }]);
    expect(redeliver()).toBe(0);
  });

  it('repeats no other instance, no other result, and no start that changed something', async () => {
    const { handle, subjects } = notifier({ minutes: 0 });
    await handle(launchOf(1, 'web', { status: 'exempt', reason: 'exempt' }));

    await handle(startOf(2, { status: 'exempt', reason: 'exempt' }));
    await handle(startOf(1, { status: 'would-remediate' }));
    await handle(startOf(1));

    expect(subjects()).toHaveLength(4);
  });
});

test.each([
  ['a call made again', (number: number) => launchOf(number, 'web', ALREADY)],
  ['a running-state event', (number: number) => startOf(number, ALREADY)],
])('%s that finds the launch remediated repeats its alert', async (_, again) => {
  const { handle, summarize, sent, subjects, base } = notifier();
  summarize(launchOf(1), again(1), launchOf(2));
  await handle(SCHEDULE);
  summarize(again(2));
  await handle(SCHEDULE);

  expect(sent.map(({ json }) => json)).toMatchObject([{ groups: [{ count: 2 }] }]);
  // A start an hour later is another one.
  await base.time.sleep(3_600_000);
  summarize(again(2));
  await handle(SCHEDULE);
  expect(subjects()).toHaveLength(2);
  // Where nothing said so before, it is the only notification.
  summarize(again(3));
  await handle(SCHEDULE);
  expect(subjects()).toHaveLength(3);
});
