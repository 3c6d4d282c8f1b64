import { PublishCommand, type PublishCommandInput, SNSClient } from '@aws-sdk/client-sns';
import type { Sandbox } from '../../../sandbox/index.ts';
import { refusal, sandboxOf, stopAll } from '../support.ts';

let sandbox: Sandbox;
let sns: SNSClient;
let TopicArn: string;

beforeEach(async () => {
  sandbox = await sandboxOf();
  sns = new SNSClient({ ...sandbox.client(), maxAttempts: 1 });
  TopicArn = sandbox.topics.create('us-east-1', 'alerts', 'The Alerts').arn;
});

afterEach(async () => {
  sns.destroy();
  await stopAll();
});

const publish = (input: Partial<PublishCommandInput>) =>
  sns.send(new PublishCommand({ TopicArn, Message: 'text', ...input }));
const attribute = (DataType: string, StringValue: string) => ({ MessageAttributes: { a: { DataType, StringValue } } });

test('subscribers receive the body for their protocol', async () => {
  const Message = JSON.stringify({ default: '{"schema":"v1"}', email: 'Dear reader' });
  await publish({ Subject: 'Re: you', Message, MessageStructure: 'json', ...attribute('String', 'high') });
  await publish({ Message: 'plain' });

  const [structured, plain] = sandbox.topics.messages();
  expect(structured).toMatchObject({
    topicArn: TopicArn,
    subject: 'Re: you',
    attributes: { a: { DataType: 'String', StringValue: 'high' } },
    email: { from: 'The Alerts <no-reply@sns.amazonaws.com>', subject: 'Re: you', body: 'Dear reader' },
    json: {
      Type: 'Notification',
      Subject: 'Re: you',
      Message: '{"schema":"v1"}',
      MessageAttributes: { a: { Type: 'String', Value: 'high' } },
    },
  });
  expect(plain).toMatchObject({
    email: { subject: 'AWS Notification Message', body: 'plain' },
    json: { Message: 'plain' },
  });
});

const KIB = 1024;

test.each<[what: string, input: Partial<PublishCommandInput>]>([
  ['a subject of 99 characters', { Subject: 'x'.repeat(99) }],
  ['256 KiB', { Message: 'x'.repeat(256 * KIB) }],
  ['256 KiB with its attribute', { Message: 'x'.repeat(256 * KIB - 10), ...attribute('String', 'xyz') }],
  ['a list as attribute', attribute('String.Array', '["a", 1, null]')],
])('accepts %s', async (_what, input) => {
  expect((await publish(input)).MessageId).toBeDefined();
});

test.each<[what: string, input: Partial<PublishCommandInput>, code: string]>([
  ['a subject of 100 characters', { Subject: 'x'.repeat(100) }, 'InvalidParameterException'],
  ['a subject that is not ASCII', { Subject: 'ü' }, 'InvalidParameterException'],
  ['a line break in the subject', { Subject: 'a\nb' }, 'InvalidParameterException'],
  ['a control character in the subject', { Subject: 'a\u0007b' }, 'InvalidParameterException'],
  ['an empty message', { Message: '' }, 'InvalidParameterException'],
  ['more than 256 KiB', { Message: 'x'.repeat(256 * KIB + 1) }, 'InvalidParameterException'],
  [
    'attributes that exceed the size',
    { Message: 'x'.repeat(256 * KIB - 9), ...attribute('String', 'xyz') },
    'InvalidParameterException',
  ],
  ['multi-byte characters that exceed the size', { Message: 'ü'.repeat(128 * KIB + 1) }, 'InvalidParameterException'],
  ['a structure without default', { Message: '{"email":"x"}', MessageStructure: 'json' }, 'InvalidParameterException'],
  ['a structure that is not JSON', { Message: 'x', MessageStructure: 'json' }, 'InvalidParameterException'],
  ['an empty attribute', attribute('String', ''), 'InvalidParameterValueException'],
  ['an unknown attribute type', attribute('Text', 'x'), 'InvalidParameterValueException'],
  ['a malformed list', attribute('String.Array', 'a, b'), 'InvalidParameterValueException'],
  ['a topic that does not exist', { TopicArn: 'arn:aws:sns:us-east-1:111122223333:other' }, 'NotFoundException'],
  ['a topic of another region', { TopicArn: 'arn:aws:sns:eu-west-1:111122223333:alerts' }, 'InvalidParameterException'],
])('refuses %s', async (_what, input, code) => {
  const [name] = await refusal(publish(input));
  expect(name).toBe(code);
  expect(sandbox.topics.messages()).toEqual([]);
});

test('a fault counts the attempts to publish the same message', async () => {
  sandbox.faults.refuses = ({ message, attempt }) => (message === 'text' && attempt < 3 ? 'InternalError' : undefined);

  expect(await refusal(publish({}))).toEqual(['InternalErrorException', 500]);
  await publish({ Message: 'other' });
  expect(await refusal(publish({}))).toEqual(['InternalErrorException', 500]);
  await publish({});
  expect(sandbox.topics.messages().map(({ email }) => email.body)).toEqual(['other', 'text']);
});
