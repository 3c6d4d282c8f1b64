import type { Draw } from './draw.ts';

/** The launch source of a group of instances. */
export interface LaunchSource {
  /** Tags of an instance; `index` is its position in the group. */
  readonly tags: (index: number) => Record<string, string>;
  /** The launch template that its instances come from. */
  readonly launchTemplate?: { readonly id: string; readonly name: string };
  /** Whether the instances run containers, which need two hops to IMDS. */
  readonly containers: boolean;
  readonly count: number;
}

type WithoutCount = Omit<LaunchSource, 'count'>;

const APPS = [
  'api',
  'auth',
  'batch',
  'billing',
  'cache',
  'crawler',
  'etl',
  'gateway',
  'ingest',
  'mail',
  'search',
  'web',
];
const STAGES = ['prod', 'prod', 'prod', 'stage', 'dev'];
const TEAMS = ['checkout', 'data', 'growth', 'identity', 'platform', 'search'];

/** The share of all instances, and the largest size of a group. */
const LAUNCH_SOURCES = [
  { share: 0.35, upTo: 60, draw: autoScalingGroup },
  { share: 0.22, upTo: 90, draw: eksNodegroup },
  { share: 0.13, upTo: 6, draw: cloudFormationStack },
  { share: 0.08, upTo: 10, draw: beanstalkEnvironment },
  { share: 0.22, upTo: 3, draw: directLaunch },
] as const;

/** Exponent of group sizes, which makes most groups small. The mean size is `upTo / 4 + 0.5`. */
const SKEW = 3;
const GROUPS = LAUNCH_SOURCES.map(({ share, upTo }, index) => [index, share / (upTo / (SKEW + 1) + 0.5)] as const);

/** Draws a launch source and the size of its group. The tags are those that AWS services set. */
export function drawLaunchSource(draw: Draw, region: string, account: string): LaunchSource {
  const source = LAUNCH_SOURCES[draw.among(GROUPS)] ?? LAUNCH_SOURCES[0];
  return { ...source.draw(draw, region, account), count: Math.ceil(source.upTo * draw.fraction() ** SKEW) };
}

function autoScalingGroup(draw: Draw): WithoutCount {
  const name = appName(draw);
  const launchTemplate = templateOf(draw, name);
  const common = { ...owner(draw), ...groupTags(`${name}-asg`, launchTemplate.id), 'aws:ec2:fleet-id': fleetId(draw) };
  return { launchTemplate, containers: false, tags: () => ({ Name: name, ...common }) };
}

function eksNodegroup(draw: Draw): WithoutCount {
  const cluster = `${draw.of(STAGES)}-${draw.between(1, 4)}`;
  const group = `${cluster}-${draw.of(['general', 'memory', 'spot', 'gpu'])}`;
  const launchTemplate = templateOf(draw, `eks-${group}`);
  const common = {
    ...groupTags(`eks-${group}-${draw.hex(8)}`, launchTemplate.id),
    'aws:ec2:fleet-id': fleetId(draw),
    'eks:cluster-name': cluster,
    'eks:nodegroup-name': group,
    [`kubernetes.io/cluster/${cluster}`]: 'owned',
  };
  return { launchTemplate, containers: true, tags: () => common };
}

function cloudFormationStack(draw: Draw, region: string, account: string): WithoutCount {
  const name = appName(draw);
  const id = `arn:aws:cloudformation:${region}:${account}:stack/${name}/${draw.hex(8)}`;
  const common = { ...owner(draw), 'aws:cloudformation:stack-name': name, 'aws:cloudformation:stack-id': id };
  const tags = (index: number) => ({
    Name: `${name}/${index + 1}`,
    ...common,
    'aws:cloudformation:logical-id': `Instance${index + 1}`,
  });
  return { containers: false, tags };
}

function beanstalkEnvironment(draw: Draw): WithoutCount {
  const environment = appName(draw);
  const id = `e-${draw.hex(10)}`;
  const stack = `awseb-${id}-stack`;
  const launchTemplate = templateOf(draw, `${stack}-AWSEBEC2LaunchTemplate`);
  const common = {
    Name: environment,
    ...groupTags(`${stack}-AWSEBAutoScalingGroup`, launchTemplate.id),
    'aws:cloudformation:stack-name': stack,
    'aws:cloudformation:logical-id': 'AWSEBAutoScalingGroup',
    'elasticbeanstalk:environment-name': environment,
    'elasticbeanstalk:environment-id': id,
  };
  return { launchTemplate, containers: false, tags: () => common };
}

function directLaunch(draw: Draw): WithoutCount {
  const name = appName(draw);
  const common = draw.chance(0.5) ? owner(draw) : {};
  const named = draw.chance(0.9);
  return { containers: false, tags: (index) => (named ? { Name: `${name}-${index + 1}`, ...common } : common) };
}

const appName = (draw: Draw): string => `${draw.of(STAGES)}-${draw.of(APPS)}-${draw.hex(3)}`;

const owner = (draw: Draw): Record<string, string> => ({ team: draw.of(TEAMS) });

const fleetId = (draw: Draw): string => `fleet-${draw.hex(8)}-${draw.hex(4)}-${draw.hex(4)}`;

const templateOf = (draw: Draw, name: string) => ({ id: `lt-${draw.hex(17)}`, name: `${name}-${draw.hex(4)}` });

const groupTags = (group: string, templateId: string): Record<string, string> => ({
  'aws:autoscaling:groupName': group,
  'aws:ec2launchtemplate:id': templateId,
  'aws:ec2launchtemplate:version': '1',
});
