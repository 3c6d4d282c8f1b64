import { ApiError } from '../wire/errors.ts';
import { text } from '../wire/params.ts';
import type { Action } from './context.ts';
import { CHANGE_REFUSED, changeDefaults, checkEnforced, readOptions } from './metadata-options.ts';
import { optionsShape } from './shape.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataOptions.html */
export const modifyInstanceMetadataOptions: Action = ({ params, at }, region, { lifecycle }) => {
  const change = readOptions(params);
  const [instance] = region.find([text(params, 'InstanceId') ?? ''], at);
  if (instance === undefined)
    throw new ApiError('MissingParameter', 'The request must contain the parameter InstanceId');
  if (instance.operator !== undefined) {
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html; the code is not documented.
    throw new ApiError('OperationNotPermitted', `${instance.id} is managed by ${instance.operator.principal}`);
  }
  if (instance.state === 'terminated' || instance.state === 'shutting-down') {
    // The user guide allows running and stopped instances. The error code for other states is not documented.
    throw new ApiError(
      'IncorrectInstanceState',
      `The instance '${instance.id}' is not in a valid state for this operation`,
    );
  }
  // A field that the request omits keeps its value.
  const options = { ...instance.options, ...change };
  if (options.HttpEndpoint !== 'enabled' && (change.HttpTokens ?? change.HttpPutResponseHopLimit) !== undefined) {
    const name = change.HttpTokens === undefined ? 'HttpPutResponseHopLimit' : 'HttpTokens';
    throw new ApiError(
      'InvalidParameterValue',
      `The HttpEndpoint is not set to 'enabled' in this request. To specify a value for ${name}, set HttpEndpoint to 'enabled'.`,
    );
  }
  checkEnforced(options, region.defaults, CHANGE_REFUSED);
  instance.earlierOptions = [...(instance.earlierOptions ?? []), { options: instance.options, until: at }];
  instance.options = options;
  lifecycle.applyOptions(instance);
  return { instanceId: instance.id, instanceMetadataOptions: optionsShape(options, 'pending') };
};

export const modifyInstanceMetadataDefaults: Action = ({ params }, region) => {
  if (region.declarativePolicy !== undefined) {
    const { exceptionMessage = '' } = region.declarativePolicy;
    // Organizations user guide, declarative policies. The error code is not documented.
    const text = 'This functionality has been disabled by a Declarative Policy.';
    throw new ApiError('DeclarativePolicyViolation', `${text} Custom Message: ${exceptionMessage}`);
  }
  region.defaults = changeDefaults(region.defaults, params);
  return { return: true };
};

export const getInstanceMetadataDefaults: Action = (_call, { defaults, declarativePolicy }) => ({
  accountLevel: {
    httpTokens: defaults.HttpTokens,
    httpPutResponseHopLimit: defaults.HttpPutResponseHopLimit,
    httpEndpoint: defaults.HttpEndpoint,
    instanceMetadataTags: defaults.InstanceMetadataTags,
    httpTokensEnforced: defaults.HttpTokensEnforced ?? 'disabled',
    managedBy: declarativePolicy === undefined ? 'account' : 'declarative-policy',
    managedExceptionMessage: declarativePolicy?.exceptionMessage,
  },
});
