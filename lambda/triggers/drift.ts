import { type RequestedOptions, toInstanceId } from '../core/target.ts';
import { callerOf, isCall, isFailed, successful } from './cloudtrail.ts';
import { at, isObject, type Json, text } from './json.ts';
import { asksFor, notUnderstood, type Trigger } from './trigger.ts';

const call = successful('ModifyInstanceMetadataOptions');
const WRAPPER = 'ModifyInstanceMetadataOptionsRequest';

/**
 * A call that may have re-enabled IMDSv1: with optional tokens, or with an enabled endpoint and no tokens.
 *
 * The record does not have the options before the call, and harmless changes look the same: the console and Terraform
 * send every option, and the user guide names the endpoint beside a hop limit. A remediation sends
 * `HttpTokens=required`, which the pattern does not match, so it cannot trigger another one.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
 */
export const drift: Trigger = {
  name: 'drift',
  exposure: 'new-by-call',
  onExisting: { name: 'drift', inDigest: true },
  exposedByCall: true,
  drift: true,
  opening: 'IMDSv1 was re-enabled',
  sentences: {
    exempt:
      'IMDSv1 was re-enabled, and an exemption in date covers it. Check that both were approved. IMDSv1 stays enabled.',
  },
  ruleId: 'Drift',
  description: 'ModifyInstanceMetadataOptions that re-enabled IMDSv1, or enabled IMDS without requiring IMDSv2',
  pattern: {
    ...call,
    detail: {
      ...call.detail,
      // Unlike RunInstances, EC2 wraps this request and capitalizes its fields. The plain form occurs in records that
      // passed through other tools.
      $or: [
        { requestParameters: { [WRAPPER]: { HttpTokens: ['optional'] } } },
        { requestParameters: { [WRAPPER]: { HttpTokens: [{ exists: false }], HttpEndpoint: ['enabled'] } } },
        { requestParameters: { httpTokens: ['optional'] } },
        { requestParameters: { httpTokens: [{ exists: false }], httpEndpoint: ['enabled'] } },
      ],
    },
  },
  accepts: (event) => isCall(event, 'ModifyInstanceMetadataOptions'),
  parse: (event, { account, region, eventId, occurredAt }) => {
    if (isFailed(event)) return asksFor();
    const request = requestOf(event);
    const instanceId = toInstanceId(field(request, 'InstanceId'));
    if (instanceId === undefined) return notUnderstood('requestParameters has no usable InstanceId');
    const options = { HttpTokens: field(request, 'HttpTokens'), HttpEndpoint: field(request, 'HttpEndpoint') };
    const recorded = { ...options, requested: requestedIn(request) };
    const context = { trigger: drift, eventId, occurredAt, caller: callerOf(event), recorded };
    return asksFor({ account, region, instanceId, context });
  },
};

function requestOf(event: Json): Json {
  const parameters = at(event, 'detail', 'requestParameters');
  const wrapped = at(parameters, WRAPPER);
  return isObject(wrapped) ? wrapped : parameters;
}

/** The fields of a request that enables IMDS and asks for nothing else. */
const ENABLES_IMDS = /^(instanceid|httpendpoint|dryrun)$/i;

function requestedIn(request: Json): RequestedOptions {
  if (field(request, 'HttpTokens') !== undefined) return 'optional-tokens';
  const names = isObject(request) ? Object.keys(request) : [];
  return names.every((name) => ENABLES_IMDS.test(name)) ? 'enabled-endpoint' : 'other-options';
}

function field(request: Json, name: string): string | undefined {
  return text(request, name) ?? text(request, name.charAt(0).toLowerCase() + name.slice(1));
}
