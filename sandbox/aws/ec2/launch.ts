import { ApiError } from '../wire/errors.ts';
import type { ApiCall } from '../wire/gateway.ts';
import { at, list, type Params, text } from '../wire/params.ts';
import type { Action, Ec2Context } from './context.ts';
import { type Instance, wholeSecond } from './instance.ts';
import { checkEnforced, effectiveOptions, type MetadataOptions, readOptions } from './metadata-options.ts';
import type { Ec2Region, LaunchTemplate } from './region.ts';
import { instanceShape, type Shape } from './shape.ts';
import { checkTags, readTags } from './tags.ts';

const ID_DIGITS = 17;
const DEFAULT_TYPE = 't3.micro';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html */
export const runInstances: Action = (call, region, context) => {
  const { params } = call;
  const earlier = replay(call, region);
  if (earlier.length > 0) return reservation(earlier, context);
  const { count, ...plan } = planLaunch(call, region);
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

function planLaunch(call: ApiCall, region: Ec2Region) {
  const { params } = call;
  const template = templateOf(params, region);
  const imageId = text(params, 'ImageId') ?? template?.imageId;
  if (imageId === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter ImageId');
  if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(imageId)) {
    throw new ApiError('InvalidAMIID.Malformed', `Invalid id: "${imageId}"`);
  }
  const options = effectiveOptions(
    readOptions(at(params, 'MetadataOptions')),
    template?.options ?? {},
    region.defaults,
    region.images.get(imageId) ?? {},
  );
  checkEnforced(options, region.defaults, 'launch instances with IMDSv1');
  const principal = text(params, 'Operator', 'Principal');
  return {
    count: countOf(params),
    region: region.name,
    clientToken: text(params, 'ClientToken') ?? '',
    imageId,
    instanceType: text(params, 'InstanceType') ?? template?.instanceType ?? DEFAULT_TYPE,
    keyName: text(params, 'KeyName'),
    subnetId: text(params, 'SubnetId'),
    profileArn: text(params, 'IamInstanceProfile', 'Arn'),
    operator: principal === undefined ? undefined : { principal, hiddenByDefault: true },
    requesterId: call.caller.invokedBy === undefined ? undefined : '000000000000',
    options: options satisfies MetadataOptions,
    tags: launchTags(call, template),
  };
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

const fingerprint = (params: Params): string =>
  JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)));

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

function templateOf(params: Params, region: Ec2Region): LaunchTemplate | undefined {
  const wanted = at(params, 'LaunchTemplate');
  if (wanted === undefined) return undefined;
  const [id, name] = [text(wanted, 'LaunchTemplateId'), text(wanted, 'LaunchTemplateName')];
  const version = text(wanted, 'Version') ?? '$Default';
  const versions = region.launchTemplates.filter((template) => template.id === id || template.name === name);
  if (versions.length === 0) {
    throw new ApiError('InvalidLaunchTemplateId.NotFound', `The launch template ${id ?? name ?? ''} does not exist`);
  }
  const found =
    version === '$Latest'
      ? versions.at(-1)
      : version === '$Default'
        ? versions[0]
        : versions.find((template) => template.version === version);
  if (found !== undefined) return found;
  throw new ApiError(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find version ${version} of the launch template`,
  );
}

function launchTags(call: ApiCall, template: LaunchTemplate | undefined): Map<string, string> {
  const given = list(call.params, 'TagSpecification')
    .filter((specification) => text(specification, 'ResourceType') === 'instance')
    .flatMap(readTags);
  checkTags(given, call.caller);
  const templateTags: [string, string][] =
    template === undefined
      ? []
      : [
          ['aws:ec2launchtemplate:id', template.id],
          ['aws:ec2launchtemplate:version', template.version],
        ];
  return new Map([...Object.entries(template?.tags ?? {}), ...given, ...templateTags]);
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
