import { type AlertMessage, toMessages } from '../../lambda/core/message.ts';
import { fromUnsent, toUnsent } from '../../lambda/core/undelivered-alert.ts';
import { outcome } from '../support/builders.ts';
import { runningEvent } from '../support/events.ts';

const message = (): AlertMessage => {
  const [first] = toMessages([outcome()], { exemptionHorizonDays: 90 });
  if (first === undefined) throw new Error('no message');
  return first;
};

test('an alert that waited on the queue is the alert that was not sent', () => {
  const body: unknown = JSON.parse(JSON.stringify(toUnsent(message())));
  expect(fromUnsent(body)).toEqual(JSON.parse(JSON.stringify(message())));
});

test('it says what it is, so that no event is taken for it', () => {
  expect(toUnsent(message())).toMatchObject({ source: 'imdsv2-enforcer', 'detail-type': 'Unsent alert' });
});

const unsent = (detail: unknown) => ({ source: 'imdsv2-enforcer', 'detail-type': 'Unsent alert', detail });

test.each<readonly [string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['text', 'Unsent alert'],
  ['an event', runningEvent()],
  ['no detail', unsent(undefined)],
  ['null as detail', unsent(null)],
  ['text as detail', unsent('subject')],
  ['no subject', unsent({ ...message(), subject: undefined })],
  ['no mail', unsent({ ...message(), email: 1 })],
  ['no JSON form', unsent({ ...message(), json: undefined })],
  ['null as JSON form', unsent({ ...message(), json: null })],
  ['no attributes', unsent({ subject: 's', email: 'e', json: {} })],
  ['null as attributes', unsent({ ...message(), attributes: null })],
  ['another source', { ...toUnsent(message()), source: 'aws.ec2' }],
  ['another detail type', { ...toUnsent(message()), 'detail-type': 'IMDSv1 sighting' }],
])('%s is no unsent alert', (_, body) => {
  expect(fromUnsent(body)).toBeUndefined();
});
