import { at, isObject, list, text } from '../../lambda/triggers/json.ts';

const event: unknown = JSON.parse('{"detail":{"state":"running","items":[1],"none":null,"__proto__":{"state":"x"}}}');

test('a path leads to what is there, and to nothing where it is not', () => {
  expect(at(event, 'detail', 'state')).toBe('running');
  expect(at(event)).toBe(event);
  expect(at(event, 'detail', 'none', 'deeper')).toBeUndefined();
  expect(at(event, 'detail', 'items', '0')).toBeUndefined();
  expect(at('text', 'length')).toBeUndefined();
});

test('what an object inherits is not there', () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) expect(at(event, 'detail', name)).toBeUndefined();
  expect(at(event, '__proto__')).toBeUndefined();
  expect(at(Object.create({ state: 'running' }), 'state')).toBeUndefined();
});

test('text is text, a list is a list, an object is an object', () => {
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
