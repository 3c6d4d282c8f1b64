import { groupBy } from '../core/group-by.ts';
import type { Snapshot } from '../core/instance.ts';
import { launchSourceOf } from '../core/launch-source.ts';
import { fleetKeyOf } from '../core/launch-source-group.ts';
import {
  type Measurement,
  sumOfCalls,
  type Usage,
  usageByGroup,
  USAGE_RULES,
  usageOf,
  type UsageRules,
  windowOf,
} from '../core/usage.ts';
import { measureUsage } from './measure-usage.ts';
import type { Time, UsageDimension, UsageReader } from './ports/index.ts';

/** Instances per round: what one call measures. Only the verdicts stay in memory, which are smaller than the points. */
const BATCH = 500;

/** Measurements of Auto Scaling groups, by Region and name. CloudWatch charges for each metric, so it is read once. */
export type GroupMeasurements = Map<string, Measurement>;

/** What an assessment needs from the outside. */
export interface AssessPorts {
  readonly usage: UsageReader;
  readonly time: Time;
  /** What was measured in this invocation before; by default nothing. */
  readonly groups?: GroupMeasurements;
}

/**
 * Measures IMDSv1 usage of instances of one region and judges it by launch source.
 *
 * An Auto Scaling group has one metric, in which the instances that are gone are counted, too. If that has no data, its
 * instances are asked, as those of any other launch source: if one of them is in use, all of them are.
 *
 * @returns the verdicts by instance id.
 * @throws FailureError
 */
export async function assessUsage(
  region: string,
  instances: readonly Snapshot[],
  rules: UsageRules = USAGE_RULES,
  { usage, time, groups = new Map() }: AssessPorts,
): Promise<ReadonlyMap<string, Usage>> {
  const now = time.now();
  const window = windowOf(now, rules);
  const read = async (dimension: UsageDimension, names: readonly string[]) => {
    const question = { region, metric: 'MetadataNoToken', dimension, names, window } as const;
    return (await measureUsage(question, usage, time)).measurements;
  };
  const keyOf = (name: string) => `${region} ${name}`;
  const names = new Set(instances.flatMap((snapshot) => groupOf(snapshot) ?? []));
  const unread = [...names].filter((name) => !groups.has(keyOf(name)));
  for (const [name, measurement] of await read('AutoScalingGroupName', unread)) groups.set(keyOf(name), measurement);

  const verdicts = new Map<string, Usage>();
  const alone: Snapshot[] = [];
  for (const snapshot of instances) {
    const measurement = groups.get(keyOf(groupOf(snapshot) ?? ''));
    if (measurement === undefined || (measurement.complete && measurement.points.length === 0)) alone.push(snapshot);
    else verdicts.set(snapshot.instanceId, usageByGroup(snapshot, measurement, window, rules, now));
  }
  for (let start = 0; start < alone.length; start += BATCH) {
    const batch = alone.slice(start, start + BATCH);
    const measurements = await read(
      'InstanceId',
      batch.map(({ instanceId }) => instanceId),
    );
    for (const snapshot of batch) {
      const measurement = measurements.get(snapshot.instanceId);
      if (measurement !== undefined) {
        verdicts.set(snapshot.instanceId, usageOf(snapshot, measurement, window, rules, now));
      }
    }
  }
  for (const siblings of groupBy(alone, fleetOf).values()) {
    const calls = sumOfCalls(siblings.flatMap(({ instanceId }) => verdicts.get(instanceId) ?? []));
    if (calls === undefined) continue;
    for (const { instanceId } of siblings) {
      if (verdicts.get(instanceId)?.kind !== 'in-use') verdicts.set(instanceId, calls);
    }
  }
  return verdicts;
}

const groupOf = ({ tags }: Snapshot): string | undefined => launchSourceOf(tags).autoScalingGroup;

/** The fleet of an instance; an instance that belongs to none is one of its own. */
const fleetOf = ({ instanceId, tags }: Snapshot): string => fleetKeyOf(launchSourceOf(tags)) ?? instanceId;
