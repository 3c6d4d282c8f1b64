import { RecentAlerts } from '../../../lambda/app/notify/recent-alerts.ts';
import { toOutcomeDetail } from '../../../lambda/core/outcome-detail.ts';
import { toWorkloadImpactDetails } from '../../../lambda/core/workload-impact.ts';
import { ACCOUNT, instanceId, NOW, outcome, REGION, snapshot, target } from '../../support/builders.ts';
import { digest, jsonOf } from '../../support/digest.ts';
import { failure } from '../../support/ports.ts';

import { asEvent, driftOf, eventOf, FORGED, launchOf, notifier, RULES, SCHEDULE } from '../../support/notifier.ts';

describe('an urgent event', () => {
  it('is sent at once; events of one account and Region are one alert', async () => {
    const { handle, subjects } = notifier();
    expect(await handle(driftOf(1, 'a'), driftOf(2, 'b'))).toEqual([]);
    expect(subjects()).toEqual([`[IMDSv2 HIGH] ${ACCOUNT} ${REGION}: 2 remediated ${instanceId(1)} +1`]);
  });

  it('that SNS refuses is delivered again, and others are sent', async () => {
    const { handle, base, subjects } = notifier();
    base.fail('publish [IMDSv2 HIGH]', failure('denied'));
    const elsewhereEvent = eventOf({ target: target({ region: 'us-east-1' }), status: 'failed' });
    expect(await handle(driftOf(1, 'a'), elsewhereEvent, driftOf(2, 'b'))).toEqual(['m1', 'm3']);
    expect(subjects()).toHaveLength(1);
    expect(await handle(driftOf(1, 'a'), driftOf(2, 'b'))).toEqual([]);
    expect(subjects()).toHaveLength(2);
  });

  it('is tried again within the invocation while SNS is unavailable', async () => {
    const { handle, base, subjects } = notifier();
    base.fail('publish', failure('unavailable'), failure('throttled'));
    expect(await handle(driftOf(1, 'a'))).toEqual([]);
    expect(subjects()).toHaveLength(1);
  });

  it('that cannot be read is counted and not delivered again', async () => {
    const { handle, base, subjects } = notifier();
    const bad: unknown[] = [
      'not JSON',
      '[]',
      'null',
      { source: 'aws.ec2', detail: {} },
      { source: 'imdsv2-enforcer', detail: {} },
      FORGED,
    ];
    expect(await handle(...bad, driftOf(1, 'a'))).toEqual([]);
    expect(base.notUnderstood).toHaveLength(bad.length);
    expect(subjects()).toHaveLength(1);
  });

  it('of workload impact is sent as such', async () => {
    const impacts = [{ snapshot: snapshot(), remediatedAt: NOW, rejected: 7 }];
    const [impact] = toWorkloadImpactDetails(ACCOUNT, REGION, impacts, RULES);
    const { handle, subjects } = notifier();
    if (impact !== undefined) await handle(asEvent(impact));
    expect(subjects()).toEqual([`[IMDSv2 HIGH] ${ACCOUNT} ${REGION}: possible workload impact on 1 instance`]);
  });
});

describe('a repeated alert', () => {
  it('about drift of one instance goes to the summary, where it is one', async () => {
    const { sent, handle, subjects, queue } = notifier();
    await handle(driftOf(1, 'a'));
    await handle(driftOf(1, 'b'), driftOf(2, 'c'));
    await handle(driftOf(1, 'd'));
    expect(queue).toHaveLength(2);
    expect(subjects()).toHaveLength(2);
    await handle(SCHEDULE);
    expect(subjects()).toHaveLength(3);
    expect(sent.at(-1)?.email).toContain('2 times in this window.');
  });

  it('about launches of one group goes to the summary', async () => {
    const { handle, subjects, queue } = notifier();
    const would = (number: number) => launchOf(number, 'web', {});
    await handle(would(1));
    await handle(would(2), would(3));
    expect(subjects()).toHaveLength(1);
    expect(queue).toHaveLength(2);
  });

  it('is sent at once if the queue refuses it, if it failed for good, and without summaries', async () => {
    const refused = notifier();
    await refused.handle(driftOf(1, 'a'));
    refused.base.fail('put', failure('denied'));
    await refused.handle(driftOf(1, 'b'));
    expect(refused.subjects()).toHaveLength(2);

    const failed = notifier();
    for (const number of [1, 2]) await failed.handle(launchOf(number, 'web', { status: 'failed', reason: 'denied' }));
    expect(failed.subjects()).toHaveLength(2);

    const atOnce = notifier({ minutes: 0 });
    await atOnce.handle(driftOf(1, 'a'));
    await atOnce.handle(driftOf(1, 'b'));
    expect(atOnce.subjects()).toHaveLength(2);
  });

  it('is new after the window', () => {
    const recent = new RecentAlerts(15);
    const detail = toOutcomeDetail(outcome({ target: target({ trigger: 'drift' }) }));
    recent.add(detail, NOW);
    const has = (minutes: number) => recent.has(detail, new Date(NOW.getTime() + minutes * 60_000));
    expect([0, 14.9, 15].map(has)).toEqual([true, true, false]);
  });
});

describe('the schedule', () => {
  it('sends a thousand launches of one group as one alert, and deletes their messages', async () => {
    const { sent, handle, summarize, subjects, redeliver } = notifier();
    summarize(...Array.from({ length: 1_000 }, (_, index) => launchOf(index)));
    expect(await handle(SCHEDULE)).toEqual([]);
    expect(subjects()).toEqual([`[IMDSv2 MEDIUM] ${ACCOUNT} ${REGION}: 1000 remediated ${instanceId(0)} +999`]);
    expect(redeliver()).toBe(0);
    expect(sent[0]?.json).toMatchObject({ groups: [{ count: 1_000, instanceIds: { length: 1_000 } }] });
  });

  it('sends digests one by one', async () => {
    const { handle, summarize, subjects } = notifier();
    summarize(asEvent(jsonOf(digest([{}]))), asEvent(jsonOf(digest([{}, {}]))));
    await handle(SCHEDULE);
    expect(subjects()).toHaveLength(2);
  });

  it('keeps on the queue what SNS refuses, for an hour of refusals, and then sends everything', async () => {
    const { handle, summarize, subjects, base, redeliver } = notifier();
    summarize(launchOf(1), launchOf(2));
    for (let run = 0; run < 4; run += 1) {
      base.fail('publish', failure('denied'));
      expect(await handle(SCHEDULE)).toEqual([]);
      redeliver();
    }
    expect(subjects()).toEqual([]);
    await handle(SCHEDULE);
    expect(subjects()).toEqual([`[IMDSv2 MEDIUM] ${ACCOUNT} ${REGION}: 2 remediated ${instanceId(1)} +1`]);
  });

  it('sends what was received when the queue fails, and warns', async () => {
    const { handle, summarize, subjects, base } = notifier();
    summarize(launchOf(1));
    base.fail('remove', failure('denied'));
    await handle(SCHEDULE);
    expect(subjects()).toHaveLength(1);
    base.fail('receive', failure('denied'));
    await handle(SCHEDULE);
    expect(base.warnings).toEqual(['summarized events were not deleted', 'the summary queue could not be read']);
  });

  it('deletes and summarizes again only what the queue refused', async () => {
    const { handle, summarize, base, queue, redeliver } = notifier({ refusing: true });
    summarize(launchOf(1), launchOf(2), launchOf(3));
    await handle(SCHEDULE);
    expect(redeliver()).toBe(0);
    await handle(driftOf(1, 'a'));
    await handle(driftOf(1, 'b'), driftOf(1, 'c'));
    expect([queue.length, base.warnings]).toEqual([2, []]);
    expect(base.calls.filter((call) => /^(remove|put) /.test(call))).toEqual([
      'remove 3',
      'remove 1',
      'put 2',
      'put 1',
    ]);
  });

  it('finds an empty queue', async () => {
    const { handle, base } = notifier();
    expect(await handle(SCHEDULE)).toEqual([]);
    expect(base.calls).toEqual(['receive']);
  });
});

test('the topic of chat receives the chat form of the same alert', async () => {
  const { handle, chatMessages, subjects } = notifier({ chat: true });
  await handle(driftOf(1, 'a'));
  expect(chatMessages.map(({ chat }) => chat?.content.title)).toEqual(subjects());
});
