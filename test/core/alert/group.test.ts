import { groupOutcomes } from '../../../lambda/core/alert/group.ts';
import { toAlerts } from '../../../lambda/core/alert/message.ts';
import { type OutcomeDetail, toOutcomeDetail } from '../../../lambda/core/outcome-detail.ts';
import { type ContextChange, existing, instanceId, NOW, outcome, snapshot, target } from '../../support/builders.ts';

const OPTIONS = { maxExemptionDays: 90, now: NOW };

const launched = (number: number, group: string, over: ContextChange & { readonly region?: string } = {}) =>
  toOutcomeDetail(
    outcome({
      target: target({ instanceId: instanceId(number), ...over }),
      snapshot: snapshot({ instanceId: instanceId(number), tags: { 'aws:autoscaling:groupName': group } }),
    }),
  );

const driftAt = (minute: number): OutcomeDetail =>
  toOutcomeDetail(
    outcome({
      target: target({
        trigger: 'drift',
        eventId: `event-${minute}`,
        occurredAt: new Date(NOW.getTime() + minute * 60_000),
      }),
      snapshot: existing(),
    }),
  );

const shape = (details: readonly OutcomeDetail[]) =>
  groupOutcomes(details).map(({ region, blocks }) => [
    region,
    ...blocks.map(({ launchSource, occurrences }) => `${launchSource.name}: ${occurrences.length}`),
  ]);

describe('groupOutcomes()', () => {
  it('makes one alert for each account and Region, with one block for each launch source', () => {
    const details = [
      ...[1, 2, 3].map((number) => launched(number, 'web')),
      launched(4, 'batch'),
      launched(5, 'web', { region: 'us-east-1' }),
    ];
    expect(shape(details)).toEqual([
      ['eu-west-1', 'web: 3', 'batch: 1'],
      ['us-east-1', 'web: 1'],
    ]);
  });

  it('puts the highest severity first', () => {
    const [alert] = groupOutcomes([launched(1, 'web'), driftAt(0)]);
    expect(alert?.severity).toBe('HIGH');
    expect(alert?.blocks.map(({ severity }) => severity)).toEqual(['HIGH', 'MEDIUM']);
  });

  it('states one delivery of an outcome', () => {
    expect(shape([launched(1, 'web'), launched(1, 'web')])).toEqual([['eu-west-1', 'web: 1']]);
    expect(groupOutcomes([launched(1, 'web'), launched(1, 'web')])[0]?.blocks[0]?.details).toHaveLength(1);
  });

  it('leaves out that an instance was remediated already, if the same event remediated it', () => {
    const again: OutcomeDetail = { ...launched(1, 'web'), status: 'already-remediated', reason: 'already-remediated' };
    expect(shape([again, launched(1, 'web')])).toEqual([['eu-west-1', 'web: 1']]);
    expect(shape([{ ...again, eventId: 'another' }, launched(1, 'web')])).toEqual([['eu-west-1', 'web: 1', 'web: 1']]);
  });

  it('has no alert without outcomes', () => {
    expect(groupOutcomes([])).toEqual([]);
  });
});

test('twenty-five instances of one group are one block of one email', () => {
  const details = Array.from({ length: 25 }, (_, index) => launched(index, 'web', { eventId: `event-${index}` }));
  const [message, ...more] = toAlerts(details, OPTIONS);
  expect(more).toEqual([]);
  expect(message?.email).toContain('25 instances: REMEDIATED (MEDIUM)\n');
  expect(message?.email.match(/^What happened: /gm)).toHaveLength(1);
  expect(message?.subject).toBe('[IMDSv2 MEDIUM] 111122223333 eu-west-1: 25 remediated i-00000000000000000 +24');
  expect(message?.json.groups).toMatchObject([
    { launchSource: { kind: 'auto-scaling-group', name: 'web' }, count: 25, instanceIds: { length: 25 } },
  ]);
});

test('the drifts of one instance within a window are one, with the number of them', () => {
  const [message, ...more] = toAlerts([driftAt(0), driftAt(5), driftAt(9)], OPTIONS);
  expect(more).toEqual([]);
  expect(message?.email).toContain('3 times in this window.');
  expect(message?.email).toContain('When: first 2026-11-22T12:00:00Z, last 2026-11-22T12:09:00Z, 3 events');
  expect(message?.json).toMatchObject({
    counts: { remediated: 1 },
    firstSeen: '2026-11-22T12:00:00.000Z',
    lastSeen: '2026-11-22T12:09:00.000Z',
    groups: [{ count: 3, instanceIds: { length: 1 } }],
  });
});

test('beyond 25 instances the JSON form has every id', () => {
  const details = Array.from({ length: 1_000 }, (_, index) => launched(index, 'web', { eventId: `event-${index}` }));
  const [message, ...more] = toAlerts(details, OPTIONS);
  expect(more).toEqual([]);
  expect(message?.json.groups[0]?.outcomes).toHaveLength(25);
  expect(new Set(message?.json.groups[0]?.instanceIds).size).toBe(1_000);
  expect(message?.email).toContain('and 975 more');
});

test('tests of alert delivery are alerts of their own, marked in every form', () => {
  const [real, test] = toAlerts([{ ...launched(1, 'web'), test: true }, launched(2, 'web')], OPTIONS);
  expect(real?.json.test).toBeUndefined();
  expect(test?.json.test).toBe(true);
  expect(test?.subject).toMatch(/^TEST \[IMDSv2 MEDIUM\] /);
  expect(test?.chat?.content.title).toMatch(/^TEST /);
  expect(test?.email).toMatch(/^THIS IS A TEST/);
});
