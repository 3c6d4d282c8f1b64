import {
  CloudTrailClient,
  DescribeTrailsCommand,
  type GetEventSelectorsCommandOutput,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail';
import { explainError } from '../shared/errors.ts';
import { type CheckResult, fail, ok, unchecked } from './check-result.ts';
import type { ClientConfig, Deployment } from './deployment.ts';

const check = 'trail';

/** Checks that a trail delivers EC2 write calls of this Region to EventBridge. */
export async function checkTrail({ region, setting }: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  if (setting('Trail') === 'none')
    return [ok(check, 'trail=none: drift is not detected, and alerts do not name the caller')];
  const client = new CloudTrailClient(config);
  const { trailList = [] } = await client.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
  const covering = trailList.filter((trail) => trail.IsMultiRegionTrail === true || trail.HomeRegion === region);
  const checked = await Promise.all(
    covering.map(async (trail) => ({ trail, problem: await problemOf(trail, client) })),
  );
  const working = checked.find(({ problem }) => problem === undefined);
  if (working !== undefined) {
    const scope = working.trail.IsMultiRegionTrail === true ? 'every Region' : `${region} only`;
    return [ok(check, `${nameOf(working.trail)} logs management events of ${scope}`)];
  }
  const problems = checked.map(({ trail, problem }) => `${nameOf(trail)} ${problem?.text ?? ''}`).join('; ');
  const effect = 'drift is not detected, launches are detected late, and alerts do not name the caller';
  const text = problems || `no trail covers ${region}: ${effect}`;
  if (checked.some(({ problem }) => problem?.unread)) return [unchecked(check, text)];
  const stopped = checked.find(({ problem }) => problem?.stopped)?.trail.TrailARN;
  const action =
    stopped === undefined
      ? 'create a trail that logs management events, or deploy with -c trail=create'
      : `aws cloudtrail start-logging --region ${region} --name ${stopped}`;
  return [fail(check, text, action)];
}

const nameOf = ({ TrailARN, Name }: Trail): string => TrailARN ?? Name ?? 'a trail';

interface Problem {
  readonly text: string;
  /** The trail would be sufficient if logging were on. */
  readonly stopped?: true;
  readonly unread?: true;
}

async function problemOf(trail: Trail, client: CloudTrailClient): Promise<Problem | undefined> {
  try {
    const name = nameOf(trail);
    const selectors = await client.send(new GetEventSelectorsCommand({ TrailName: name }));
    if (!logsEc2Writes(selectors)) return { text: 'does not log write management events of EC2' };
    const { IsLogging } = await client.send(new GetTrailStatusCommand({ Name: name }));
    return IsLogging === true ? undefined : { text: 'has logging off', stopped: true };
  } catch (error) {
    return { text: `could not be read: ${explainError(error)}`, unread: true };
  }
}

type Selectors = Pick<GetEventSelectorsCommandOutput, 'EventSelectors' | 'AdvancedEventSelectors'>;
type Selector = NonNullable<Selectors['AdvancedEventSelectors']>[number];

/**
 * Whether a trail logs EC2 write calls. A trail has basic or advanced event selectors.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
 */
export function logsEc2Writes({ EventSelectors = [], AdvancedEventSelectors = [] }: Selectors): boolean {
  return (
    EventSelectors.some(
      ({ IncludeManagementEvents, ReadWriteType }) => IncludeManagementEvents !== false && ReadWriteType !== 'ReadOnly',
    ) || AdvancedEventSelectors.some(selectsEc2Writes)
  );
}

/** The selectable fields of an EC2 write call. */
const CALL: Readonly<Record<string, string>> = {
  eventCategory: 'Management',
  readOnly: 'false',
  eventSource: 'ec2.amazonaws.com',
  eventType: 'AwsApiCall',
};

function selectsEc2Writes({ FieldSelectors = [] }: Selector): boolean {
  const category = FieldSelectors.find(({ Field }) => Field === 'eventCategory');
  // A selector on another field, such as the caller, excludes some of the calls.
  return (
    category !== undefined &&
    FieldSelectors.every((selector) => {
      const value = CALL[selector.Field ?? ''];
      return value !== undefined && selects(selector, value);
    })
  );
}

function selects(selector: NonNullable<Selector['FieldSelectors']>[number], value: string): boolean {
  const { Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith } = selector;
  const matches = (equals: string[] = [], starts: string[] = [], ends: string[] = []) => [
    ...equals.map((text) => value === text),
    ...starts.map((text) => value.startsWith(text)),
    ...ends.map((text) => value.endsWith(text)),
  ];
  const included = matches(Equals, StartsWith, EndsWith);
  const excluded = matches(NotEquals, NotStartsWith, NotEndsWith);
  return (included.length === 0 || included.includes(true)) && !excluded.includes(true);
}
