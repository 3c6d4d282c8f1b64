import { ApiError } from '../wire/errors.ts';
import type { ApiCall } from '../wire/gateway.ts';
import { at, list, type Params, text } from '../wire/params.ts';
import type { Action, Ec2Context } from './context.ts';
import { checkImage, resolvedImage } from './image.ts';
import { type Instance, wholeSecond } from './instance.ts';
import {
  checkEnforced,
  effectiveOptions,
  LAUNCH_REFUSED,
  type MetadataOptions,
  readOptions,
} from './metadata-options.ts';
import { fingerprint } from './once.ts';
import type { Ec2Region } from './region.ts';
import { instanceShape, type Shape } from './shape.ts';
import { checkTags, readTags, tagsIn } from './tags.ts';

const ID_DIGITS = 17;
const DEFAULT_TYPE = 't3.micro';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html */
export const runInstances: Action = (call, region, context) => {
  const { params } = call;
  const earlier = replay(call, region);
  if (earlier.length > 0) return reservation(earlier, context);
  const { count, ...plan } = planLaunch(call, region, context);
  if (text(params, 'DryRun') === 'true') throw new ApiError('DryRunOperation', DRY_RUN, 412);
  region.buckets.take('RunInstances instances', call.at, count);
  const launch = launchKey(plan.clientToken, context);
  const launchedAt = wholeSecond(call.at);
  const reservationId = `r-${context.ids.hex('reservation', ID_DIGITS, launch)}`;
  const instances = Array.from({ length: count }, (_, launchIndex): Instance => {
    const id = `i-${context.ids.hex('instance', ID_DIGITS, `${region.name} ${launch} ${launchIndex}`)}`;
    const hidden = context.faults.hides({ instanceId: id, region: region.name });
    return {
      ...plan,
      id,
      reservationId,
      launchIndex,
      sequence: region.size + launchIndex,
      launchedAt,
      startedAt: launchedAt,
      visibleAt: call.at + hidden,
      state: 'pending',
      optionsState: 'pending',
      tags: new Map(plan.tags),
    };
  });
  for (const instance of instances) {
    region.add(instance);
    context.lifecycle.start(instance, launchedAt);
    const vanishing = context.faults.vanishes({ instanceId: instance.id, region: region.name });
    if (vanishing !== undefined) context.lifecycle.vanish(instance, vanishing);
  }
  region.launches.set(plan.clientToken, fingerprint(params));
  return reservation(instances, context);
};

export const DRY_RUN = 'Request would have succeeded, but DryRun flag is set.';

function planLaunch(call: ApiCall, region: Ec2Region, { account }: Ec2Context) {
  const { params } = call;
  const template = templateOf(params, region);
  const data = template?.version.data ?? {};
  const image = text(params, 'ImageId') ?? text(data, 'ImageId');
  if (image === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter ImageId');
  const imageId = checkImage(resolvedImage(image), region.images);
  const options = effectiveOptions(
    readOptions(at(params, 'MetadataOptions')),
    readOptions(at(data, 'MetadataOptions')),
    region.defaults,
    region.images.get(imageId) ?? {},
  );
  checkEnforced(options, region.defaults, LAUNCH_REFUSED);
  const principal = text(params, 'Operator', 'Principal');
  return {
    count: countOf(params),
    region: region.name,
    clientToken: text(params, 'ClientToken') ?? '',
    imageId,
    instanceType: text(params, 'InstanceType') ?? text(data, 'InstanceType') ?? DEFAULT_TYPE,
    keyName: text(params, 'KeyName') ?? text(data, 'KeyName'),
    subnetId: text(params, 'SubnetId') ?? text(list(data, 'NetworkInterfaces')[0], 'SubnetId'),
    profileArn: profileOf(at(params, 'IamInstanceProfile') ?? at(data, 'IamInstanceProfile'), account),
    operator: principal === undefined ? undefined : { principal, hiddenByDefault: true },
    requesterId: call.caller.invokedBy === undefined ? undefined : '000000000000',
    options: options satisfies MetadataOptions,
    tags: launchTags(call, template),
  };
}

/** An instance profile is given by ARN or by name. */
function profileOf(profile: unknown, account: string): string | undefined {
  const name = text(profile, 'Name');
  return text(profile, 'Arn') ?? (name === undefined ? undefined : `arn:aws:iam::${account}:instance-profile/${name}`);
}

/**
 * Instances that the same client token launched.
 *
 * SDKs retry with it, so that a retry must not launch again.
 */
function replay({ params }: ApiCall, region: Ec2Region): readonly Instance[] {
  const token = text(params, 'ClientToken') ?? '';
  const earlier = token === '' ? [] : region.withToken(token);
  if (earlier.length > 0 && region.launches.get(token) !== fingerprint(params)) {
    throw new ApiError('IdempotentParameterMismatch', 'Another request was made with this client token');
  }
  return earlier;
}

/** The key of the ids: the token, so that the order of calls has no effect, unless it is random. */
function launchKey(token: string, { ids }: Ec2Context): string | number {
  const isRandom = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(token);
  return token === '' || isRandom ? ids.count('launch') : token;
}

function countOf(params: Params): number {
  const [min, max] = [Number(text(params, 'MinCount')), Number(text(params, 'MaxCount'))];
  if (!Number.isInteger(min) || !Number.isInteger(max) || min < 1 || max < min) {
    throw new ApiError('InvalidParameterValue', 'MinCount and MaxCount must be whole numbers, 1 ≤ MinCount ≤ MaxCount');
  }
  return max;
}

/** The launch template version of a launch. */
type Source = ReturnType<Ec2Region['templates']['resolve']>;

function templateOf(params: Params, region: Ec2Region): Source | undefined {
  const wanted = at(params, 'LaunchTemplate');
  return wanted === undefined ? undefined : region.templates.resolve(wanted);
}

const forInstances = (specifications: readonly unknown[]): readonly unknown[] =>
  specifications.filter((specification) => text(specification, 'ResourceType') === 'instance');

function launchTags(call: ApiCall, source: Source | undefined): Map<string, string> {
  const given = forInstances(list(call.params, 'TagSpecification')).flatMap(readTags);
  checkTags(given, call.caller);
  if (source === undefined) return new Map(given);
  const { template, version } = source;
  const inTemplate = forInstances(list(version.data, 'TagSpecifications')).flatMap((specification) =>
    tagsIn(list(specification, 'Tags')),
  );
  return new Map([
    ...inTemplate,
    ...given,
    ['aws:ec2launchtemplate:id', template.id],
    ['aws:ec2launchtemplate:version', String(version.number)],
  ]);
}

function reservation(instances: readonly Instance[], { account }: Ec2Context): Shape {
  return {
    reservationId: instances[0]?.reservationId,
    ownerId: account,
    requesterId: instances[0]?.requesterId,
    groupSet: [],
    instancesSet: instances.map((instance) => instanceShape(instance, account)),
  };
}
