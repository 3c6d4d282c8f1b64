import {
  CloudTrailClient,
  DescribeTrailsCommand,
  type GetEventSelectorsCommandOutput,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail';
import { explainError } from '../shared/errors.ts';
import type { ClientConfig, Deployment } from './deployment.ts';
import type { CheckResult } from './check-result.ts';

const check = 'trail';

/**
 * Whether some trail brings the calls that change EC2 to the event bus of this region. Needs `cloudtrail:DescribeTrails`,
 * `cloudtrail:GetTrailStatus` and `cloudtrail:GetEventSelectors`.
 */
export async function checkTrail({ region, setting }: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  if (setting('Trail') === 'none') {
    return [{ check, level: 'ok', text: 'trail=none was chosen: set-backs are not seen, and no caller is named' }];
  }
  const client = new CloudTrailClient(config);
  const { trailList = [] } = await client.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
  const here = trailList.filter((trail) => trail.IsMultiRegionTrail === true || trail.HomeRegion === region);
  const judged = await Promise.all(here.map(async (trail) => ({ trail, problem: await problemOf(trail, client) })));
  const good = judged.find(({ problem }) => problem === undefined);
  if (good !== undefined) {
    const reach = good.trail.IsMultiRegionTrail === true ? 'every region' : `${region} only`;
    return [{ check, level: 'ok', text: `${nameOf(good.trail)} logs management events of ${reach}` }];
  }
  const unread = judged.some(({ problem }) => problem?.unread === true);
  const problems = judged.map(({ trail, problem }) => `${nameOf(trail)} ${problem?.text ?? ''}`).join('; ');
  const stopped = judged.find(({ problem }) => problem?.stopped === true)?.trail.TrailARN;
  return [
    {
      check,
      level: unread ? 'unchecked' : 'fail',
      text: problems || `no trail covers ${region}: set-backs are not seen, launches late and without their caller`,
      todo: unread
        ? undefined
        : stopped === undefined
          ? 'make a trail that logs management events, or deploy with -c trail=create'
          : `aws cloudtrail start-logging --region ${region} --name ${stopped}`,
    },
  ];
}

const nameOf = ({ TrailARN, Name }: Trail): string => TrailARN ?? Name ?? 'a trail';

interface Problem {
  readonly text: string;
  /** It would do, were it switched on. */
  readonly stopped?: true;
  readonly unread?: true;
}

async function problemOf(trail: Trail, client: CloudTrailClient): Promise<Problem | undefined> {
  try {
    const name = nameOf(trail);
    const selectors = await client.send(new GetEventSelectorsCommand({ TrailName: name }));
    if (!selectsChanges(selectors)) return { text: 'does not log management events that change something in EC2' };
    const { IsLogging } = await client.send(new GetTrailStatusCommand({ Name: name }));
    return IsLogging === true ? undefined : { text: 'is switched off', stopped: true };
  } catch (error) {
    return { text: `could not be read: ${explainError(error)}`, unread: true };
  }
}

type Selectors = Pick<GetEventSelectorsCommandOutput, 'EventSelectors' | 'AdvancedEventSelectors'>;
type Selector = NonNullable<Selectors['AdvancedEventSelectors']>[number];

/**
 * Whether a trail takes up calls that change EC2. A trail has selectors of the one or of the other kind.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
 */
export function selectsChanges({ EventSelectors = [], AdvancedEventSelectors = [] }: Selectors): boolean {
  return (
    EventSelectors.some(
      ({ IncludeManagementEvents, ReadWriteType }) => IncludeManagementEvents !== false && ReadWriteType !== 'ReadOnly',
    ) || AdvancedEventSelectors.some(takesChanges)
  );
}

/** What one of the calls that matter has in the fields that can be selected by. */
const CALL: Readonly<Record<string, string>> = {
  eventCategory: 'Management',
  readOnly: 'false',
  eventSource: 'ec2.amazonaws.com',
  eventType: 'AwsApiCall',
};

function takesChanges({ FieldSelectors = [] }: Selector): boolean {
  const category = FieldSelectors.find(({ Field }) => Field === 'eventCategory');
  // Other fields (who called, from where) take some of the calls away: not good enough.
  return (
    category !== undefined &&
    FieldSelectors.every((selector) => {
      const value = CALL[selector.Field ?? ''];
      return value !== undefined && takes(selector, value);
    })
  );
}

function takes(selector: NonNullable<Selector['FieldSelectors']>[number], value: string): boolean {
  const { Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith } = selector;
  const wanted = [
    ...(Equals ?? []).map((text) => value === text),
    ...(StartsWith ?? []).map((text) => value.startsWith(text)),
    ...(EndsWith ?? []).map((text) => value.endsWith(text)),
  ];
  const unwanted = [
    ...(NotEquals ?? []).map((text) => value === text),
    ...(NotStartsWith ?? []).map((text) => value.startsWith(text)),
    ...(NotEndsWith ?? []).map((text) => value.endsWith(text)),
  ];
  return (wanted.length === 0 || wanted.includes(true)) && !unwanted.includes(true);
}
