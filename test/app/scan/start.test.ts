import { instanceId } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { old, rules, RUN, scanWorld, runStep } from '../../support/scan.ts';

const START = { ...RUN, step: 'start' } as const;

it('queues one step for every region of the account', async () => {
  const ports = scanWorld();
  ports.regionNames.push('ap-south-1', 'us-east-1');

  await runStep(START, rules(), ports);

  expect(ports.queued.map((text) => JSON.parse(text) as unknown)).toMatchObject([
    { region: 'eu-west-1', time: RUN.startedAt.toISOString(), detail: { step: 'region' } },
    { region: 'ap-south-1', detail: { step: 'region' } },
    { region: 'us-east-1', detail: { step: 'region' } },
  ]);
});

it('the event of the schedule starts a scan', async () => {
  const ports = scanWorld();
  ports.queued.push(
    JSON.stringify({
      version: '0',
      id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: RUN.account,
      time: '2026-11-22T12:00:00Z',
      region: 'eu-west-1',
      resources: ['arn:aws:events:eu-west-1:111122223333:rule/Schedule'],
      detail: {},
    }),
  );

  expect(await ports.drain(rules())).toEqual([]);

  expect(ports.calls.filter((call) => call.startsWith('putSteps'))).toEqual([
    'putSteps eu-west-1/region',
    'putSteps eu-west-1/summary',
  ]);
  expect(ports.completed.map(([region]) => region)).toEqual(['eu-west-1']);
});

it.each(['regions', 'putSteps'])(
  'a transient failure of %s is retried; a permanent one fails the step',
  async (call) => {
    const ports = scanWorld();
    ports.fail(call, failure('throttled'), failure('unavailable'));
    await runStep(START, rules(), ports);
    expect(ports.queued).toHaveLength(1);

    ports.fail(call, failure('denied', 'no'));
    await expect(runStep(START, rules(), ports)).rejects.toEqual(failure('denied', 'no'));
  },
);

describe('a failing region does not affect the others', () => {
  const [first, second] = [instanceId(1), instanceId(2)];
  const inTwoRegions = () => {
    const ports = scanWorld([old(first)]);
    ports.put(old(second), { region: 'us-east-1' });
    ports.regionNames.splice(0, 1, 'ap-south-1', 'eu-west-1', 'us-east-1');
    return ports;
  };
  const changed = (calls: readonly string[]) => calls.filter((call) => call.startsWith('modify'));

  it('after an error', async () => {
    const ports = inTwoRegions();
    ports.fail('list ap-south-1', ...Array<Error>(3).fill(failure('invalid', 'what?')));

    await runStep(START, rules(), ports);

    expect(await ports.drain(rules())).toEqual([failure('invalid', 'what?')]);
    expect(changed(ports.calls)).toEqual([`modify eu-west-1 ${first}`, `modify us-east-1 ${second}`]);
    expect(ports.completed.map(([region]) => region)).toEqual(['eu-west-1', 'us-east-1']);
  });

  it('if it may not be read, which is a warning', async () => {
    const ports = inTwoRegions();
    ports.fail('list ap-south-1', failure('denied'));

    await runStep(START, rules(), ports);

    expect(await ports.drain(rules())).toEqual([]);
    expect(ports.warnings).toEqual(['ap-south-1 is not visible from here, so it is not scanned']);
    expect(changed(ports.calls)).toHaveLength(2);
    expect(ports.completed.map(([region]) => region)).toEqual(['eu-west-1', 'us-east-1']);
  });

  it('but is an error if it is the home region', async () => {
    const ports = inTwoRegions();
    ports.fail('list eu-west-1', ...Array<Error>(3).fill(failure('denied', 'no')));

    await runStep(START, rules(), ports);

    expect(await ports.drain(rules())).toEqual([failure('denied', 'no')]);
    expect(changed(ports.calls)).toEqual([`modify us-east-1 ${second}`]);
  });
});

it.each([undefined, null, 'text', {}, { source: 'imdsv2-enforcer' }])(
  '%p is reported as not understood',
  async (message) => {
    const ports = scanWorld([old(instanceId(1))]);
    ports.queued.push(JSON.stringify(message ?? null));

    expect(await ports.drain(rules())).toEqual([]);
    expect(ports.notUnderstood).toHaveLength(1);
    expect(ports.calls).toEqual([]);
  },
);
