import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { eventBridgeOutcomes } from '../../lambda/adapters/eventbridge-outcomes.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { type OutcomeEvent, toOutcomeEvent } from '../../lambda/core/outcome-event.ts';
import { instanceId, NOW, outcome, REGION, target } from '../support/builders.ts';
import { CREDENTIALS, type Loopback, startLoopback } from '../support/loopback.ts';

const BUS = 'arn:aws:events:eu-west-1:111122223333:event-bus/security';

let aws: Loopback;
let client: EventBridgeClient;

beforeAll(async () => {
  aws = await startLoopback();
  const credentials = {
    accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
    secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
  };
  client = new EventBridgeClient({ region: REGION, endpoint: aws.url, credentials, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await aws.close();
});
beforeEach(() => aws.reset());

const events = (count: number, detail = 'x'): OutcomeEvent[] =>
  Array.from({ length: count }, (_, index) => {
    const of = toOutcomeDetail(outcome({ target: target({ instanceId: instanceId(index) }) }));
    return toOutcomeEvent({ ...of, detail }, NOW);
  });
const put = (given: readonly OutcomeEvent[]) => eventBridgeOutcomes(client, BUS).put(given);
const entriesOf = () => aws.take('PutEvents').map(({ parameters }) => parameters.Entries as Record<string, unknown>[]);

it('puts an event with its bus, kind, time, resources and detail', async () => {
  const [event] = events(1);
  expect(await put(events(1))).toEqual([]);
  expect(entriesOf()).toEqual([
    [
      {
        EventBusName: BUS,
        Source: 'imdsv2-enforcer',
        DetailType: 'IMDSv2 Outcome',
        Time: NOW.getTime() / 1000,
        Resources: event?.resources,
        Detail: JSON.stringify(event?.detail),
      },
    ],
  ]);
});

it('puts at most ten events and 256 KB in one call', async () => {
  await put(events(25));
  expect(entriesOf().map(({ length }) => length)).toEqual([10, 10, 5]);
  await put(events(4, 'x'.repeat(100_000)));
  expect(entriesOf().map(({ length }) => length)).toEqual([2, 2]);
});

it('returns the entries that were refused', async () => {
  const answer = { FailedEntryCount: 1, Entries: [{ EventId: 'e-1' }, { ErrorCode: 'ThrottlingException' }] };
  aws.prepare('PutEvents', { status: 200, body: JSON.stringify(answer) });
  const given = events(2);
  expect(await put(given)).toEqual([given[1]]);
});

it('throws a failure if the call fails', async () => {
  aws.prepare('PutEvents', { status: 400, body: JSON.stringify({ __type: 'AccessDeniedException', message: 'no' }) });
  await expect(put(events(1))).rejects.toMatchObject({ name: 'FailureError', kind: 'denied' });
});

it('returns the events of a call that fails, if another one does not', async () => {
  const accepted = {
    FailedEntryCount: 0,
    Entries: Array.from({ length: 10 }, (_, index) => ({ EventId: `e-${index}` })),
  };
  const denied = { status: 400, body: JSON.stringify({ __type: 'AccessDeniedException', message: 'no' }) };
  const ok = { status: 200, body: JSON.stringify(accepted) };
  aws.prepare('PutEvents', ok, denied, ok);
  const given = events(25);
  const refused = await put(given);
  expect([5, 10]).toContain(refused.length);
  expect(given).toEqual(expect.arrayContaining([...refused]));
});
