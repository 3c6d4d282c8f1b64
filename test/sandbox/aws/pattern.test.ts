import { PatternError } from '../../../sandbox/aws/eventbridge/operators.ts';
import { compilePattern } from '../../../sandbox/aws/eventbridge/pattern.ts';

const launch = (...tokens: (string | undefined)[]) => ({
  detail: { items: tokens.map((httpTokens) => ({ options: httpTokens === undefined ? {} : { httpTokens } })) },
});
const notRequired = {
  detail: { items: { options: { httpTokens: [{ 'anything-but': ['required'] }, { exists: false }] } } },
};

describe.each<[name: string, pattern: unknown, matching: unknown[], other: unknown[]]>([
  [
    'exact text',
    { a: ['x', 'y'] },
    [{ a: 'x' }, { a: 'y' }, { a: ['z', 'y'] }],
    [{ a: 'X' }, { a: 'xy' }, {}, { b: 'x' }],
  ],
  ['exact number, not text', { a: [300] }, [{ a: 300 }], [{ a: '300' }, { a: 301 }]],
  ['booleans and null', { a: [true, null] }, [{ a: true }, { a: null }], [{ a: 'true' }, { a: 'null' }, {}]],
  ['names are case-sensitive', { A: ['x'] }, [{ A: 'x' }], [{ a: 'x' }]],
  ['every field must match', { a: ['x'], b: ['y'] }, [{ a: 'x', b: 'y' }], [{ a: 'x' }, { a: 'x', b: 'x' }]],
  ['dotted names are joined', { a: { b: ['x'] } }, [{ 'a.b': 'x' }], [{ a: 'x' }, { a: '{"b":"x"}' }]],
  ['prefix', { a: [{ prefix: 'in' }] }, [{ a: 'init' }, { a: 'in' }], [{ a: 'Init' }, { a: 1 }, {}]],
  ['prefix, any case', { a: [{ prefix: { 'equals-ignore-case': 'IN' } }] }, [{ a: 'inIt' }], [{ a: 'xin' }]],
  ['suffix', { a: [{ suffix: '.png' }] }, [{ a: 'x.png' }], [{ a: 'x.PNG' }, { a: null }]],
  ['suffix, any case', { a: [{ suffix: { 'equals-ignore-case': '.png' } }] }, [{ a: 'x.PNG' }], [{ a: '.pngx' }]],
  ['equals-ignore-case', { a: [{ 'equals-ignore-case': 'aBc' }] }, [{ a: 'AbC' }], [{ a: 'abcd' }]],
  [
    'wildcard',
    { a: [{ wildcard: 'x*z/*.txt' }] },
    [{ a: 'xyyz/.txt' }, { a: 'xz/a/b.txt' }],
    [{ a: 'xz/b.txtx' }, { a: 'axz/.txt' }],
  ],
  ['wildcard escaped', { a: [{ wildcard: 'x\\*y' }] }, [{ a: 'x*y' }], [{ a: 'xay' }]],
  ['wildcard and regular expressions', { a: [{ wildcard: 'a.b*(' }] }, [{ a: 'a.b(' }], [{ a: 'axb(' }]],
  ['numeric', { a: [{ numeric: ['=', 3.5] }] }, [{ a: 3.5 }], [{ a: '3.5' }, { a: null }]],
  ['numeric range', { a: [{ numeric: ['>', 0, '<=', 5] }] }, [{ a: 5 }, { a: 0.1 }], [{ a: 0 }, { a: 5.1 }]],
  ['cidr', { a: [{ cidr: '10.0.0.0/24' }] }, [{ a: '10.0.0.255' }], [{ a: '10.0.1.0' }, { a: 'x' }]],
  ['exists', { a: [{ exists: true }] }, [{ a: null }, { a: '' }], [{}, { a: {} }, { a: [] }, { a: { b: 1 } }]],
  ['does not exist', { a: [{ exists: false }] }, [{}, { a: {} }, { a: { b: 1 } }], [{ a: null }]],
  ['anything-but', { a: [{ 'anything-but': 'x' }] }, [{ a: 'y' }, { a: null }, { a: 1 }], [{ a: 'x' }, {}]],
  [
    'anything-but a list',
    { a: [{ 'anything-but': ['x', 1] }] },
    [{ a: 'y' }, { a: '1' }, { a: ['x', 'y'] }],
    [{ a: 1 }, { a: ['x', 1] }],
  ],
  [
    'anything-but prefix',
    { a: [{ 'anything-but': { prefix: ['x', 'y'] } }] },
    [{ a: 'ax' }],
    [{ a: 'xa' }, { a: 'ya' }],
  ],
  ['anything-but suffix', { a: [{ 'anything-but': { suffix: 'x' } }] }, [{ a: 'xa' }], [{ a: 'ax' }]],
  ['anything-but wildcard', { a: [{ 'anything-but': { wildcard: '*/x/*' } }] }, [{ a: 'x' }], [{ a: 'a/x/b' }]],
  ['anything-but, any case', { a: [{ 'anything-but': { 'equals-ignore-case': ['X'] } }] }, [{ a: 'y' }], [{ a: 'x' }]],
  [
    'several conditions are alternatives',
    { a: ['x', { prefix: 'y' }, { exists: false }] },
    [{ a: 'yy' }, {}],
    [{ a: 'z' }],
  ],
  [
    '$or',
    { a: [1], $or: [{ b: [1] }, { c: [1], d: [1] }] },
    [
      { a: 1, b: 1 },
      { a: 1, c: 1, d: 1 },
    ],
    [{ a: 1 }, { b: 1 }, { a: 1, c: 1 }],
  ],
  ['$or inside', { a: { $or: [{ b: [1] }, { c: [1] }] } }, [{ a: { c: 1 } }], [{ c: 1 }]],
  [
    'same element of an array',
    { a: { b: [1], c: [2] } },
    [{ a: [{ b: 1, c: 2 }] }, { a: [[{ b: 1, c: 2 }]] }],
    [{ a: [{ b: 1 }, { c: 2 }] }],
  ],
  [
    'different arrays',
    { a: { b: [1] }, c: { d: [2] } },
    [{ a: [{}, { b: 1 }], c: [{ d: 2 }] }],
    [{ a: [{ b: 1 }], c: [] }],
  ],
  [
    'a launch with a non-compliant instance',
    notRequired,
    [launch('optional'), launch('required', 'optional')],
    [launch('required', 'required')],
  ],
  [
    'a launch record without metadata options',
    notRequired,
    [launch(undefined), { detail: {} }, { detail: { items: null } }],
    [],
  ],
  // `exists: false` applies to the whole event: it is not enough that one element lacks the field.
  ['a launch record with metadata options of some instances only', notRequired, [], [launch('required', undefined)]],
])('%s', (_name, pattern, matching, other) => {
  const matches = compilePattern(pattern);

  test('matches', () => {
    for (const event of matching) expect([event, matches(event)]).toEqual([event, true]);
  });

  test('does not match', () => {
    for (const event of other) expect([event, matches(event)]).toEqual([event, false]);
  });
});

test.each<[pattern: unknown]>([
  [{ a: 'x' }],
  [{ a: [] }],
  [{ a: {} }],
  [{}],
  ['x'],
  [{ a: [['x']] }],
  [{ a: [{ EXISTS: true }] }],
  [{ a: [{ regex: '.*' }] }],
  [{ a: [{ exists: 'yes' }] }],
  [{ a: [{ exists: true, prefix: 'x' }] }],
  [{ a: [{ prefix: 1 }] }],
  [{ a: [{ prefix: ['x'] }] }],
  [{ a: [{ wildcard: 'a**b' }] }],
  [{ a: [{ wildcard: 'a\\b' }] }],
  [{ a: [{ numeric: 10 }] }],
  [{ a: [{ numeric: ['>', 0, '>', 1] }] }],
  [{ a: [{ numeric: ['<'] }] }],
  [{ a: [{ numeric: ['<', '1'] }] }],
  [{ a: [{ cidr: 'everywhere' }] }],
  [{ a: [{ 'anything-but': null }] }],
  [{ a: [{ 'anything-but': [] }] }],
  [{ a: [{ 'anything-but': { prefix: '' } }] }],
  [{ a: [{ 'anything-but': { numeric: ['<', 1] } }] }],
  [{ $or: [{ a: [1] }] }],
])('refuses to compile %j', (pattern) => {
  expect(() => compilePattern(pattern)).toThrow(PatternError);
});
