import type { PreventionEvent } from '../../../lambda/core/prevention/event.ts';
import { toPreventionDetail } from '../../../lambda/core/prevention/event-detail.ts';
import { ACCOUNT, NOW, REGION } from '../../support/builders.ts';
import { asEvent, notifier, SCHEDULE } from '../../support/notifier.ts';

const HAPPENED = { account: ACCOUNT, region: REGION, occurredAt: NOW, caller: { principal: 'kim' } };

/** A launch of a group that EC2 refused. */
function refusedOf(number: number, group = 'web') {
  const caller = { principal: 'AutoScaling', invokedBy: 'autoscaling.amazonaws.com' };
  const launch = { instanceType: 't3.micro' };
  const event: PreventionEvent = {
    ...{ ...HAPPENED, caller, launch },
    ...{ eventId: `refused-${number}`, trigger: 'refused-launch', kind: 'launch-refused', errorMessage: 'IMDSv1' },
  };
  return asEvent(toPreventionDetail(event, { groups: [group] }));
}

const weakenedOf = (number: number) => {
  const event: PreventionEvent = {
    ...{ ...HAPPENED, eventId: `weakened-${number}`, trigger: 'weakened-defaults', kind: 'defaults-weakened' },
    requested: { HttpTokens: 'optional' },
  };
  return asEvent(toPreventionDetail(event, { defaults: {} }));
};

const minutes = (count: number) => count * 60_000;

it('refused launches of a window are one alert, whatever launched', async () => {
  const { handle, summarize, sent, queue } = notifier();
  summarize(...Array.from({ length: 15 }, (_, index) => refusedOf(index)), refusedOf(20, 'batch'));

  expect(await handle(SCHEDULE)).toEqual([]);

  expect(sent.map(({ json }) => json)).toMatchObject([
    {
      events: [
        { count: 15, autoScalingGroups: ['web'] },
        { count: 1, autoScalingGroups: ['batch'] },
      ],
    },
  ]);
  expect(queue).toEqual([]);
});

it.each([0, 15])(
  'a group that tries again is notified every six hours, with a window of %d minutes',
  async (window) => {
    const { handle, summarize, subjects, base, redeliver } = notifier({ minutes: window });
    const tryAgain = async (number: number) => {
      if (window === 0) return handle(refusedOf(number));
      summarize(refusedOf(number));
      return handle(SCHEDULE);
    };
    for (let number = 0; number < 20; number++) {
      expect(await tryAgain(number)).toEqual([]);
      await base.time.sleep(minutes(15));
    }
    expect(subjects()).toHaveLength(1);
    await base.time.sleep(minutes(60));
    await tryAgain(20);
    expect(subjects()).toHaveLength(2);
    expect(redeliver()).toBe(0);
  },
);

it('another group is notified, and so is every change of the defaults', async () => {
  const { handle, subjects } = notifier({ minutes: 0 });
  await handle(refusedOf(1));
  await handle(refusedOf(2, 'batch'));
  await handle(weakenedOf(1));
  await handle(weakenedOf(2));
  expect(subjects()).toHaveLength(4);
});

it('a refused launch that SNS did not accept is notified later', async () => {
  const { handle, subjects, base } = notifier({ minutes: 0 });
  base.fail('publish', ...Array.from({ length: 50 }, () => new Error('unexpected')));
  await expect(handle(refusedOf(1))).rejects.toThrow('unexpected');
  base.clearFaults();
  await handle(refusedOf(1));
  expect(subjects()).toHaveLength(1);
});
