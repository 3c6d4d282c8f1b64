import { type AlertMessage, toMessages } from '../../lambda/core/message.ts';
import { fromUndelivered, toUndelivered } from '../../lambda/core/undelivered-alert.ts';
import { outcome } from '../support/builders.ts';
import { runningEvent } from '../support/events.ts';

const message = (): AlertMessage => {
  const [first] = toMessages([outcome()], { maxExemptionDays: 90 });
  if (first === undefined) throw new Error('no message');
  return first;
};

test('fromUndelivered() returns the alert that toUndelivered() wrote', () => {
  const body: unknown = JSON.parse(JSON.stringify(toUndelivered(message())));
  expect(fromUndelivered(body)).toEqual(JSON.parse(JSON.stringify(message())));
});

test('toUndelivered() marks the message, so that it is not read as an event', () => {
  expect(toUndelivered(message())).toMatchObject({ source: 'imdsv2-enforcer', 'detail-type': 'Undelivered alert' });
});

const undelivered = (detail: unknown) => ({ source: 'imdsv2-enforcer', 'detail-type': 'Undelivered alert', detail });

test.each<readonly [string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'Undelivered alert'],
  ['an event', runningEvent()],
  ['no detail', undelivered(undefined)],
  ['null as detail', undelivered(null)],
  ['a text as detail', undelivered('subject')],
  ['no subject', undelivered({ ...message(), subject: undefined })],
  ['no email', undelivered({ ...message(), email: 1 })],
  ['no JSON form', undelivered({ ...message(), json: undefined })],
  ['null as JSON form', undelivered({ ...message(), json: null })],
  ['no attributes', undelivered({ subject: 's', email: 'e', json: {} })],
  ['null as attributes', undelivered({ ...message(), attributes: null })],
  ['another source', { ...toUndelivered(message()), source: 'aws.ec2' }],
  ['another detail type', { ...toUndelivered(message()), 'detail-type': 'IMDSv1 finding recorded' }],
])('fromUndelivered() is undefined for %s', (_, body) => {
  expect(fromUndelivered(body)).toBeUndefined();
});
