import { uuidOf } from '../simulation/ids.ts';
import type { RecordedSoftwareCall } from '../simulation/software.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { userIdentityOf } from './identity.ts';
import { wholeSeconds } from './record.ts';

/** An event of event history, and when its call was made. */
interface DatedEvent {
  readonly at: number;
  readonly event: Record<string, ResponseValue>;
}

/**
 * The events of calls that software on instances made.
 *
 * The session name of an instance role is the instance id.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export const softwareEvents = (calls: readonly RecordedSoftwareCall[], account: string): DatedEvent[] =>
  calls.map((call, index) => ({ at: call.at, event: eventOf(call, index, account) }));

function eventOf(call: RecordedSoftwareCall, index: number, account: string): Record<string, ResponseValue> {
  const { instanceId, at, action, service, delivery = '1.0', sourceIp = '203.0.113.10', vpcEndpointId } = call;
  const time = wholeSeconds(at);
  const identity = userIdentityOf({ arn: `arn:aws:sts::${account}:assumed-role/App/${instanceId}` }, 'ASIALOCAL', time);
  const sessionContext = { ...(identity.sessionContext as object), ec2RoleDelivery: delivery };
  const eventID = uuidOf('software', `${instanceId} ${index}`);
  const readOnly = /^(Describe|Get|List)/.test(action);
  const record = {
    eventVersion: '1.11',
    userIdentity: { ...identity, sessionContext },
    eventTime: time,
    eventSource: `${service}.amazonaws.com`,
    eventName: action,
    sourceIPAddress: sourceIp,
    userAgent: call.userAgent,
    eventID,
    readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    ...(vpcEndpointId !== undefined && { vpcEndpointId }),
    eventCategory: 'Management',
  };
  return {
    EventId: eventID,
    EventName: action,
    EventSource: `${service}.amazonaws.com`,
    EventTime: new Date(at),
    ReadOnly: String(readOnly),
    Username: instanceId,
    Resources: [],
    CloudTrailEvent: JSON.stringify(record),
  };
}
