import type { RequestedLaunch } from '../core/prevention/event.ts';
import { callerOf, ec2Call, isCall } from './cloudtrail.ts';
import { at, type Json, list, text } from './json.ts';
import { asksFor, type Trigger } from './trigger.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html */
const REFUSAL = 'Client.UnsupportedOperation';

/**
 * A launch that EC2 refused because it would have IMDSv1 enabled and `HttpTokensEnforced` is enabled.
 *
 * Nothing was launched, so there is nothing to evaluate. But a launch source that cannot launch, such as an Auto Scaling
 * group that has to scale out, needs attention.
 */
export const refusedLaunch: Trigger = {
  name: 'refused-launch',
  ruleId: 'RefusedLaunch',
  description: 'RunInstances that EC2 refused because it would have enabled IMDSv1, and IMDSv2 is enforced',
  pattern: ec2Call('RunInstances', { errorCode: [REFUSAL], errorMessage: [{ wildcard: '*IMDSv1*' }] }),
  accepts: isRefusedLaunch,
  parse: (event, envelope) => ({
    ...asksFor(),
    prevention: {
      ...envelope,
      trigger: refusedLaunch.name,
      kind: 'launch-refused',
      caller: callerOf(event),
      launch: launchIn(at(event, 'detail', 'requestParameters')),
      errorMessage: text(event, 'detail', 'errorMessage') ?? '',
    },
  }),
};

/** Whether an event is the record of such a launch. */
export function isRefusedLaunch(event: Json): boolean {
  const isRefused = text(event, 'detail', 'errorCode') === REFUSAL && isCall(event, 'RunInstances');
  return isRefused && text(event, 'detail', 'errorMessage')?.includes('IMDSv1') === true;
}

/**
 * What the call asked for. The record of a launch by an AWS service has no launch template, and only the client token of
 * a fleet.
 */
function launchIn(request: Json): RequestedLaunch {
  const template = at(request, 'launchTemplate');
  return {
    launchTemplateId: text(template, 'launchTemplateId'),
    launchTemplateName: text(template, 'launchTemplateName'),
    launchTemplateVersion: text(template, 'version'),
    fleetId: text(request, 'clientToken')?.match(/^(fleet-[0-9a-f-]{36})-\d+$/)?.[1],
    imageId: text(list(request, 'instancesSet', 'items')[0], 'imageId'),
    instanceType: text(request, 'instanceType'),
    subnetId: text(request, 'subnetId'),
    httpTokens: text(request, 'metadataOptions', 'httpTokens'),
  };
}
