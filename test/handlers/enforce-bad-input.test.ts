import { EVENT_ID } from '../support/builders.ts';
import { createTagsEvent, deleteTagsEvent, driftEvent, launchEvent, runningEvent } from '../support/events.ts';
import { batchOf, functionOnLoopback, unfinished } from '../support/function.ts';

const { aws, fn } = functionOnLoopback();

const MEGABYTE = 'x'.repeat(1024 * 1024);
const manyItems = Array.from({ length: 20_000 }, (_, index) => ({ instanceId: `i-${'🙂'.repeat(5)}${index}` }));

/** The event with `detail` replaced by an own property `__proto__`. */
const withPrototype = (event: unknown): unknown =>
  JSON.parse(JSON.stringify(event).replace('"detail":', '"__proto__":'));

const IDS = [
  'i-../../x',
  'i-0123456789abcdef0; rm -rf /',
  'i-0123456789abcdef0\ni-0123456789abcdef1',
  'i-٠١٢٣٤٥٦٧',
  'i-ａｂｃｄｅｆ００',
  '\u202ei-0123456789abcdef0',
  '__proto__',
  'constructor',
  '',
  'i-',
  '*',
  `i-${'0'.repeat(1000)}`,
];

const BAD: readonly (readonly [string, unknown, string?])[] = [
  ['undefined', undefined],
  ['null', null],
  ['an empty object', {}],
  ['a string', 'launch'],
  ['a number', 42],
  ['true', true],
  ['an empty list', []],
  ['a list of events', [launchEvent()]],
  ['an unknown source', { ...launchEvent(), source: 'aws.s3', 'detail-type': 'Object Created' }, EVENT_ID],
  ['an unknown call', launchEvent({ detail: { eventName: 'RunScheduledInstances' } }), EVENT_ID],
  ['the same call of another service', launchEvent({ detail: { eventSource: 'gamelift.amazonaws.com' } }), EVENT_ID],
  ['a detail of text', { ...launchEvent(), detail: 'RunInstances' }, EVENT_ID],
  ['an invalid account', launchEvent({ account: '../../etc' }), EVENT_ID],
  ['an invalid region', launchEvent({ region: 'evil.example.com/' }), EVENT_ID],
  ['an invalid time', { ...runningEvent({ time: 'yesterday' }) }, EVENT_ID],
  ['an id that is not text', { ...launchEvent(), id: { toString: 'x' }, source: 1, 'detail-type': 2 }],
  ['a detail in __proto__', withPrototype(launchEvent()), EVENT_ID],
  ['1 MB of random keys', { id: EVENT_ID, source: MEGABYTE, [MEGABYTE]: MEGABYTE }, EVENT_ID],
  ['removed tags without a resource', deleteTagsEvent({ resources: [] }), EVENT_ID],
  ['tags set on an id of 1 MB', createTagsEvent({ resources: [`i-${MEGABYTE}`] }), EVENT_ID],
  ['1 MB of text', MEGABYTE],
  ['a launch of 20,000 invalid ids', launchEvent({ items: manyItems }), EVENT_ID],
  ...IDS.flatMap((id) => [
    [`a launch of ${JSON.stringify(id.slice(0, 40))}`, launchEvent({ items: [{ instanceId: id }] }), EVENT_ID] as const,
    [`drift of ${JSON.stringify(id.slice(0, 40))}`, driftEvent({ instanceId: id }), EVENT_ID] as const,
    [`a start of ${JSON.stringify(id.slice(0, 40))}`, runningEvent({ instanceId: id }), EVENT_ID] as const,
  ]),
];

it.each(BAD)('reports %s as not understood, with the event id, and makes no call', async (_, event, id = 'none') => {
  const { result, error, log, metrics } = await fn.invoke(batchOf(event));

  expect([result, error]).toEqual([unfinished(), undefined]);
  expect(log).toMatchObject([{ level: 'WARN', message: 'not understood', eventId: id, problem: expect.any(String) }]);
  expect(metrics).toEqual({ NotUnderstood: 1 });
  expect(JSON.stringify(log).length).toBeLessThan(1000);
  expect(aws.take()).toEqual([]);
});

it('sanitizes the event id: one line, short, without control characters', async () => {
  const { log } = await fn.invoke(batchOf({ id: `a\u001b[31m\n\u202eb${MEGABYTE}` }));

  expect(log).toMatchObject([{ eventId: expect.stringMatching(/^a\[31m bx{1,121}…$/) }]);
});

it('handles the next event after one that was not understood', async () => {
  aws.instances.set('i-0a1b2c3d4e5f60718', {});
  await fn.invoke(batchOf({}));

  expect((await fn.invoke(batchOf(launchEvent()))).log).toMatchObject([{ status: 'remediated' }]);
});
