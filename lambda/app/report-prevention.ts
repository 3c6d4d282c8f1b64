import pMap from 'p-map';
import { FailureError } from '../core/failure.ts';
import { type OutcomeEvent, toOutcomeEvent } from '../core/outcome-event.ts';
import { AUTO_SCALING, type PreventionEvent } from '../core/prevention/event.ts';
import { type Findings, type OrNotVisible, toPreventionDetail } from '../core/prevention/event-detail.ts';
import type { Ports } from './ports/index.ts';
import { putOutcomes } from './put-outcomes.ts';
import { attempt, withRetries } from './retry.ts';

/** Regions at the same time. */
const CONCURRENCY = 5;

/** How long before a refused launch its scaling activity may have begun. */
const ACTIVITY_MS = 10 * 60_000;

type PreventionPorts = Pick<Ports, 'bus' | 'refusedGroups' | 'regions' | 'telemetry' | 'time'>;

/**
 * Reports events about prevention: weakened defaults beside the defaults as they are now, and refused launches of Auto
 * Scaling with the groups that could not launch.
 *
 * What cannot be read is said in the alert, which does not wait for it.
 *
 * @returns the events that the bus did not accept.
 */
export async function reportPrevention(
  events: readonly PreventionEvent[],
  ports: PreventionPorts,
): Promise<ReadonlySet<PreventionEvent>> {
  const regions = [...new Set(events.map(({ region }) => region))];
  const look = async (region: string) => {
    const inRegion = events.filter((event) => event.region === region);
    return [region, await findingsIn(region, inRegion, ports)] as const;
  };
  const findings = new Map(await pMap(regions, look, { concurrency: CONCURRENCY }));
  const now = ports.time.now();
  const byOutcome = new Map(
    events.map((event): [OutcomeEvent, PreventionEvent] => {
      const { defaults, groups } = findings.get(event.region) ?? {};
      const known = isByAutoScaling(event) ? { groups } : { defaults };
      return [toOutcomeEvent(toPreventionDetail(event, known), now), event];
    }),
  );
  const refused = new Set(await putOutcomes([...byOutcome.keys()], ports));
  return new Set([...byOutcome].flatMap(([outcome, event]) => (refused.has(outcome) ? [event] : [])));
}

const isByAutoScaling = ({ kind, caller }: PreventionEvent): boolean =>
  kind === 'launch-refused' && caller.invokedBy === AUTO_SCALING;

/** What the alerts about events of a region need to know, read once. */
async function findingsIn(
  region: string,
  events: readonly PreventionEvent[],
  ports: PreventionPorts,
): Promise<Findings> {
  const { regions, refusedGroups } = ports;
  const launches = events.filter(isByAutoScaling).map(({ occurredAt }) => occurredAt.getTime());
  const since = new Date(Math.min(...launches) - ACTIVITY_MS);
  const isWeakened = events.some(({ kind }) => kind === 'defaults-weakened');
  const [defaults, groups] = await Promise.all([
    isWeakened ? read('ec2:GetInstanceMetadataDefaults', () => regions.defaults(region), ports) : undefined,
    launches.length > 0
      ? read('autoscaling:DescribeScalingActivities', () => refusedGroups.since(region, since), ports)
      : undefined,
  ]);
  return { defaults, groups };
}

async function read<T>(
  permission: string,
  call: () => Promise<T>,
  { telemetry, time }: PreventionPorts,
): Promise<OrNotVisible<T>> {
  const result = await attempt(() => withRetries(call, time));
  if (!(result instanceof FailureError)) return result;
  telemetry.warning(`${permission} failed; an alert says so`, result);
  return {
    notVisible: result.kind === 'denied' ? `missing permission ${permission}` : `AWS did not answer (${result.kind})`,
  };
}
