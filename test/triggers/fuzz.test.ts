import fc from 'fast-check';
import { parseEvent } from '../../lambda/triggers/index.ts';
import { IMDSV1, instanceId, target } from '../support/builders.ts';
import {
  type BusEvent,
  createTagsEvent,
  deleteTagsEvent,
  driftEvent,
  failedLaunchEvent,
  flatDriftEvent,
  largeLaunchEvent,
  launchEvent,
  pingEvent,
  runningEvent,
} from '../support/events.ts';
import { hostileText } from '../support/hostile.ts';
import { toFinding } from '../../lambda/triggers/finding.ts';

/** Expects valid targets and lookups, and nothing in them that the event does not contain. */
function expectValid(event: unknown): void {
  const { targets, lookups, problems } = parseEvent(event);
  const written = JSON.stringify(event) ?? '';
  for (const each of [...targets, ...lookups]) {
    expect(each.account).toMatch(/^\d{12}$/);
    expect(each.region).toMatch(/^[a-z]+(-[a-z]+)+-\d+$/);
    expect(written).toContain(each.account);
    expect(written).toContain(each.region);
    expect(each.context.occurredAt.getTime()).not.toBeNaN();
  }
  for (const each of targets) {
    expect(each.instanceId).toMatch(/^i-[0-9a-z]+$/);
    expect(written.toLowerCase()).toContain(each.instanceId.toLowerCase());
  }
  for (const { atLeast } of lookups) expect(atLeast).toBeGreaterThanOrEqual(1);
  for (const problem of problems) expect(problem).toMatch(/^[\w ,.-]+$/);
}

test('any JSON has a valid result', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), expectValid), { numRuns: 500 });
});

const VALID: readonly BusEvent[] = [
  launchEvent(),
  launchEvent({
    items: [1, 2, 3].map((number) => ({
      instanceId: instanceId(number),
      httpTokens: 'optional',
      tags: { Name: 'x', 'imdsv2:exempt-until': '2026-12-31' },
    })),
  }),
  launchEvent({ items: [{}] }),
  largeLaunchEvent(50),
  failedLaunchEvent(),
  driftEvent(),
  driftEvent({ request: { HttpEndpoint: 'enabled' } }),
  flatDriftEvent({ httpTokens: 'optional' }),
  createTagsEvent({ resources: [instanceId(1), 'vol-0a1b2c3d4e5f60718', instanceId(2)] }),
  deleteTagsEvent(),
  deleteTagsEvent({ tags: [] }),
  runningEvent(),
  pingEvent(),
  JSON.parse(JSON.stringify(toFinding(target(), IMDSV1))) as BusEvent,
];

/** All paths into a JSON value, the empty path first. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]))];
}

/** A copy with another value at a path. */
function replaced(value: unknown, [key, ...deeper]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = replaced(copy[key], deeper, by);
  return copy;
}

const anything = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    '',
    {},
    [],
    true,
    0,
    -1,
    NaN,
    'i-../../x',
    'i-0a1b2c3d4e5f60799',
    '__proto__',
  ),
  fc.constant(JSON.parse('{"__proto__":{"items":[{"instanceId":"i-0a1b2c3d4e5f60799"}]}}') as unknown),
  fc.constant([null, {}, 'x', [[]]]),
  // `Number` and `String` throw for this value.
  fc.constant({ toString: 1, valueOf: 1 }),
  hostileText({ maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

const withPaths = VALID.map((event) => ({ event, path: fc.constantFrom(...pathsOf(event)) }));

const mutated = fc.constantFrom(...withPaths).chain(({ event, path: anyPath }) =>
  fc.array(fc.tuple(anyPath, anything), { minLength: 1, maxLength: 4 }).map((changes) =>
    changes.reduce<unknown>((current, [path, by]) => {
      try {
        return replaced(current, path, by);
      } catch {
        return current; // an earlier change removed this path
      }
    }, event),
  ),
);

test('valid events with replaced parts have a valid result', () => {
  fc.assert(fc.property(mutated, expectValid), { numRuns: 2_000 });
});

test('valid events without one of their parts have a valid result', () => {
  for (const event of VALID) {
    for (const path of pathsOf(event)) expectValid(replaced(event, path, undefined));
  }
});

test.each<readonly [string, unknown]>([
  ['a megabyte of text', 'x'.repeat(1 << 20)],
  [
    'a megabyte of items',
    launchEvent({ detail: { responseElements: { instancesSet: { items: Array(350_000).fill(0) } } } }),
  ],
  [
    'a megabyte of counts',
    launchEvent({
      detail: {
        responseElements: null,
        requestParameters: { instancesSet: { items: Array.from({ length: 300_000 }, () => ({ minCount: 1 })) } },
      },
    }),
  ],
  [
    'a megabyte of volumes',
    deleteTagsEvent({
      resources: Array.from({ length: 40_000 }, (_, index) => `vol-${String(index).padStart(17, '0')}`),
    }),
  ],
  ['a deeply nested event', JSON.parse(`${'{"detail":'.repeat(5_000)}1${'}'.repeat(5_000)}`)],
])('%s has no targets', (_, event) => {
  expect(parseEvent(event).targets).toEqual([]);
});
