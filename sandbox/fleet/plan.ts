import { TAG } from '../../lambda/contract.ts';
import type { ImdsUse } from '../aws/cloudwatch/usage.ts';
import type { ExistingInstance, ExistingTemplate } from '../aws/ec2/fleet.ts';
import { Draw } from './draw.ts';
import { drawLaunchSource, type LaunchSource } from './launch-sources.ts';
import { DAY_MS, dayAfter } from '../calendar.ts';
import type { PlannedInstance } from './sample-instances.ts';

/** A group of instances of one launch source, to be added to a region. */
export interface Workload {
  readonly region: string;
  readonly launchTemplate?: ExistingTemplate;
  readonly instances: readonly PlannedInstance[];
}

/** What a plan depends on. */
export interface PlanOptions {
  readonly seed: string;
  readonly account: string;
  readonly regions: readonly string[];
  readonly now: number;
}

/**
 * Shares of groups. About half of all instances require tokens; the other shares are estimates.
 *
 * https://www.datadoghq.com/state-of-cloud-security/
 */
const SHARE = {
  nonCompliant: 0.48,
  /** Of the instances of a group: launched before the last change of its template, with other options. */
  differing: 0.04,
  imdsDisabled: 0.02,
  /** Of the container hosts. */
  managed: 0.12,
  /** Of the instances that no Auto Scaling group replaces. */
  stopped: 0.25,
  inUse: 0.15,
  exempt: 0.06,
} as const;

const EXEMPTIONS = [
  ['valid', 0.6],
  ['expired', 0.25],
  ['malformed', 0.1],
  ['exceedsMaximum', 0.05],
] as const;

const TYPES = ['t3.micro', 't3.medium', 'm6i.large', 'm7g.xlarge', 'c7g.large', 'r6i.2xlarge'];
const OLDEST_DAYS = 1_500;

/** An endless sequence of groups, which depends on the seed only. */
export function* workloads(options: PlanOptions): Generator<Workload, never> {
  for (let number = 0; ; number++) yield workload(new Draw(options.seed, 'workload', number), options);
}

function workload(draw: Draw, { account, regions, now }: PlanOptions): Workload {
  const region = draw.among(regions.map((name, index) => [name, 1 / (index + 1)] as const));
  const launchSource = drawLaunchSource(draw, region, account);
  const isNonCompliant = draw.chance(SHARE.nonCompliant);
  const group: Group = {
    launchSource,
    isNonCompliant,
    hops: launchSource.containers
      ? 2
      : draw.among([
          [1, 0.8],
          [2, 0.18],
          [3, 0.02],
        ] as const),
    isImdsDisabled: draw.chance(SHARE.imdsDisabled),
    isManaged: launchSource.containers && draw.chance(SHARE.managed),
    use: { callsPerDay: draw.chance(SHARE.inUse) ? draw.between(1, 2_000) : 0 },
    exemption: isNonCompliant && draw.chance(SHARE.exempt) ? exemption(draw, now) : {},
    instanceType: draw.of(TYPES),
    imageId: `ami-${draw.hex(17)}`,
    age: Math.ceil(OLDEST_DAYS * draw.fraction() ** 3),
  };
  const metadataOptions = { HttpTokens: tokens(isNonCompliant), HttpPutResponseHopLimit: group.hops };
  const { imageId, instanceType } = group;
  return {
    region,
    launchTemplate: launchSource.launchTemplate && {
      ...launchSource.launchTemplate,
      imageId,
      instanceType,
      options: metadataOptions,
    },
    instances: Array.from({ length: launchSource.count }, (_, index) => planned(draw, group, index, now)),
  };
}

interface Group {
  readonly launchSource: LaunchSource;
  readonly isNonCompliant: boolean;
  readonly hops: number;
  readonly isImdsDisabled: boolean;
  readonly isManaged: boolean;
  readonly use: ImdsUse;
  readonly exemption: Readonly<Record<string, string>>;
  readonly instanceType: string;
  readonly imageId: string;
  /** Days since the oldest instance was launched. */
  readonly age: number;
}

function planned(draw: Draw, group: Group, index: number, now: number): PlannedInstance {
  const { launchSource, instanceType, imageId } = group;
  const launchedAt = new Date(Math.floor((now - group.age * DAY_MS * draw.fraction()) / 1000) * 1000);
  const isStopped = launchSource.launchTemplate === undefined && draw.chance(SHARE.stopped);
  const isNonCompliant = draw.chance(SHARE.differing) !== group.isNonCompliant;
  const instance: ExistingInstance = {
    launchedAt,
    state: isStopped ? 'stopped' : 'running',
    options: {
      HttpTokens: tokens(isNonCompliant),
      HttpPutResponseHopLimit: group.hops,
      ...(group.isImdsDisabled ? { HttpEndpoint: 'disabled' } : {}),
    },
    tags: { ...launchSource.tags(index), ...group.exemption },
    operator: group.isManaged ? { principal: 'eks.amazonaws.com', hiddenByDefault: false } : undefined,
    imageId,
    instanceType,
  };
  return { instance, use: isStopped || group.isImdsDisabled ? undefined : group.use };
}

const tokens = (isNonCompliant: boolean): string => (isNonCompliant ? 'optional' : 'required');

function exemption(draw: Draw, now: number): Record<string, string> {
  const until = {
    valid: dayAfter(now, draw.between(0, 80)),
    expired: dayAfter(now, -draw.between(1, 200)),
    malformed: draw.of(['2026-13-45', 'tbd', '31.12.2026', 'forever']),
    exceedsMaximum: dayAfter(now, draw.between(120, 3_000)),
  };
  return {
    [TAG.exemptUntil]: until[draw.among(EXEMPTIONS)],
    [TAG.exemptReason]: draw.of(['vendor agent', 'JIRA-4711']),
  };
}
