import { DescribeRuleCommand, EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { checkRegion } from '../../cli/doctor/region.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';

const events = mockClient(EventBridgeClient);
const sqs = mockClient(SQSClient);
const all = TRIGGERS.map(({ pattern, ruleId }) => ({ Name: ruleId, EventPattern: JSON.stringify(pattern) }));
const check = () => checkRegion('eu-south-1', { region: 'eu-south-1' });
const refusal = (name: string) => Object.assign(new Error('no'), { name });

beforeEach(() => {
  events.reset();
  sqs.reset();
  events.on(ListRulesCommand).resolves({ Rules: all });
  sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: 'https://sqs.example.com/q' });
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: {} });
});

test('is ok with all rules, which are found by pattern and not by name', async () => {
  expect(await check()).toEqual([{ check: 'eu-south-1', level: 'ok', text: 'rules present, all events forwarded' }]);
  expect(events.commandCalls(DescribeRuleCommand)).toEqual([]);
});

test('reports missing rules and events that were not forwarded', async () => {
  events.on(ListRulesCommand).resolves({});
  const Attributes = { ApproximateNumberOfMessages: '2', ApproximateNumberOfMessagesNotVisible: '1' };
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes });
  expect((await check()).map(({ level, text }) => [level, text])).toEqual([
    ['fail', 'no EventBridge rule'],
    ['fail', 'events not forwarded to the home Region: 3'],
  ]);
});

test('reports disabled rules, rules of another version and a deleted queue', async () => {
  const [first, second, ...others] = all;
  const disabled = { ...first, State: 'DISABLED' as const };
  events
    .on(ListRulesCommand)
    .resolves({ Rules: [disabled, { ...second, EventPattern: '{"source":["x"]}' }, ...others] });
  sqs.on(GetQueueUrlCommand).rejects(refusal('QueueDoesNotExist'));
  expect((await check()).map(({ text }) => text)).toEqual([
    'no EventBridge rule of this version for launch, drift',
    'the dead-letter queue was deleted',
  ]);
});

test.each([
  ['rules', () => events.on(ListRulesCommand).rejects(refusal('AccessDeniedException'))],
  ['the queue', () => sqs.on(GetQueueUrlCommand).rejects(refusal('AccessDenied'))],
])('throws without permission to read %s', async (_, deny) => {
  deny();
  await expect(check()).rejects.toThrow('no');
});
