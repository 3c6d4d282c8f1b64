import { toInstanceId } from '../core/target.ts';
import { callerOf, isCall, isFailed, successful } from './cloudtrail.ts';
import { at, isObject, type Json, text } from './json.ts';
import { asksFor, notUnderstood, type Trigger } from './trigger.ts';

const call = successful('ModifyInstanceMetadataOptions');
const WRAPPER = 'ModifyInstanceMetadataOptionsRequest';

/**
 * A call that re-enabled IMDSv1, or enabled IMDS without a version.
 *
 * A remediation sends `HttpTokens=required`, which the pattern does not match, so it cannot trigger another one. A
 * change of the hop limit alone is no drift and does not match either.
 */
export const drift: Trigger = {
  name: 'drift',
  exposure: 'new',
  exposedByCall: true,
  drift: true,
  opening: 'IMDSv1 was re-enabled',
  callLabel: 'IMDSv1 re-enabled',
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
    const recorded = { HttpTokens: field(request, 'HttpTokens'), HttpEndpoint: field(request, 'HttpEndpoint') };
    const context = { trigger: drift, eventId, occurredAt, caller: callerOf(event), recorded };
    return asksFor({ account, region, instanceId, context });
  },
};

function requestOf(event: Json): Json {
  const parameters = at(event, 'detail', 'requestParameters');
  const wrapped = at(parameters, WRAPPER);
  return isObject(wrapped) ? wrapped : parameters;
}

function field(request: Json, name: string): string | undefined {
  return text(request, name) ?? text(request, name.charAt(0).toLowerCase() + name.slice(1));
}
