import { DescribeTrailsCommand, GetEventSelectorsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { findDeployment } from '../../cli/doctor/deployment.ts';
import { checkTrail, selectsChanges } from '../../cli/doctor/trail.ts';
import { REGION } from '../support/builders.ts';
import { awsError, healthy, OUTPUTS, services, stackIs, TRAIL } from './doctor-aws.ts';

const { cloudtrail } = services;
const CONFIG = { region: REGION };

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

const check = async () => checkTrail(await findDeployment('Imdsv2Enforcer', REGION, CONFIG), CONFIG);
const trailsAre = (...trailList: { TrailARN: string; IsMultiRegionTrail?: boolean; HomeRegion?: string }[]) =>
  cloudtrail.on(DescribeTrailsCommand).resolves({ trailList });

it('a trail of every region → ok', async () => {
  expect(await check()).toEqual([
    { check: 'trail', level: 'ok', text: `${TRAIL} logs management events of every region` },
  ]);
  expect(cloudtrail.commandCalls(DescribeTrailsCommand)[0]?.args[0].input).toEqual({ includeShadowTrails: true });
});

it('a trail of this region alone → ok, and said', async () => {
  trailsAre({ TrailARN: 'a', HomeRegion: REGION });
  expect(await check()).toMatchObject([{ level: 'ok', text: `a logs management events of ${REGION} only` }]);
});

it('a trail of another region alone → none covers this one', async () => {
  trailsAre({ TrailARN: 'a', HomeRegion: 'us-east-1' });
  expect(await check()).toMatchObject([{ level: 'fail', text: expect.stringContaining(`no trail covers ${REGION}`) }]);
});

it('a trail that is switched off → the line that switches it on', async () => {
  cloudtrail.on(GetTrailStatusCommand).resolves({ IsLogging: false });
  const todo = `aws cloudtrail start-logging --region ${REGION} --name ${TRAIL}`;
  expect(await check()).toMatchObject([{ level: 'fail', text: `${TRAIL} is switched off`, todo }]);
});

it('one that does is enough, whatever the others do', async () => {
  trailsAre({ TrailARN: 'a', IsMultiRegionTrail: true }, { TrailARN: 'b', IsMultiRegionTrail: true });
  cloudtrail.on(GetEventSelectorsCommand, { TrailName: 'a' }).rejects(awsError('AccessDenied'));
  expect(await check()).toMatchObject([{ level: 'ok', text: expect.stringMatching(/^b /) }]);
});

it('one that cannot be read might be the one: not checked', async () => {
  cloudtrail.on(GetEventSelectorsCommand).rejects(awsError('AccessDenied'));
  expect(await check()).toMatchObject([{ level: 'unchecked', text: expect.stringContaining('missing permission') }]);
});

it('trail=none was chosen → nothing is asked', async () => {
  stackIs({ outputs: { ...OUTPUTS, Trail: 'none' } });
  expect(await check()).toMatchObject([{ level: 'ok' }]);
  expect(cloudtrail.calls()).toEqual([]);
});

describe('selectors', () => {
  const basic = (ReadWriteType?: 'All' | 'ReadOnly' | 'WriteOnly', IncludeManagementEvents?: boolean) => ({
    EventSelectors: [{ ReadWriteType, IncludeManagementEvents }],
  });
  const advanced = (...FieldSelectors: { Field: string; Equals?: string[]; NotEquals?: string[] }[]) => ({
    AdvancedEventSelectors: [{ FieldSelectors }],
  });
  const MANAGEMENT = { Field: 'eventCategory', Equals: ['Management'] };

  it.each<readonly [string, Parameters<typeof selectsChanges>[0], boolean]>([
    ['all management events', basic('All', true), true],
    ['those that write', basic('WriteOnly', true), true],
    ['those that read', basic('ReadOnly', true), false],
    ['no management events', basic('All', false), false],
    ['what CloudTrail does where nothing is said', basic(), true],
    ['no selector at all', {}, false],
    ['advanced: management events', advanced(MANAGEMENT), true],
    ['advanced: those that write', advanced(MANAGEMENT, { Field: 'readOnly', Equals: ['false'] }), true],
    ['advanced: those that read', advanced(MANAGEMENT, { Field: 'readOnly', Equals: ['true'] }), false],
    ['advanced: data events', advanced({ Field: 'eventCategory', Equals: ['Data'] }), false],
    ['advanced: no category', advanced({ Field: 'readOnly', Equals: ['false'] }), false],
    [
      'advanced: all but those of KMS',
      advanced(MANAGEMENT, { Field: 'eventSource', NotEquals: ['kms.amazonaws.com'] }),
      true,
    ],
    [
      'advanced: all but those of EC2',
      advanced(MANAGEMENT, { Field: 'eventSource', NotEquals: ['ec2.amazonaws.com'] }),
      false,
    ],
    [
      'advanced: those of one principal',
      advanced(MANAGEMENT, { Field: 'userIdentity.arn', Equals: ['arn:aws:iam::111122223333:root'] }),
      false,
    ],
  ])('%s', (_, selectors, expected) => {
    expect(selectsChanges(selectors)).toBe(expected);
  });
});
