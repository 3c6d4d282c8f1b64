import { toInstanceId } from '../core/target.ts';
import { callerOf, isCall, isFailed, successful } from './cloudtrail.ts';
import { at, isObject, type Json, text } from './json.ts';
import { asksFor, notUnderstood, type Trigger } from './trigger.ts';

const call = successful('ModifyInstanceMetadataOptions');
const WRAPPER = 'ModifyInstanceMetadataOptionsRequest';

/**
 * Somebody allowed IMDSv1 again, or switched IMDS on without saying which version.
 *
 * Our own change sends `HttpTokens=required` and so cannot match: the loop is cut here, not in code. A change of the hop
 * limit alone does not match either; it is nobody's drift.
 */
export const drift: Trigger = {
  name: 'drift',
  ruleId: 'Drift',
  description: 'ModifyInstanceMetadataOptions that allowed IMDSv1, or switched IMDS on without requiring tokens',
  delivery: 'direct',
  pattern: {
    ...call,
    detail: {
      ...call.detail,
      // EC2 wraps this request and writes its fields in capitals, unlike RunInstances. The plain form is seen in records that
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
    const context = { trigger: 'drift', eventId, occurredAt, caller: callerOf(event), recorded } as const;
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
