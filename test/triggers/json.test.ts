import { at, isObject, list, text } from '../../lambda/triggers/json.ts';

const event: unknown = JSON.parse('{"detail":{"state":"running","items":[1],"none":null,"__proto__":{"state":"x"}}}');

test('at() returns the value at a path, or undefined', () => {
  expect(at(event, 'detail', 'state')).toBe('running');
  expect(at(event)).toBe(event);
  expect(at(event, 'detail', 'none', 'deeper')).toBeUndefined();
  expect(at(event, 'detail', 'items', '0')).toBeUndefined();
  expect(at('text', 'length')).toBeUndefined();
});

test('at() ignores inherited properties', () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) expect(at(event, 'detail', name)).toBeUndefined();
  expect(at(event, '__proto__')).toBeUndefined();
  expect(at(Object.create({ state: 'running' }), 'state')).toBeUndefined();
});

test('text(), list() and isObject() accept their own type only', () => {
  expect([text(event, 'detail', 'state'), text(event, 'detail', 'items'), text(event, 'detail')]).toEqual([
    'running',
    undefined,
    undefined,
  ]);
  expect([list(event, 'detail', 'items'), list(event, 'detail', 'state'), list(event, 'detail')]).toEqual([
    [1],
    [],
    [],
  ]);
  expect([{}, [], null, 'x', undefined].map(isObject)).toEqual([true, false, false, false, false]);
});
