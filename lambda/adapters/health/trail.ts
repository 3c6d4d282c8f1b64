import {
  type CloudTrailClient,
  DescribeTrailsCommand,
  type GetEventSelectorsCommandOutput,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail';
import { type HealthResult, lost, ok } from '../../core/health.ts';
import { type LossId } from '../../core/losses.ts';
import { type HealthOptions, unseen } from './context.ts';

const EFFECT = 'drift is not detected, launches are detected late, and alerts do not name the caller';

/** Checks that a trail delivers EC2 write calls of a region to EventBridge. One that does is enough. */
export async function checkTrail(
  check: string,
  region: string,
  { region: home, settings, clients, explain }: Pick<HealthOptions, 'region' | 'settings' | 'clients' | 'explain'>,
): Promise<readonly HealthResult[]> {
  if (!settings.trail) return [ok(check, 'trail=none: drift is not detected, and alerts do not name the caller')];
  const { trails } = clients.inRegion(region);
  // Shadow trails are those of other regions and of the organization that log here too.
  const { trailList = [] } = await trails.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
  const covering = trailList.filter((trail) => trail.IsMultiRegionTrail === true || trail.HomeRegion === region);
  const checked = await Promise.all(
    covering.map(async (trail) => ({ trail, problem: await problemOf(trail, trails) })),
  );
  const working = checked.find(({ problem }) => problem === undefined);
  if (working !== undefined) {
    const scope = working.trail.IsMultiRegionTrail === true ? 'every Region' : `${region} only`;
    return [ok(check, `${nameOf(working.trail)} logs management events of ${scope}`)];
  }
  // The status of an organization trail may be hidden; another trail may be logging.
  const hidden = checked.find(({ problem }) => problem?.error !== undefined);
  if (hidden !== undefined) return [unseen(check, hidden.problem?.error, explain)];
  const names = [...trailList.flatMap(({ Name = '', TrailARN = '' }) => [Name, TrailARN]), '*'];
  const [first] = checked;
  if (first?.problem === undefined)
    // A trail that covered the region was most likely changed in the home region.
    return [lost('trail-missing', { check, region: home, names, text: `no trail covers ${region}: ${EFFECT}` })];
  const problems = checked.map(({ trail, problem }) => `${nameOf(trail)} ${problem?.text ?? ''}`).join('; ');
  const stopped = checked.find(({ problem }) => problem?.loss === 'trail-stopped')?.trail;
  const place = { check, region: first.trail.HomeRegion ?? region, names, text: `${problems}: ${EFFECT}` };
  if (stopped === undefined) return [lost('trail-selectors', place)];
  const own = stopped.HomeRegion ?? region;
  return [
    lost('trail-stopped', {
      ...place,
      action: `aws cloudtrail start-logging --region ${own} --name ${nameOf(stopped)}`,
    }),
  ];
}

const nameOf = ({ TrailARN, Name }: Trail): string => TrailARN ?? Name ?? 'a trail';

interface Problem {
  readonly text: string;
  /** `trail-stopped`: it would be sufficient if logging were on. */
  readonly loss?: LossId;
  /** Why it could not be read. */
  readonly error?: unknown;
}

async function problemOf(trail: Trail, client: CloudTrailClient): Promise<Problem | undefined> {
  try {
    const name = nameOf(trail);
    const selectors = await client.send(new GetEventSelectorsCommand({ TrailName: name }));
    if (!logsEc2Writes(selectors)) return { text: 'does not log write management events of EC2' };
    const { IsLogging } = await client.send(new GetTrailStatusCommand({ Name: name }));
    return IsLogging === true ? undefined : { text: 'has logging off', loss: 'trail-stopped' };
  } catch (error) {
    return { text: 'could not be read', error };
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
