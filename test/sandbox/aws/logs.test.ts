import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { compileFilter, FilterPatternError } from '../../../sandbox/aws/logs/filter-pattern.ts';
import { templateOf } from '../stack.ts';
import { FIXTURE, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const GROUP = '/aws/lambda/Local-Function22222222';

test('FilterLogEvents returns log lines by time and pattern, in pages', async () => {
  const sandbox = await sandboxOf({ stacks: [{ template: templateOf(), name: 'Local' }], bundles: FIXTURE });
  const client = new CloudWatchLogsClient({ ...sandbox.client(), maxAttempts: 1 });
  const write = (at: number, text: string, functionName = 'Local-Function22222222') =>
    sandbox.logLines.push({ at, functionName, requestId: undefined, text });
  write(1_000, '{"message":"answer","nonce":"n-1"}');
  write(2_000, '{"message":"outcome","nonce":"n-2"}');
  write(2_500, '{"message":"answer","nonce":"n-1"}', 'another');
  write(3_000, 'plain answer');
  const filtered = async (input: Partial<FilterLogEventsCommandInput>) => {
    const { events = [] } = await client.send(new FilterLogEventsCommand({ logGroupName: GROUP, ...input }));
    return events.map(({ timestamp, message }) => [timestamp, message]);
  };

  expect(await filtered({ filterPattern: '{ $.message = "answer" && $.nonce = "n-1" }' })).toEqual([
    [1_000, '{"message":"answer","nonce":"n-1"}'],
  ]);
  expect(await filtered({ filterPattern: 'answer' })).toHaveLength(2);
  expect(await filtered({ startTime: 2_000, endTime: 2_999 })).toHaveLength(1);
  expect(await filtered({ logStreamNamePrefix: 'other' })).toEqual([]);
  const arn = `arn:aws:logs:us-east-1:111122223333:log-group:${GROUP}`;
  expect(await filtered({ logGroupName: undefined, logGroupIdentifier: arn })).toHaveLength(3);

  const sizes: number[] = [];
  for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName: GROUP, limit: 2 })) {
    sizes.push(events.length);
  }
  expect(sizes).toEqual([2, 1]);
  expect(await refusal(filtered({ logGroupName: 'other' }))).toEqual(['ResourceNotFoundException', 400]);
  expect(await refusal(filtered({ filterPattern: '{ $.a' }))).toEqual(['InvalidParameterException', 400]);
  const { logGroups } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/aws/lambda/L' }));
  expect(logGroups).toMatchObject([{ logGroupName: GROUP, logGroupArn: arn }]);
});

const LINE = JSON.stringify({ message: 'a "b" c', id: 'i-0aa', count: 3, ok: true, none: null, deep: { at: ['x'] } });

test.each<[pattern: string, matches: boolean]>([
  ['', true],
  ['count', true],
  ['count nothing', false],
  ['"i-0aa" -nothing', true],
  ['count -message', false],
  ['?nothing ?count', true],
  ['?nothing ?else', false],
  ['"a \\\\\\"b"', true],
  ['{ $.id = "i-0aa" }', true],
  ['{ $.id = i-0aa }', true],
  ['{ $.id = "i-*" }', true],
  ['{ $.id = "i-0" }', false],
  ['{ $.id = %^i-[0-9a]+$% }', true],
  ['{ $.id != "i-0aa" }', false],
  ['{ $.missing != "x" }', false],
  ['{ $.count = 3 }', true],
  ['{ $.count >= 3 && $.count < 4 }', true],
  ['{ $.count > 3 }', false],
  ['{ $.id > 3 }', false],
  ['{ $.message = "a \\"b\\" c" }', true],
  ['{ $.ok IS TRUE }', true],
  ['{ $.none IS NULL }', true],
  ['{ $.missing NOT EXISTS }', true],
  ['{ $.id NOT EXISTS }', false],
  ['{ $.deep.at EXISTS }', true],
  ['{ $.id = "x" || $.count = 3 && $.ok IS TRUE }', true],
  ['{ ($.id = "x" || $.count = 3) && $.ok IS FALSE }', false],
])('pattern %s: %s', (pattern, matches) => {
  expect(compileFilter(pattern)(LINE)).toBe(matches);
});

test('a line that is not JSON matches no condition', () => {
  expect(compileFilter('{ $.id NOT EXISTS }')('plain')).toBe(false);
});

test.each([
  '{ $.a',
  '{ a = 1 }',
  '{ $.a = }',
  '{ $.a ~ 1 }',
  '{ ($.a = 1 }',
  '{ $.a = 1 $.b }',
  '{ $.a > x }',
  '[a, b]',
])('refuses %s', (pattern) => {
  expect(() => compileFilter(pattern)).toThrow(FilterPatternError);
});
