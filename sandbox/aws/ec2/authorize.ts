import { type AccessRequest, judge } from '../iam/policy.ts';
import { hexOf } from '../simulation/ids.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall } from '../wire/gateway.ts';
import { at, text, texts } from '../wire/params.ts';
import type { Ec2Context } from './context.ts';
import type { Instance } from './instance.ts';
import type { Ec2Region } from './region.ts';
import { readTags } from './tags.ts';

/** The instance ids in the parameters of a call. */
export function namedInstances({ params }: ApiCall): readonly string[] {
  const one = text(params, 'InstanceId');
  return one === undefined ? [...texts(params, 'InstanceId'), ...texts(params, 'ResourceId')] : [one];
}

/**
 * Refuses a call that the policies of the caller do not allow.
 *
 * A caller without policies may do everything.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
export function authorize(call: ApiCall, region: Ec2Region, { account }: Ec2Context): void {
  const { policies, arn } = call.caller;
  if (policies === undefined) return;
  for (const request of requestsOf(call, region, account)) {
    const verdict = judge(policies, request);
    if (verdict === 'allowed') continue;
    const { action, resource } = request;
    const why =
      verdict === 'explicit-deny'
        ? 'with an explicit deny in an identity-based policy'
        : `because no identity-based policy allows the ${action} action`;
    const on = resource === '*' ? '' : ` on resource: ${resource}`;
    const denial = `User: ${arn} is not authorized to perform: ${action}${on} ${why}.`;
    const encoded = `Encoded authorization failure message: ${encodedMessage(call.requestId)}`;
    throw new ApiError(
      'UnauthorizedOperation',
      `You are not authorized to perform this operation. ${denial} ${encoded}`,
      403,
    );
  }
}

const ENCODED_PARTS = 12;
const DIGITS = 64;

/** A text of realistic length. Only STS could decode a real one. */
const encodedMessage = (requestId: string): string =>
  Array.from({ length: ENCODED_PARTS }, (_, part) => hexOf(DIGITS, requestId, part)).join('');

/** One access request for each resource of the call. */
function requestsOf(call: ApiCall, region: Ec2Region, account: string): AccessRequest[] {
  const action = `ec2:${call.action}`;
  const keys = { 'aws:RequestedRegion': region.name, 'ec2:Region': region.name, ...requested(call) };
  const instanceArn = (id: string) => `arn:aws:ec2:${region.name}:${account}:instance/${id}`;
  if (call.action === 'RunInstances') return [{ action, resource: instanceArn('*'), keys }];
  const ids = /^(Describe|Get)/.test(call.action) ? [] : namedInstances(call);
  if (ids.length === 0) return [{ action, resource: '*', keys }];
  return ids.map((id) => ({ action, resource: instanceArn(id), keys: { ...current(region.get(id)), ...keys } }));
}

const OPTIONS = ['HttpTokens', 'HttpEndpoint', 'HttpPutResponseHopLimit', 'InstanceMetadataTags', 'HttpProtocolIpv6'];

/** Condition keys from the request. Only for a launch, `ec2:MetadataHttp…` are the requested options. */
function requested({ action, params }: ApiCall): AccessRequest['keys'] {
  if (action === 'RunInstances') {
    const options = at(params, 'MetadataOptions');
    return {
      'ec2:MetadataHttpTokens': text(options, 'HttpTokens'),
      'ec2:MetadataHttpEndpoint': text(options, 'HttpEndpoint'),
      'ec2:MetadataHttpPutResponseHopLimit': text(options, 'HttpPutResponseHopLimit'),
    };
  }
  const tags = readTags(params);
  return {
    ...Object.fromEntries(OPTIONS.map((name) => [`ec2:Attribute/${name}`, text(params, name)])),
    ...Object.fromEntries(tags.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    'aws:TagKeys': tags.length > 0 ? tags.map(([key]) => key) : undefined,
  };
}

/** Condition keys from the instance. */
function current(instance: Instance | undefined): AccessRequest['keys'] {
  if (instance === undefined) return {};
  const { id, instanceType, options, tags } = instance;
  const tagKeys = [...tags].flatMap(([key, value]) => [
    [`aws:ResourceTag/${key}`, value],
    [`ec2:ResourceTag/${key}`, value],
  ]);
  return {
    ...(Object.fromEntries(tagKeys) as Record<string, string>),
    'ec2:InstanceID': id,
    'ec2:InstanceType': instanceType,
    'ec2:MetadataHttpTokens': options.HttpTokens,
    'ec2:MetadataHttpEndpoint': options.HttpEndpoint,
    'ec2:MetadataHttpPutResponseHopLimit': String(options.HttpPutResponseHopLimit),
  };
}
