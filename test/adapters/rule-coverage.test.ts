import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { unmonitoredTriggers } from '../../lambda/adapters/rule-coverage.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import { REGION } from '../support/builders.ts';
import { json, type Loopback, startLoopback } from '../support/loopback.ts';

let aws: Loopback;
let client: EventBridgeClient;

beforeAll(async () => {
  aws = await startLoopback();
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  client = new EventBridgeClient({ region: REGION, endpoint: aws.url, credentials, maxAttempts: 1 });
});
beforeEach(() => aws.reset());
afterAll(async () => {
  client.destroy();
  await aws.close();
});

const rule = (pattern: object, State = 'ENABLED') => ({ Name: 'any', EventPattern: JSON.stringify(pattern), State });
const all = TRIGGERS.map(({ pattern }) => rule(pattern));

it('finds rules that match events of one account only, as deployed rules do', async () => {
  const Rules = TRIGGERS.map(({ pattern }) => rule({ ...pattern, account: ['111122223333'] }));
  aws.prepare('ListRules', json({ Rules }));
  expect(await unmonitoredTriggers(client)).toEqual([]);
});

it('finds rules on any page and with any order of keys', async () => {
  const [first = rule({}), ...others] = all;
  const { source, detail, ...rest } = JSON.parse(first.EventPattern) as Record<string, unknown>;
  aws.prepare(
    'ListRules',
    json({ Rules: [{ Name: 'schedule', State: 'ENABLED' }, ...others], NextToken: 'more' }),
    json({ Rules: [rule({ detail, ...rest, source })] }),
  );
  expect(await unmonitoredTriggers(client)).toEqual([]);
  expect(aws.take().map(({ action, parameters }) => [action, parameters])).toEqual([
    ['ListRules', {}],
    ['ListRules', { NextToken: 'more' }],
  ]);
});

it('returns the triggers that have no enabled rule', async () => {
  aws.prepare(
    'ListRules',
    json({ Rules: [rule({ source: ['aws.ec2'] })] }),
    json({ Rules: all.map((enabled, index) => (index === 1 ? { ...enabled, State: 'DISABLED' } : enabled)) }),
  );
  expect(await unmonitoredTriggers(client)).toEqual(TRIGGERS.map(({ name }) => name));
  expect(await unmonitoredTriggers(client)).toEqual(['drift']);
});

it('throws if the rules may not be read', async () => {
  aws.prepare('ListRules', json({ __type: 'AccessDeniedException', message: 'not you' }, 400));
  await expect(unmonitoredTriggers(client)).rejects.toMatchObject({ kind: 'denied' });
});
