import { toOutcomeDetail } from '../../../lambda/core/outcome-detail.ts';
import type { RecordedChange } from '../../../lambda/core/repeated-drift.ts';
import { CALLER, existing, INSTANCE, NOW, outcome, REGION, target } from '../../support/builders.ts';
import { asEvent, notifier, SCHEDULE } from '../../support/notifier.ts';
import { failure, after } from '../../support/ports.ts';

const MINUTE = 60_000;
const role = (name: string, session: string) => `arn:aws:sts::111122223333:assumed-role/${name}/${session}`;
const ENFORCER = role('Enforcer', 'function');

/** What the notifier receives of a flip. */
function flipOf({ id, at, principal, instanceId }: RecordedChange, over: object = {}) {
  const caller = { ...CALLER, principal, cloudTrailEventId: id };
  return asEvent({
    ...toOutcomeDetail(
      outcome({
        target: target({ trigger: 'drift', instanceId, eventId: `event-${id}`, occurredAt: at, caller }),
        snapshot: existing({ instanceId }),
      }),
    ),
    ...over,
  });
}

const flip = (
  id: string,
  minutes: number,
  principal = role('Pipeline', id),
  instanceId = INSTANCE,
): RecordedChange => ({
  id,
  instanceId,
  at: after(minutes * 60),
  httpTokens: 'optional',
  principal,
});

/** The flip and its remediation, a second later. */
const reverted = (change: RecordedChange): RecordedChange[] => [
  change,
  { ...change, id: `${change.id}-reverted`, at: after(1, change.at), httpTokens: 'required', principal: ENFORCER },
];

const severityOf = ({ subject }: { readonly subject: string }) => /\[IMDSv2 (\w+)\]/.exec(subject)?.[1];

it.each([0.25, 1, 5])('forty flips of one instance, one in %d min, with late history: CRITICAL once', async (every) => {
  const { handle, history, sent, base } = notifier({ lateMs: 5 * MINUTE });
  let nextSummary = 15;
  for (let number = 0; number < 40; number += 1) {
    const minutes = number * every;
    const change = flip(
      `f${number}`,
      minutes,
      number % 4 === 0 ? role('Admin', 'kim') : role('Pipeline', `run-${number}`),
    );
    history.push(...reverted(change));
    for (; nextSummary <= minutes; nextSummary += 15) {
      await base.time.sleep(Math.max(0, after(nextSummary * 60).getTime() - base.time.now().getTime()));
      await handle(SCHEDULE);
    }
    await base.time.sleep(Math.max(0, after(15, change.at).getTime() - base.time.now().getTime()));
    await handle(flipOf(change));
  }
  await base.time.sleep(15 * MINUTE);
  await handle(SCHEDULE);

  const critical = sent.filter((message) => severityOf(message) === 'CRITICAL');
  expect(critical).toHaveLength(1);
  expect(critical[0]?.email).toContain('Repeated drift: IMDSv1 was re-enabled ');
  expect(critical[0]?.email).toContain('arn:aws:sts::111122223333:assumed-role/Pipeline (');
  expect(critical[0]?.email).toContain('arn:aws:sts::111122223333:assumed-role/Admin (');
  expect(critical[0]?.email).toContain('\nimdsv2 policy require-imdsv2\n');
  expect(critical[0]?.email).not.toContain('Enforcer');
  // Of those that history had not received, the next alerts.
  expect(sent.at(-1)?.email).toContain('IMDSv1 was re-enabled 40 times in the last day: ');
  expect(sent.at(-1)?.email).toContain('assumed-role/Pipeline (30 times, ');
  expect(sent.at(-1)?.email).toContain('assumed-role/Admin (10 times, ');
  if (every <= 1) expect(sent.length).toBeLessThanOrEqual(6);
});

it('three in a day are CRITICAL hours apart, the third at once', async () => {
  const { handle, history, sent } = notifier();
  history.push(...reverted(flip('a', -16 * 60)), ...reverted(flip('b', -8 * 60)));
  const third = flip('c', 0, role('Admin', 'kim'));
  await handle(flipOf(third));
  expect(sent.map(severityOf)).toEqual(['CRITICAL']);
  expect(sent[0]?.json).toMatchObject({
    severity: 'CRITICAL',
    groups: [
      {
        outcomes: [
          {
            repeatedDrift: {
              count: 3,
              principals: [
                { principal: 'arn:aws:sts::111122223333:assumed-role/Pipeline', sessions: ['a', 'b'], count: 2 },
                { principal: 'arn:aws:sts::111122223333:assumed-role/Admin', sessions: ['kim'], count: 1 },
              ],
            },
          },
        ],
      },
    ],
  });
});

it('of a burst that history did not have in time, the summary is CRITICAL', async () => {
  const { handle, history, sent, base } = notifier({ lateMs: 5 * MINUTE });
  for (const [index, id] of ['a', 'b', 'c'].entries()) {
    const change = flip(id, index / 10);
    history.push(...reverted(change));
    await handle(flipOf(change));
  }
  expect(sent.map(severityOf)).toEqual(['HIGH']);
  await base.time.sleep(15 * MINUTE);
  await handle(SCHEDULE);
  expect(sent.map(severityOf)).toEqual(['HIGH', 'CRITICAL']);
});

it('counts a flip that was reverted within the same second, and the next', async () => {
  const { handle, history, sent } = notifier();
  const sameSecond = (change: RecordedChange) => reverted(change).map((one) => ({ ...one, at: change.at }));
  history.push(...sameSecond(flip('a', -4)), ...reverted(flip('b', -3)));
  await handle(flipOf(flip('c', 0)));
  expect(sent.map(severityOf)).toEqual(['CRITICAL']);
});

it.each<[string, readonly RecordedChange[], object]>([
  ['two in a day', [...reverted(flip('a', -25 * 60)), ...reverted(flip('b', -60))], {}],
  [
    'those of another instance',
    [...reverted(flip('a', -2, 'x', 'i-0b1b2c3d4e5f60718')), ...reverted(flip('b', -60))],
    {},
  ],
  ['calls that repeat what is set', [flip('a', -4), flip('b', -3), flip('d', -2)], {}],
  ['calls that set something else', [{ ...flip('a', -4), httpTokens: undefined }, ...reverted(flip('b', -3))], {}],
  ['what an exemption covers', [...reverted(flip('a', -4)), ...reverted(flip('b', -3))], { status: 'exempt' }],
  ['a test', [...reverted(flip('a', -4)), ...reverted(flip('b', -3))], { test: true }],
])('not repeated drift: %s', async (_, changes, over) => {
  const { handle, history, sent } = notifier();
  history.push(...changes);
  await handle(flipOf(flip('c', 0), over));
  expect(sent.map(severityOf)).toEqual(['HIGH']);
  expect(sent[0]?.email).not.toContain('Repeated drift');
});

it('reads the history once for the instances of a Region, and has an alert of its own for repeated drift', async () => {
  const { handle, history, subjects, base } = notifier();
  history.push(...reverted(flip('a', -4)), ...reverted(flip('b', -3)));
  const other = flip('o', 0, role('Admin', 'kim'), 'i-0b1b2c3d4e5f60718');
  await handle(flipOf(flip('c', 0)), flipOf(other));
  expect(base.calls.filter((call) => call.startsWith('changes'))).toEqual([`changes ${REGION}`]);
  expect(subjects().sort()).toEqual([
    expect.stringContaining(`[IMDSv2 CRITICAL] 111122223333 ${REGION}: 1 remediated ${INSTANCE}`),
    expect.stringContaining(`[IMDSv2 HIGH] 111122223333 ${REGION}: 1 remediated ${other.instanceId}`),
  ]);
});

it.each([
  ['denied', 'missing permission cloudtrail:LookupEvents'],
  ['throttled', 'CloudTrail did not answer (throttled)'],
  ['unavailable', 'CloudTrail did not answer (unavailable)'],
] as const)('without history (%s), the alert is as before and says so, in time', async (kind, reason) => {
  const { handle, history, sent, base } = notifier();
  history.push(...reverted(flip('a', -4)), ...reverted(flip('b', -3)));
  base.fail('changes', ...Array.from({ length: 1000 }, () => failure(kind)));
  expect(await handle(flipOf(flip('c', 0)))).toEqual([]);
  expect(sent.map(severityOf)).toEqual(['HIGH']);
  expect(sent[0]?.email).toContain(`not visible from here: ${reason}\n`);
  expect(base.time.now().getTime() - NOW.getTime()).toBeLessThan(20_000);
});

it('of too many changes in a Region, the latest are read', async () => {
  const { handle, history, sent, base } = notifier();
  history.push(...Array.from({ length: 600 }, (_, index) => flip(`x${index}`, -60, 'x', `i-${10_000_000 + index}`)));
  await handle(flipOf(flip('c', 0)));
  expect(base.calls.filter((call) => call.startsWith('changes'))).toHaveLength(10);
  expect(sent[0]?.email).toContain('not visible from here: only the latest 500 changes in the Region were read');
});

it('is CRITICAL again if SNS refused it, and a day later', async () => {
  const { handle, history, sent, base } = notifier();
  history.push(...reverted(flip('a', -4)), ...reverted(flip('b', -3)));
  const third = flip('c', 0);
  base.fail('publish', failure('denied'));
  expect(await handle(flipOf(third))).toEqual(['m1']);
  await handle(flipOf(third));
  expect(sent.map(severityOf)).toEqual(['CRITICAL']);
  await base.time.sleep(24 * 60 * MINUTE);
  history.push(...reverted(flip('d', 20 * 60)), ...reverted(flip('e', 22 * 60)));
  await handle(flipOf(flip('f', 24 * 60)));
  expect(sent.map(severityOf)).toEqual(['CRITICAL', 'CRITICAL']);
});
