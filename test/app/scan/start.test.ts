import { instanceId } from '../../support/builders.ts';
import { failure } from '../../support/ports.ts';
import { old, rules, RUN, scanWorld, take } from '../../support/scan.ts';

const START = { ...RUN, step: 'start' } as const;

it('asks for every region of the account, each a step of its own', async () => {
  const ports = scanWorld();
  ports.regionNames.push('ap-south-1', 'us-east-1');

  await take(START, rules(), ports);

  expect(ports.waiting.map((text) => JSON.parse(text) as unknown)).toMatchObject([
    { region: 'eu-west-1', time: RUN.startedAt.toISOString(), detail: { step: 'region' } },
    { region: 'ap-south-1', detail: { step: 'region' } },
    { region: 'us-east-1', detail: { step: 'region' } },
  ]);
});

it('the schedule’s own event is a start', async () => {
  const ports = scanWorld();
  ports.waiting.push(
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

  expect(ports.calls.filter((call) => call.startsWith('ask'))).toEqual(['ask eu-west-1/region', 'ask eu-west-1/close']);
  expect(ports.completed.map(([region]) => region)).toEqual(['eu-west-1']);
});

it.each(['regions', 'ask'])(
  '%s that fails in passing is requested for again; for good, the step is taken again',
  async (call) => {
    const ports = scanWorld();
    ports.fail(call, failure('throttled'), failure('unavailable'));
    await take(START, rules(), ports);
    expect(ports.waiting).toHaveLength(1);

    ports.fail(call, failure('denied', 'no'));
    await expect(take(START, rules(), ports)).rejects.toEqual(failure('denied', 'no'));
  },
);

describe('a region that fails stops no other', () => {
  const [here, there] = [instanceId(1), instanceId(2)];
  const spread = () => {
    const ports = scanWorld([old(here)]);
    ports.put(old(there), { region: 'us-east-1' });
    ports.regionNames.splice(0, 1, 'ap-south-1', 'eu-west-1', 'us-east-1');
    return ports;
  };
  const changed = (calls: readonly string[]) => calls.filter((call) => call.startsWith('modify'));

  it('by an error', async () => {
    const ports = spread();
    ports.fail('list ap-south-1', ...Array<Error>(3).fill(failure('invalid', 'what?')));

    await take(START, rules(), ports);

    expect(await ports.drain(rules())).toEqual([failure('invalid', 'what?')]);
    expect(changed(ports.calls)).toEqual([`modify eu-west-1 ${here}`, `modify us-east-1 ${there}`]);
    expect(ports.completed.map(([region]) => region)).toEqual(['eu-west-1', 'us-east-1']);
  });

  it('that nobody may look into is a warning, and is not counted', async () => {
    const ports = spread();
    ports.fail('list ap-south-1', failure('denied'));

    await take(START, rules(), ports);

    expect(await ports.drain(rules())).toEqual([]);
    expect(ports.warnings).toEqual(['ap-south-1 cannot be scanned']);
    expect(changed(ports.calls)).toHaveLength(2);
    expect(ports.completed.map(([region]) => region)).toEqual(['eu-west-1', 'us-east-1']);
  });

  it('the home region is another matter: there, being kept out is a mistake of ours', async () => {
    const ports = spread();
    ports.fail('list eu-west-1', ...Array<Error>(3).fill(failure('denied', 'no')));

    await take(START, rules(), ports);

    expect(await ports.drain(rules())).toEqual([failure('denied', 'no')]);
    expect(changed(ports.calls)).toEqual([`modify us-east-1 ${there}`]);
  });
});

it.each([undefined, null, 'text', {}, { source: 'imdsv2-enforcer' }])(
  '%p is no step: a warning that is counted, and nothing else',
  async (message) => {
    const ports = scanWorld([old(instanceId(1))]);
    ports.waiting.push(JSON.stringify(message ?? null));

    expect(await ports.drain(rules())).toEqual([]);
    expect(ports.notUnderstood).toHaveLength(1);
    expect(ports.calls).toEqual([]);
  },
);
