import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import type { SandboxOptions } from '../../../sandbox/index.ts';
import { ec2Of, launch, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const HOME = 'us-east-1';
const AWAY = 'eu-west-1';
const ARN = `arn:aws:cloudtrail:${HOME}:111122223333:trail/management-events`;

async function setUp(trail: SandboxOptions['trail'] = true) {
  const sandbox = await sandboxOf({ regions: [HOME, AWAY], trail });
  const clientOf = (region: string) => new CloudTrailClient({ ...sandbox.client({ region }), maxAttempts: 1 });
  /** Names of the calls that EventBridge receives when an instance is launched in a region. */
  const recorded = async (region: string) => {
    const before = sandbox.events.length;
    await launch(ec2Of(sandbox, { region }));
    await sandbox.idle();
    return sandbox.events.slice(before).flatMap(({ detail }) => detail['eventName'] ?? []);
  };
  return { home: clientOf(HOME), away: clientOf(AWAY), recorded };
}

test('returns a multi-region trail with its shadow trail, status and event selectors', async () => {
  const { home, away, recorded } = await setUp();
  const { trailList } = await home.send(new DescribeTrailsCommand({}));
  expect(trailList).toMatchObject([
    { Name: 'management-events', TrailARN: ARN, HomeRegion: HOME, IsMultiRegionTrail: true },
  ]);
  expect((await away.send(new DescribeTrailsCommand({}))).trailList).toEqual(trailList);
  expect((await away.send(new DescribeTrailsCommand({ includeShadowTrails: false }))).trailList).toEqual([]);
  expect((await home.send(new DescribeTrailsCommand({ trailNameList: ['other'] }))).trailList).toEqual([]);

  const status = await away.send(new GetTrailStatusCommand({ Name: ARN }));
  expect(status).toMatchObject({ IsLogging: true, LatestDeliveryTime: expect.any(Date) });
  const { EventSelectors } = await home.send(new GetEventSelectorsCommand({ TrailName: 'management-events' }));
  expect(EventSelectors).toMatchObject([{ ReadWriteType: 'All', IncludeManagementEvents: true }]);
  const NOT_FOUND = ['TrailNotFoundException', 400];
  expect(await refusal(away.send(new GetTrailStatusCommand({ Name: 'management-events' })))).toEqual(NOT_FOUND);
  expect(await refusal(home.send(new GetEventSelectorsCommand({ TrailName: 'other' })))).toEqual(NOT_FOUND);
  expect([await recorded(HOME), await recorded(AWAY)]).toEqual([['RunInstances'], ['RunInstances']]);
});

test('EventBridge receives no calls while logging is stopped', async () => {
  const { home, away, recorded } = await setUp();
  expect(await refusal(away.send(new StopLoggingCommand({ Name: ARN })))).toEqual(['InvalidHomeRegionException', 400]);
  await home.send(new StopLoggingCommand({ Name: ARN }));
  expect((await home.send(new GetTrailStatusCommand({ Name: ARN }))).IsLogging).toBe(false);
  expect(await recorded(HOME)).toEqual([]);
  await home.send(new StartLoggingCommand({ Name: ARN }));
  expect(await recorded(HOME)).toEqual(['RunInstances']);
});

test('EventBridge receives calls only by a trail that records write calls of the region', async () => {
  const none = await setUp(false);
  expect((await none.home.send(new DescribeTrailsCommand({}))).trailList).toEqual([]);
  expect(await none.recorded(HOME)).toEqual([]);

  const regional = await setUp({ multiRegion: false });
  expect((await regional.away.send(new DescribeTrailsCommand({}))).trailList).toEqual([]);
  expect([await regional.recorded(HOME), await regional.recorded(AWAY)]).toEqual([['RunInstances'], []]);

  const reading = await setUp({ readWriteType: 'ReadOnly' });
  const { EventSelectors } = await reading.home.send(new GetEventSelectorsCommand({ TrailName: ARN }));
  expect(EventSelectors).toMatchObject([{ ReadWriteType: 'ReadOnly' }]);
  expect(await reading.recorded(HOME)).toEqual([]);
});
