import { repeatedOptions } from '../../cli/common/command-line.ts';

test.each<readonly [string, Parameters<typeof repeatedOptions>[0]]>([
  ['', {}],
  ['', { maxExemptionDays: 90, lookBackDays: 14, minimumAgeDays: 1, filter: [] }],
  ['--profile prod', { profile: 'prod' }],
  ["--profile 'my profile'", { profile: 'my profile' }],
  ['--filter Name=tag:team,Values=web,shop', { filter: [{ name: 'tag:team', values: ['web', 'shop'] }] }],
  ["--filter 'Name=tag:n,Values=a'\\''; b $c'", { filter: [{ name: 'tag:n', values: ["a'; b $c"] }] }],
  [
    '--max-exemption-days 30 --look-back-days 7 --minimum-age-days 3',
    { maxExemptionDays: 30, lookBackDays: 7, minimumAgeDays: 3 },
  ],
])('repeatedOptions() is %j', (text, options) => {
  expect(repeatedOptions(options)).toBe(text);
});
