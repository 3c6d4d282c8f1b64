import { allows } from '../../lambda/core/resource-policy.ts';

const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:q';
const RULE = 'arn:aws:events:eu-west-1:111122223333:rule/Launch';
const request = {
  principal: 'events.amazonaws.com',
  action: 'sqs:SendMessage',
  resource: QUEUE,
  keys: { 'aws:sourcearn': RULE, 'aws:securetransport': 'true' },
};
const allow = (change: object = {}) => ({
  Effect: 'Allow',
  Principal: { Service: 'events.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: QUEUE,
  Condition: { ArnEquals: { 'aws:SourceArn': RULE } },
  ...change,
});
const deny = (change: object = {}) =>
  allow({ Effect: 'Deny', Principal: '*', Action: 'sqs:*', Condition: {}, ...change });
const INSECURE = { Condition: { Bool: { 'aws:SecureTransport': 'false' } } };

it.each<readonly [string, readonly object[], boolean]>([
  ['an allow', [allow()], true],
  ['an allow by wildcards', [allow({ Principal: '*', Action: 'SQS:*', Resource: '*' })], true],
  ['the deny of transport without TLS', [allow(), deny(INSECURE)], true],
  ['a list of rules', [allow({ Condition: { ArnLike: { 'aws:SourceArn': ['x', '*:rule/Lau?ch'] } } })], true],
  ['nothing', [], false],
  ['an allow of another service', [allow({ Principal: { Service: 'sns.amazonaws.com' } })], false],
  ['an allow of another action', [allow({ Action: ['sqs:ReceiveMessage'] })], false],
  ['an allow on another resource', [allow({ Resource: `${QUEUE}2` })], false],
  ['an allow of another rule', [allow({ Condition: { ArnEquals: { 'aws:SourceArn': `${RULE}2` } } })], false],
  ['a deny', [allow(), deny()], false],
  [
    'a deny of what is absent',
    [allow(), deny({ Condition: { StringNotEquals: { 'aws:SourceVpc': 'vpc-1' } } })],
    false,
  ],
  ['a condition that cannot be evaluated', [allow({ Condition: { DateLessThan: { 'aws:CurrentTime': 'x' } } })], false],
])('%s', (_, Statement, expected) => {
  expect(allows(JSON.stringify({ Statement }), request)).toBe(expected);
});

it.each([undefined, '', 'x', '[]', '{"Statement":{}}'])('a text that is no policy allows nothing: %s', (text) => {
  expect(allows(text, request)).toBe(false);
});
