import { DescribeTrailsCommand, GetEventSelectorsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { findDeployment } from '../../cli/doctor/deployment.ts';
import { checkTrail, logsEc2Writes } from '../../cli/doctor/trail.ts';
import { REGION } from '../support/builders.ts';
import { awsError, healthy, OUTPUTS, services, setStack, TRAIL } from './doctor-aws.ts';

const { cloudtrail } = services;
const CONFIG = { region: REGION };

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

const check = async () => checkTrail(await findDeployment('Imdsv2Enforcer', REGION, CONFIG), CONFIG);
const setTrails = (...trailList: { TrailARN: string; IsMultiRegionTrail?: boolean; HomeRegion?: string }[]) =>
  cloudtrail.on(DescribeTrailsCommand).resolves({ trailList });

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
  expect(await check()).toMatchObject([{ level: 'fail', text: expect.stringContaining(`no trail covers ${REGION}`) }]);
});

it('fails with a trail that has logging off, and gives the command to start it', async () => {
  cloudtrail.on(GetTrailStatusCommand).resolves({ IsLogging: false });
  const action = `aws cloudtrail start-logging --region ${REGION} --name ${TRAIL}`;
  expect(await check()).toMatchObject([{ level: 'fail', text: `${TRAIL} has logging off`, action }]);
});

it('is ok if one of several trails is sufficient', async () => {
  setTrails({ TrailARN: 'a', IsMultiRegionTrail: true }, { TrailARN: 'b', IsMultiRegionTrail: true });
  cloudtrail.on(GetEventSelectorsCommand, { TrailName: 'a' }).rejects(awsError('AccessDenied'));
  expect(await check()).toMatchObject([{ level: 'ok', text: expect.stringMatching(/^b /) }]);
});

it('is unchecked if the only trail cannot be read', async () => {
  cloudtrail.on(GetEventSelectorsCommand).rejects(awsError('AccessDenied'));
  expect(await check()).toMatchObject([{ level: 'unchecked', text: expect.stringContaining('missing permission') }]);
});

it('makes no call with trail=none', async () => {
  setStack({ outputs: { ...OUTPUTS, Trail: 'none' } });
  expect(await check()).toMatchObject([{ level: 'ok' }]);
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
