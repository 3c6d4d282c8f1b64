import { TAG } from '../../lambda/contract.ts';
import type { ImdsUse } from '../aws/cloudwatch/usage.ts';
import type { ExistingInstance } from '../aws/ec2/fleet.ts';
import type { LaunchTemplate } from '../aws/ec2/region.ts';
import { Draw } from './draw.ts';
import { drawLaunchSource, type LaunchSource } from './launch-sources.ts';
import { DAY, dayAfter, type Planned } from './specimens.ts';

/** A group of instances of one launchSource, as it is to be put into a region. */
export interface Workload {
  readonly region: string;
  readonly launchTemplate?: Omit<LaunchTemplate, 'version'>;
  readonly instances: readonly Planned[];
}

/** What a plan depends on. */
export interface Setting {
  readonly seed: string;
  readonly account: string;
  readonly regions: readonly string[];
  readonly now: number;
}

/**
 * Shares of groups. About half of all instances require tokens: https://www.datadoghq.com/state-of-cloud-security/
 * The others are estimates.
 */
const SHARE = {
  open: 0.48,
  /** Of the instances of a group: they differ from the others, being older than the last change of the template. */
  differing: 0.04,
  imdsOff: 0.02,
  /** Of the container hosts. */
  managed: 0.12,
  /** Of the instances that no group would replace. */
  stopped: 0.25,
  calling: 0.15,
  exempt: 0.06,
} as const;

const EXEMPTIONS = [
  ['valid', 0.6],
  ['expired', 0.25],
  ['malformed', 0.1],
  ['beyond', 0.05],
] as const;

const TYPES = ['t3.micro', 't3.medium', 'm6i.large', 'm7g.xlarge', 'c7g.large', 'r6i.2xlarge'];
const OLDEST_DAYS = 1_500;

/** One group after the other, endlessly; the same ones under the same seed. */
export function* workloads(setting: Setting): Generator<Workload, never> {
  for (let number = 0; ; number++) yield workload(new Draw(setting.seed, 'workload', number), setting);
}

function workload(draw: Draw, { account, regions, now }: Setting): Workload {
  const region = draw.among(regions.map((name, index) => [name, 1 / (index + 1)] as const));
  const launchSource = drawLaunchSource(draw, region, account);
  const open = draw.chance(SHARE.open);
  const group: Group = {
    launchSource,
    open,
    hops: launchSource.containers
      ? 2
      : draw.among([
          [1, 0.8],
          [2, 0.18],
          [3, 0.02],
        ] as const),
    off: draw.chance(SHARE.imdsOff),
    managed: launchSource.containers && draw.chance(SHARE.managed),
    use: { callsPerDay: draw.chance(SHARE.calling) ? draw.between(1, 2_000) : 0 },
    exemption: open && draw.chance(SHARE.exempt) ? exemption(draw, now) : {},
    instanceType: draw.of(TYPES),
    imageId: `ami-${draw.hex(17)}`,
    age: Math.ceil(OLDEST_DAYS * draw.fraction() ** 3),
  };
  const options = { HttpTokens: tokens(open), HttpPutResponseHopLimit: group.hops };
  const { imageId, instanceType } = group;
  return {
    region,
    launchTemplate: launchSource.launchTemplate && { ...launchSource.launchTemplate, imageId, instanceType, options },
    instances: Array.from({ length: launchSource.count }, (_, index) => planned(draw, group, index, now)),
  };
}

interface Group {
  readonly launchSource: LaunchSource;
  readonly open: boolean;
  readonly hops: number;
  readonly off: boolean;
  readonly managed: boolean;
  readonly use: ImdsUse;
  readonly exemption: Readonly<Record<string, string>>;
  readonly instanceType: string;
  readonly imageId: string;
  /** Days since the oldest instance was launched. */
  readonly age: number;
}

function planned(draw: Draw, group: Group, index: number, now: number): Planned {
  const { launchSource, instanceType, imageId } = group;
  const launchedAt = new Date(Math.floor((now - group.age * DAY * draw.fraction()) / 1000) * 1000);
  const stopped = launchSource.launchTemplate === undefined && draw.chance(SHARE.stopped);
  const open = draw.chance(SHARE.differing) !== group.open;
  const instance: ExistingInstance = {
    launchedAt,
    state: stopped ? 'stopped' : 'running',
    options: {
      HttpTokens: tokens(open),
      HttpPutResponseHopLimit: group.hops,
      ...(group.off ? { HttpEndpoint: 'disabled' } : {}),
    },
    tags: { ...launchSource.tags(index), ...group.exemption },
    operator: group.managed ? { principal: 'eks.amazonaws.com', hiddenByDefault: false } : undefined,
    imageId,
    instanceType,
  };
  return { instance, use: stopped || group.off ? undefined : group.use };
}

const tokens = (open: boolean): string => (open ? 'optional' : 'required');

function exemption(draw: Draw, now: number): Record<string, string> {
  const until = {
    valid: dayAfter(now, draw.between(0, 80)),
    expired: dayAfter(now, -draw.between(1, 200)),
    malformed: draw.of(['2026-13-45', 'tbd', '31.12.2026', 'forever']),
    beyond: dayAfter(now, draw.between(120, 3_000)),
  };
  return {
    [TAG.exemptUntil]: until[draw.among(EXEMPTIONS)],
    [TAG.exemptReason]: draw.of(['vendor agent', 'JIRA-4711']),
  };
}
