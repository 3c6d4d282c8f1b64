import { settingsInContext } from '../../lib/app-context.ts';

describe('the setting regions', () => {
  const problemsOf = (context: Record<string, unknown>) => {
    try {
      return settingsInContext(context).regions;
    } catch (error) {
      return (error as { problems: readonly string[] }).problems;
    }
  };

  test('reads all from the CDK context, or reports how to store it', () => {
    const stored = { 'imdsv2-enforcer:regions': ['eu-west-1', 'us-east-1'] };
    expect(problemsOf({ regions: 'all', ...stored })).toEqual(['eu-west-1', 'us-east-1']);
    // Not used without `all`.
    expect(problemsOf(stored)).toEqual([]);
    expect(problemsOf({ regions: 'all' })).toEqual([
      'regions is "all", but cdk.context.json does not list the regions; store them with `npm run imdsv2 -- regions --write`',
    ]);
    expect(problemsOf({ regions: 'all', 'imdsv2-enforcer:regions': ['eu-west-1', 7] })).toEqual([
      expect.stringMatching(/^imdsv2-enforcer:regions is .*; accepted: names of regions; store them with .*$/),
    ]);
  });

  test('does not accept regions of several partitions, or without cross-Region events', () => {
    expect(problemsOf({ regions: 'us-east-1,us-gov-west-1', mode: 'x' })).toEqual([
      'mode is "x"; accepted: enforce | audit',
      'regions is "us-east-1,us-gov-west-1"; accepted: regions of one partition; of these aws has us-east-1, aws-us-gov has us-gov-west-1',
    ]);
    expect(problemsOf({ regions: ['cn-north-1', 'cn-northwest-1'] })).toEqual([
      expect.stringMatching(
        /^regions is .*; accepted: regions that can forward events to another region, unlike cn-north-1, /,
      ),
    ]);
    expect(problemsOf({ regions: 'cn-north-1' })).toEqual(['cn-north-1']);
    expect(problemsOf({ regions: 'us-gov-west-1,us-gov-east-1' })).toEqual(['us-gov-west-1', 'us-gov-east-1']);
  });
});
