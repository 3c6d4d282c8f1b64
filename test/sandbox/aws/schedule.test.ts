import {
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import { parseSchedule } from '../../../sandbox/aws/eventbridge/schedule.ts';
import { fifoTemplate, getArn, READER_PROPERTIES } from '../stack.ts';
import { BRISK, FIXTURE, READER, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

describe('parseSchedule', () => {
  const from = (time: string) => new Date(`2026-06-01T${time}Z`).getTime();
  const times = (expression: string, time: string, count: number) => {
    const schedule = parseSchedule(expression);
    let at = from(time);
    return Array.from({ length: count }, () => {
      at = schedule.next(at);
      return new Date(at).toISOString().slice(8, 16);
    });
  };

  test.each<[expression: string, after: string, expected: string[]]>([
    ['cron(0 0/6 * * ? *)', '05:59:59', ['01T06:00', '01T12:00', '01T18:00', '02T00:00']],
    ['cron(0 */6 * * ? *)', '06:00:00', ['01T12:00', '01T18:00', '02T00:00', '02T06:00']],
    ['cron(0 0 * * ? *)', '00:00:00', ['02T00:00', '03T00:00']],
    ['cron(15 3,15 ? * * *)', '03:15:01', ['01T15:15', '02T03:15']],
    ['cron(0/20 8-9 * * ? *)', '08:30:00', ['01T08:40', '01T09:00', '01T09:20', '01T09:40', '02T08:00']],
    ['cron(30 * * * ? *)', '22:30:00', ['01T23:30', '02T00:30']],
    ['rate(1 minute)', '01:02:03', ['01T01:03', '01T01:04']],
    ['rate(6 hours)', '01:02:03', ['01T07:02', '01T13:02']],
    ['rate(2 days)', '01:02:03', ['03T01:02', '05T01:02']],
  ])('%s', (expression, after, expected) => {
    expect(times(expression, after, expected.length)).toEqual(expected);
  });

  test.each([
    'rate(0 minutes)',
    'rate(1 hours)',
    'rate(2 hour)',
    'rate(5 weeks)',
    'every 5 minutes',
    'at(2026-06-01T00:00:00)',
    'cron(0 6 * * *)',
    'cron(0 6 * * * *)',
    'cron(0 6 ? * ? *)',
    'cron(60 6 * * ? *)',
    'cron(0 24 * * ? *)',
    'cron(0 0/0 * * ? *)',
    'cron(0 9-8 * * ? *)',
    'cron(0 6 1 * ? *)',
    'cron(0 6 ? * MON-FRI *)',
    'cron(0 6 L * ? *)',
    'cron(0 6 * * ? 2027)',
  ])('%s is refused', (expression) => {
    expect(() => parseSchedule(expression)).toThrow(/ScheduleExpression is not valid/);
  });
});

describe('a scheduled rule', () => {
  const ARN = 'arn:aws:events:us-east-1:111122223333:rule/Local-Schedule';
  const start = async (rule: object = {}, options: object = {}) => {
    const sandbox = await sandboxOf({
      stacks: [{ template: fifoTemplate({ rule, mapping: { Enabled: false } }) }],
      bundles: FIXTURE,
      startAt: new Date('2026-06-01T02:00:00Z'),
      timeScale: 20_000,
      ...options,
    });
    const events = () => sandbox.queue('Steps').messages();
    const times = () => events().map(({ body }) => (JSON.parse(body) as { time: string }).time);
    const until = async (done: () => boolean) => {
      while (!done()) await sandbox.clock.sleep(60_000);
    };
    return { sandbox, events, times, until };
  };

  test('runs on its schedule and sends an event to its queue', async () => {
    const { sandbox, events, times, until } = await start({}, { timeScale: 80_000 });
    await until(() => events().length >= 2);
    expect(times().slice(0, 2)).toEqual(['2026-06-01T06:00:00Z', '2026-06-01T12:00:00Z']);
    const [message] = events();
    expect(message).toMatchObject({ groupId: 'start', deduplicationId: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(message?.sentAt).toBeGreaterThanOrEqual(Date.parse('2026-06-01T06:00:00Z'));
    expect(JSON.parse(message?.body ?? '')).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: '111122223333',
      time: '2026-06-01T06:00:00Z',
      region: 'us-east-1',
      resources: [ARN],
      detail: {},
    });
    expect(sandbox.events[0]).toEqual(JSON.parse(message?.body ?? ''));
    expect(sandbox.deliveries[0]).toMatchObject({ rule: 'Local-Schedule', outcome: 'delivered' });
  });

  test('does not count as activity while it waits, and ends with the sandbox', async () => {
    const { sandbox } = await start();
    await sandbox.idle(10_000);
    await sandbox.stop();
    const { length } = sandbox.events;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sandbox.events).toHaveLength(length);
  });

  test.each(['Schedule', 'Scan/Schedule', 'Local-Schedule', ARN])('can be run by the name %s', async (name) => {
    const { sandbox, events } = await start({}, { timeScale: 1 });
    const event = sandbox.bus.fire(name);
    await sandbox.idle();
    expect(event?.time).toMatch(/^2026-06-01T02:00:/);
    expect(events().map(({ body }) => JSON.parse(body) as unknown)).toEqual([event]);
    expect(() => sandbox.bus.fire('LaunchRule')).toThrow('no scheduled rule LaunchRule');
  });

  test('does not run on its schedule if schedules are disabled', async () => {
    const { sandbox, events, until } = await start({}, { schedules: false, timeScale: 100_000 });
    await until(() => sandbox.clock.now() > Date.parse('2026-06-01T07:00:00Z'));
    expect(events()).toEqual([]);
    sandbox.bus.fire('Schedule');
    await sandbox.idle();
    expect(events()).toHaveLength(1);
  });

  test('does not run while it is disabled', async () => {
    const { sandbox, events, times, until } = await start({ State: 'DISABLED' }, { timeScale: 100_000 });
    await until(() => sandbox.clock.now() > Date.parse('2026-06-01T13:00:00Z'));
    expect(sandbox.bus.fire('Schedule')).toBeUndefined();
    expect([events(), sandbox.events]).toEqual([[], []]);
    const client = new EventBridgeClient(sandbox.client());
    await client.send(new EnableRuleCommand({ Name: 'Local-Schedule' }));
    await until(() => events().length > 0);
    await client.send(new DisableRuleCommand({ Name: 'Local-Schedule' }));
    client.destroy();
    expect(times()[0]).toMatch(/T(00|06|12|18):00:00Z$/);
  });

  test('counts a rate from its creation', async () => {
    const { times, until } = await start({ ScheduleExpression: 'rate(30 minutes)' });
    await until(() => times().length > 1);
    const [first = '', second = ''] = times();
    expect(first).toMatch(/^2026-06-01T0[23]:[0-5]\d:\d\dZ$/);
    expect(Date.parse(second) - Date.parse(first)).toBe(1_800_000);
  });

  test('sends its constant input instead of the event', async () => {
    const Targets = [
      { Id: 'T', Arn: getArn('Steps'), SqsParameters: { MessageGroupId: 'g' }, Input: '{"step":"start"}' },
    ];
    const { sandbox, events } = await start({ Targets }, { timeScale: 1 });
    sandbox.bus.fire('Schedule');
    await sandbox.idle();
    expect(events()).toMatchObject([{ body: '{"step":"start"}', groupId: 'g' }]);
    const client = new EventBridgeClient(sandbox.client());
    const answer = await client.send(new ListTargetsByRuleCommand({ Rule: 'Local-Schedule' }));
    client.destroy();
    expect(answer.Targets).toMatchObject([{ SqsParameters: { MessageGroupId: 'g' }, Input: '{"step":"start"}' }]);
  });
});

test('a function with a timeout of 15 minutes can call every service and send messages to its own queue', async () => {
  const sandbox = await sandboxOf({
    stacks: [{ template: fifoTemplate({ queue: { VisibilityTimeout: 960 }, function: READER_PROPERTIES }) }],
    bundles: READER,
    regions: ['us-east-1', 'eu-west-1'],
    timeScale: BRISK,
    schedules: false,
  });
  const { id } = sandbox.fleet('eu-west-1').add({ launchedAt: new Date(sandbox.clock.now() - 86_400_000) });
  sandbox.usage.set(id, { callsPerDay: 24 });
  sandbox.bus.fire('Schedule');
  sandbox.clock.skipIdleTime();
  await sandbox.idle();
  const [first, ...others] = sandbox.invocations.map(({ result }) => result);
  expect(first).toMatchObject({
    ok: true,
    payload: { IsLogging: true, State: 'ENABLED', metrics: [id], inFlight: '1', sent: 2 },
  });
  const { remaining } = (first as { payload: { remaining: number } }).payload;
  expect(remaining).toBeGreaterThan(800_000);
  expect(remaining).toBeLessThanOrEqual(900_000);
  expect(others.map((result) => result.ok && result.payload)).toEqual(
    expect.arrayContaining([{ step: 'us-east-1' }, { step: 'eu-west-1' }]),
  );
  expect(others).toHaveLength(2);
});
