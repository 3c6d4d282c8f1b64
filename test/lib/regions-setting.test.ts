import { parseSettings } from '../../lib/settings.ts';

describe('the setting', () => {
  const problemsOf = (context: Record<string, unknown>) => {
    try {
      return parseSettings(context).regions;
    } catch (error) {
      return (error as { problems: readonly string[] }).problems;
    }
  };

  test('all → what is stored, or how to store it', () => {
    const stored = { 'imdsv2-enforcer:regions': ['eu-west-1', 'us-east-1'] };
    expect(problemsOf({ regions: 'all', ...stored })).toEqual(['eu-west-1', 'us-east-1']);
    // Nobody asked for it.
    expect(problemsOf(stored)).toEqual([]);
    expect(problemsOf({ regions: 'all' })).toEqual([
      'regions is "all", but cdk.context.json does not say which there are; `npm run imdsv2 -- regions --write` stores them',
    ]);
    expect(problemsOf({ regions: 'all', 'imdsv2-enforcer:regions': ['eu-west-1', 7] })).toEqual([
      expect.stringMatching(/^imdsv2-enforcer:regions is .*; accepted: names of regions; .* stores them anew$/),
    ]);
  });

  test('a list across partitions, or where events do not cross → the reason, beside every other problem', () => {
    expect(problemsOf({ regions: 'us-east-1,us-gov-west-1', mode: 'x' })).toEqual([
      'mode is "x"; accepted: enforce | audit',
      'regions is "us-east-1,us-gov-west-1"; accepted: regions of one partition; of these aws has us-east-1, aws-us-gov has us-gov-west-1',
    ]);
    expect(problemsOf({ regions: ['cn-north-1', 'cn-northwest-1'] })).toEqual([
      expect.stringMatching(
        /^regions is .*; accepted: regions whose events can go to another region, unlike cn-north-1, /,
      ),
    ]);
    expect(problemsOf({ regions: 'cn-north-1' })).toEqual(['cn-north-1']);
    expect(problemsOf({ regions: 'us-gov-west-1,us-gov-east-1' })).toEqual(['us-gov-west-1', 'us-gov-east-1']);
  });
});
