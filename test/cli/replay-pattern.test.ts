import fc from 'fast-check';
import { compilePattern } from '../../cli/replay/pattern.ts';
import { BUS_RULES } from '../../lambda/triggers/index.ts';
import { compilePattern as compileAnyPattern } from '../../sandbox/aws/eventbridge/pattern.ts';
import {
  createTagsEvent,
  deleteTagsEvent,
  driftEvent,
  failedLaunchEvent,
  flatDriftEvent,
  largeLaunchEvent,
  launchEvent,
  runningEvent,
} from '../support/events.ts';

const EVENTS = [
  launchEvent(),
  launchEvent({ items: [{ httpTokens: 'required' }, { httpTokens: 'optional' }] }),
  launchEvent({ items: [{}] }),
  largeLaunchEvent(60),
  failedLaunchEvent(),
  driftEvent(),
  driftEvent({ request: { HttpEndpoint: 'enabled' } }),
  flatDriftEvent({ httpTokens: 'optional' }),
  createTagsEvent(),
  deleteTagsEvent(),
  deleteTagsEvent({ tags: [] }),
  runningEvent(),
];

describe.each(BUS_RULES)('the pattern of the rule $ruleId', ({ pattern }) => {
  const matches = compilePattern(pattern);
  const expected = compileAnyPattern(pattern);

  it.each(EVENTS.map((event, index) => [index, event] as const))(
    'matches event %i if the complete matcher of the sandbox does',
    (_, event) => {
      expect(matches(event)).toBe(expected(event));
    },
  );

  it('agrees with that matcher also if a part of the event has any other value', () => {
    const parts = [
      '"detail":',
      '"errorCode":',
      '"items":',
      '"httpTokens":',
      '"requestParameters":',
      '"key":',
      '"state":',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...EVENTS), fc.constantFrom(...parts), fc.jsonValue(), (event, part, value) => {
        const changed: unknown = JSON.parse(
          JSON.stringify(event).replace(part, () => `${part}${JSON.stringify(value)},"original":`),
        );
        expect(matches(changed)).toBe(expected(changed));
      }),
    );
  });
});

it.each([{ state: [{ prefix: 'run' }] }, { state: [{ exists: true }] }, { state: [{ exists: false, prefix: 'run' }] }])(
  'refuses %j, which no rule of this product uses',
  (pattern) => {
    expect(() => compilePattern(pattern)).toThrow('unsupported condition');
  },
);
