import { DescribeRuleCommand, EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { checkRegion } from '../../cli/doctor/region.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';

const events = mockClient(EventBridgeClient);
const sqs = mockClient(SQSClient);
const all = TRIGGERS.map(({ pattern, ruleId }) => ({ Name: ruleId, EventPattern: JSON.stringify(pattern) }));
const look = () => checkRegion('eu-south-1', { region: 'eu-south-1' });
const refusal = (name: string) => Object.assign(new Error('no'), { name });

beforeEach(() => {
  events.reset();
  sqs.reset();
  events.on(ListRulesCommand).resolves({ Rules: all });
  sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: 'https://sqs.example.com/q' });
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: {} });
});

test('as it should be; no rule is asked for by name', async () => {
  expect(await look()).toEqual([
    { check: 'eu-south-1', level: 'ok', text: 'its rules listen, and nothing waits to be sent' },
  ]);
  expect(events.commandCalls(DescribeRuleCommand)).toEqual([]);
});

test('no rule, and events that wait or are being looked at', async () => {
  events.on(ListRulesCommand).resolves({});
  const Attributes = { ApproximateNumberOfMessages: '2', ApproximateNumberOfMessagesNotVisible: '1' };
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes });
  expect((await look()).map(({ level, text }) => [level, text])).toEqual([
    ['fail', 'no rule listens'],
    ['fail', '3 events did not reach the home region'],
  ]);
});

test('rules that are off or of another version, and a queue that is gone', async () => {
  const [first, second, ...others] = all;
  const off = { ...first, State: 'DISABLED' as const };
  events.on(ListRulesCommand).resolves({ Rules: [off, { ...second, EventPattern: '{"source":["x"]}' }, ...others] });
  sqs.on(GetQueueUrlCommand).rejects(refusal('QueueDoesNotExist'));
  expect((await look()).map(({ text }) => text)).toEqual([
    'no rule of this version listens for launch, drift',
    'the queue of what is not sent was deleted',
  ]);
});

test.each([
  ['rules', () => events.on(ListRulesCommand).rejects(refusal('AccessDeniedException'))],
  ['the queue', () => sqs.on(GetQueueUrlCommand).rejects(refusal('AccessDenied'))],
])('no permission to look at %s → thrown, so that it is told as not looked at', async (_, deny) => {
  deny();
  await expect(look()).rejects.toThrow('no');
});
