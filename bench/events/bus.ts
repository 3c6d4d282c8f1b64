import type { Instance } from './ec2.ts';

export const ACCOUNT = '111122223333';

/**
 * The event of a launch, as CloudTrail puts it on the bus. @param omitted whether its record was too large for the ids.
 */
export function launchEvent(instances: readonly Instance[], omitted: boolean): object {
  const [first] = instances;
  if (first === undefined) throw new RangeError('a launch has at least one instance');
  const { token } = first;
  const metadataOptions = {
    state: 'pending',
    httpTokens: 'optional',
    httpPutResponseHopLimit: 1,
    httpEndpoint: 'enabled',
  };
  const items = instances.map(({ id }) => ({ instanceId: id, imageId: 'ami-0b1c2d3e4f5061728', metadataOptions }));
  const count = instances.length;
  return callEvent(first, `event-${token}`, {
    eventName: 'RunInstances',
    requestParameters: {
      instancesSet: { items: [{ imageId: 'ami-0b1c2d3e4f5061728', minCount: count, maxCount: count }] },
      clientToken: token,
    },
    responseElements: omitted
      ? { omitted: true, originalSize: 131_072, reason: 'responseElements too large' }
      : { reservationId: 'r-0c1d2e3f405162738', ownerId: ACCOUNT, instancesSet: { items } },
  });
}

/** The event of a call that re-enabled IMDSv1. */
export const driftEvent = (instance: Instance): object =>
  callEvent(instance, `drift-${instance.id}`, {
    eventName: 'ModifyInstanceMetadataOptions',
    requestParameters: {
      ModifyInstanceMetadataOptionsRequest: {
        InstanceId: instance.id,
        HttpTokens: 'optional',
        HttpEndpoint: 'enabled',
      },
    },
    responseElements: { ModifyInstanceMetadataOptionsResponse: { instanceId: instance.id } },
  });

/** A call at the time at which the exposure of an instance began. */
function callEvent({ region, launchedAt }: Instance, id: string, call: object): object {
  const time = new Date(launchedAt).toISOString();
  return {
    version: '0',
    id,
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.ec2',
    account: ACCOUNT,
    time,
    region,
    resources: [],
    detail: {
      eventVersion: '1.11',
      userIdentity: {
        type: 'AssumedRole',
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/deployer/kim`,
        accountId: ACCOUNT,
      },
      eventTime: time,
      eventSource: 'ec2.amazonaws.com',
      awsRegion: region,
      sourceIPAddress: '198.51.100.23',
      userAgent: 'aws-cli/2.31.0',
      ...call,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: ACCOUNT,
    },
  };
}

/** The event of an instance that is running, as EC2 puts it on the bus. */
export function runningEvent({ id, region }: Instance, now: number): object {
  return {
    version: '0',
    id: `running-${id}`,
    'detail-type': 'EC2 Instance State-change Notification',
    source: 'aws.ec2',
    account: ACCOUNT,
    time: new Date(now).toISOString(),
    region,
    resources: [`arn:aws:ec2:${region}:${ACCOUNT}:instance/${id}`],
    detail: { 'instance-id': id, state: 'running' },
  };
}
