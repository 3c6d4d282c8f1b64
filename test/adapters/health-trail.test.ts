import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
} from '@aws-sdk/client-cloudtrail';
import { mockClient } from 'aws-sdk-client-mock';
import type { HealthOptions } from '../../lambda/adapters/health/context.ts';
import { checkTrail, logsEc2Writes } from '../../lambda/adapters/health/trail.ts';
import { REGION } from '../support/builders.ts';

const TRAIL = 'arn:aws:cloudtrail:us-east-1:111122223333:trail/management';
const cloudtrail = mockClient(CloudTrailClient);
const awsError = (name: string) => Object.assign(new Error('no'), { name });
const check = (trail = true) =>
  checkTrail('trail', REGION, {
    region: REGION,
    settings: { trail },
    clients: { inRegion: () => ({ trails: new CloudTrailClient({ region: REGION }) }) },
  } as unknown as HealthOptions);
const setTrails = (...trailList: { TrailARN: string; IsMultiRegionTrail?: boolean; HomeRegion?: string }[]) =>
  cloudtrail.on(DescribeTrailsCommand).resolves({ trailList });

beforeEach(() => {
  cloudtrail.reset();
  setTrails({ TrailARN: TRAIL, IsMultiRegionTrail: true, HomeRegion: 'us-east-1' });
  cloudtrail
    .on(GetTrailStatusCommand)
    .resolves({ IsLogging: true })
    .on(GetEventSelectorsCommand)
    .resolves({ EventSelectors: [{ IncludeManagementEvents: true, ReadWriteType: 'WriteOnly' }] });
});
afterAll(() => cloudtrail.restore());

it('is ok with a trail of every region', async () => {
  expect(await check()).toEqual([
    { check: 'trail', level: 'ok', text: `${TRAIL} logs management events of every Region` },
  ]);
  expect(cloudtrail.commandCalls(DescribeTrailsCommand)[0]?.args[0].input).toEqual({ includeShadowTrails: true });
});

it('is ok with a trail of this region', async () => {
  setTrails({ TrailARN: 'a', HomeRegion: REGION });
  expect(await check()).toMatchObject([{ level: 'ok', text: `a logs management events of ${REGION} only` }]);
});

it('fails with a trail of another region only', async () => {
  setTrails({ TrailARN: 'a', HomeRegion: 'us-east-1' });
  expect(await check()).toMatchObject([
    { level: 'fail', loss: 'trail-missing', text: expect.stringContaining(`no trail covers ${REGION}`) },
  ]);
});

it('fails with a trail that has logging off, and gives the command to start it in its home region', async () => {
  cloudtrail.on(GetTrailStatusCommand).resolves({ IsLogging: false });
  const action = `aws cloudtrail start-logging --region us-east-1 --name ${TRAIL}`;
  expect(await check()).toMatchObject([{ level: 'fail', text: expect.stringMatching(/has logging off/), action }]);
});

it('is ok if one of several trails is sufficient', async () => {
  setTrails({ TrailARN: 'a', IsMultiRegionTrail: true }, { TrailARN: 'b', IsMultiRegionTrail: true });
  cloudtrail.on(GetEventSelectorsCommand, { TrailName: 'a' }).rejects(awsError('AccessDenied'));
  expect(await check()).toMatchObject([{ level: 'ok', text: expect.stringMatching(/^b /) }]);
});

it('is not visible if the only trail may not be read', async () => {
  cloudtrail.on(GetEventSelectorsCommand).rejects(awsError('AccessDenied'));
  expect(await check()).toMatchObject([
    { level: 'not-visible', text: expect.stringMatching(/^not visible from here/) },
  ]);
});

it('makes no call with trail=none', async () => {
  expect(await check(false)).toMatchObject([{ level: 'ok' }]);
  expect(cloudtrail.calls()).toEqual([]);
});

describe('logsEc2Writes', () => {
  const basic = (ReadWriteType?: 'All' | 'ReadOnly' | 'WriteOnly', IncludeManagementEvents?: boolean) => ({
    EventSelectors: [{ ReadWriteType, IncludeManagementEvents }],
  });
  const advanced = (...FieldSelectors: { Field: string; Equals?: string[]; NotEquals?: string[] }[]) => ({
    AdvancedEventSelectors: [{ FieldSelectors }],
  });
  const MANAGEMENT = { Field: 'eventCategory', Equals: ['Management'] };

  it.each<readonly [string, Parameters<typeof logsEc2Writes>[0], boolean]>([
    ['all management events', basic('All', true), true],
    ['write events', basic('WriteOnly', true), true],
    ['read events', basic('ReadOnly', true), false],
    ['no management events', basic('All', false), false],
    ['the defaults of CloudTrail', basic(), true],
    ['no selectors', {}, false],
    ['advanced: management events', advanced(MANAGEMENT), true],
    ['advanced: write events', advanced(MANAGEMENT, { Field: 'readOnly', Equals: ['false'] }), true],
    ['advanced: read events', advanced(MANAGEMENT, { Field: 'readOnly', Equals: ['true'] }), false],
    ['advanced: data events', advanced({ Field: 'eventCategory', Equals: ['Data'] }), false],
    ['advanced: no category', advanced({ Field: 'readOnly', Equals: ['false'] }), false],
    [
      'advanced: all except those of KMS',
      advanced(MANAGEMENT, { Field: 'eventSource', NotEquals: ['kms.amazonaws.com'] }),
      true,
    ],
    [
      'advanced: all except those of EC2',
      advanced(MANAGEMENT, { Field: 'eventSource', NotEquals: ['ec2.amazonaws.com'] }),
      false,
    ],
    [
      'advanced: one principal',
      advanced(MANAGEMENT, { Field: 'userIdentity.arn', Equals: ['arn:aws:iam::111122223333:root'] }),
      false,
    ],
  ])('%s', (_, selectors, expected) => {
    expect(logsEc2Writes(selectors)).toBe(expected);
  });
});
