import type { QueueRecord } from '../../lambda/app/handle-batch.ts';
import { ACCOUNT, EVENT_ID, INSTANCE, LAUNCHED, REGION } from './builders.ts';

/** An EventBridge event, as far as tests read it. */
export interface BusEvent {
  readonly version: string;
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Parts of the envelope that a test can change. */
export type Envelope = Partial<Pick<BusEvent, 'id' | 'account' | 'region' | 'time'>>;

const TIME = LAUNCHED.toISOString().replace('.000Z', 'Z');

const envelope = (detailType: string, detail: BusEvent['detail'], over: Envelope): BusEvent => ({
  version: '0',
  id: EVENT_ID,
  'detail-type': detailType,
  source: 'aws.ec2',
  account: ACCOUNT,
  time: TIME,
  region: REGION,
  resources: [],
  ...over,
  detail,
});

/** The event of a CloudTrail record; `detail` adds or replaces parts of it, `undefined` removes one. */
function call(eventName: string, detail: BusEvent['detail'], over: Envelope): BusEvent {
  const { account = ACCOUNT, region = REGION, time = TIME } = over;
  const record = {
    eventVersion: '1.11',
    userIdentity: {
      type: 'AssumedRole',
      principalId: 'AROAEXAMPLEEXAMPLE123:kim',
      arn: `arn:aws:sts::${account}:assumed-role/deployer/kim`,
      accountId: account,
    },
    eventTime: time,
    eventSource: 'ec2.amazonaws.com',
    eventName,
    awsRegion: region,
    sourceIPAddress: '198.51.100.23',
    userAgent: 'aws-cli/2.31.0',
    requestID: '0c4f3b1e-58a2-4f7d-8f63-1f2e3d4c5b6a',
    eventID: 'f2a1c3d4-9b8e-4c7d-a6f5-0e1d2c3b4a59',
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
    ...detail,
  };
  // As EventBridge delivers it: without `undefined`.
  const json = JSON.parse(JSON.stringify(record)) as BusEvent['detail'];
  return envelope('AWS API Call via CloudTrail', json, over);
}

/** One instance of a RunInstances response; without `httpTokens`, it has no metadata options. */
export interface LaunchedItem {
  readonly instanceId?: string;
  readonly httpTokens?: string;
  readonly httpEndpoint?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** An item of `responseElements.instancesSet`, in CloudTrail's form. */
export function launchedItem({ instanceId = INSTANCE, httpTokens, httpEndpoint = 'enabled', tags }: LaunchedItem) {
  const metadataOptions = {
    state: 'pending',
    httpTokens,
    httpPutResponseHopLimit: 1,
    httpEndpoint,
    httpProtocolIpv4: 'enabled',
    httpProtocolIpv6: 'disabled',
    instanceMetadataTags: 'disabled',
  };
  return {
    instanceId,
    imageId: 'ami-0b1c2d3e4f5061728',
    instanceState: { code: 0, name: 'pending' },
    instanceType: 't4g.nano',
    launchTime: LAUNCHED.getTime(),
    productCodes: {},
    tagSet: tags === undefined ? {} : { items: Object.entries(tags).map(([key, value]) => ({ key, value })) },
    ...(httpTokens === undefined ? {} : { metadataOptions }),
  };
}

/** A successful RunInstances of one instance with IMDSv1. */
export function launchEvent({
  items = [{ httpTokens: 'optional' }],
  detail = {},
  ...over
}: Envelope & { items?: readonly LaunchedItem[]; detail?: BusEvent['detail'] } = {}): BusEvent {
  const count = items.length;
  return call(
    'RunInstances',
    {
      requestParameters: {
        instancesSet: { items: [{ imageId: 'ami-0b1c2d3e4f5061728', minCount: count, maxCount: count }] },
        instanceType: 't4g.nano',
        clientToken: '5f0c2d1e-7a6b-4c3d-9e8f-a1b2c3d4e5f6',
      },
      responseElements: {
        requestId: '0c4f3b1e-58a2-4f7d-8f63-1f2e3d4c5b6a',
        reservationId: 'r-0c1d2e3f405162738',
        ownerId: over.account ?? ACCOUNT,
        groupSet: {},
        instancesSet: { items: items.map(launchedItem) },
      },
      ...detail,
    },
    over,
  );
}

/** What CloudTrail writes in place of a part that it omits. */
export const OMITTED = {
  omitted: true,
  originalSize: 131_072,
  reason: 'responseElements too large',
} as const;

/** A launch so large that CloudTrail omitted its instances. */
export const largeLaunchEvent = (count: number, over: Envelope = {}): BusEvent =>
  launchEvent({
    ...over,
    items: Array.from({ length: count }, () => ({})),
    detail: { responseElements: OMITTED },
  });

/** A failed RunInstances. */
export const failedLaunchEvent = (over: Envelope = {}): BusEvent =>
  launchEvent({
    ...over,
    detail: { errorCode: 'Client.InstanceLimitExceeded', errorMessage: 'too many', responseElements: null },
  });

/** A successful ModifyInstanceMetadataOptions that re-enables IMDSv1; `request` replaces the request. */
export function driftEvent({
  instanceId = INSTANCE,
  request = { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
  detail = {},
  ...over
}: Envelope & {
  instanceId?: string;
  request?: Readonly<Record<string, unknown>>;
  detail?: BusEvent['detail'];
} = {}): BusEvent {
  return call(
    'ModifyInstanceMetadataOptions',
    {
      requestParameters: { ModifyInstanceMetadataOptionsRequest: { InstanceId: instanceId, ...request } },
      responseElements: { ModifyInstanceMetadataOptionsResponse: { instanceId } },
      ...detail,
    },
    over,
  );
}

/** A drift record in the plain form, as it occurs after other tools. */
export const flatDriftEvent = (request: Readonly<Record<string, unknown>>): BusEvent =>
  driftEvent({ detail: { requestParameters: { instanceId: INSTANCE, ...request } } });

/** A tag of a request; DeleteTags works without a value. */
export interface RequestedTag {
  readonly key: string;
  readonly value?: string;
}

/** Resources and tags of a call. */
type TagChange = Envelope & {
  readonly resources?: readonly string[];
  readonly tags?: readonly RequestedTag[];
  readonly detail?: BusEvent['detail'];
};

/** Sets as CloudTrail writes them: an empty one is `{}`. */
const set = (items: readonly unknown[]) => (items.length > 0 ? { items } : {});

function tagsCall(eventName: string, { resources = [INSTANCE], tags = [], detail, ...over }: TagChange): BusEvent {
  const resourcesSet = set(resources.map((resourceId) => ({ resourceId })));
  const requestParameters = { resourcesSet, tagSet: set(tags) };
  return call(eventName, { requestParameters, responseElements: { _return: true }, ...detail }, over);
}

/** A successful CreateTags; by default it sets the exemption tag on one instance. */
export const createTagsEvent = (over: TagChange = {}): BusEvent =>
  tagsCall('CreateTags', { tags: [{ key: 'imdsv2:exempt-until', value: '2026-12-31' }], ...over });

/** A successful DeleteTags; by default it removes the exemption tag of one instance. */
export const deleteTagsEvent = (over: TagChange = {}): BusEvent =>
  tagsCall('DeleteTags', { tags: [{ key: 'imdsv2:exempt-until' }], ...over });

/** A state-change event, by default to `running`. */
export function runningEvent({
  instanceId = INSTANCE,
  state = 'running',
  ...over
}: Envelope & { instanceId?: string; state?: string } = {}): BusEvent {
  const { account = ACCOUNT, region = REGION } = over;
  const event = envelope('EC2 Instance State-change Notification', { 'instance-id': instanceId, state }, over);
  return { ...event, resources: [`arn:aws:ec2:${region}:${account}:instance/${instanceId}`] };
}

/** The nonce of a ping. */
export const NONCE = '0f4c1d2e-3b5a-4978-8c6d-7e9f0a1b2c3d';

/** A ping, by default for one instance. */
export function pingEvent({
  detail = { nonce: NONCE, instanceId: INSTANCE },
  ...over
}: Envelope & { detail?: BusEvent['detail'] } = {}): BusEvent {
  return { ...envelope('Ping', detail, over), source: 'imdsv2-enforcer.ping' };
}

/** Messages m1, m2, … on their first delivery. A string is a body as it is. */
export const queueRecords = (...contents: readonly unknown[]): QueueRecord[] =>
  contents.map((content, index) => ({
    messageId: `m${index + 1}`,
    body: typeof content === 'string' ? content : JSON.stringify(content),
    receiveCount: 1,
  }));

/** What EC2 answers to a launch with IMDSv1 where IMDSv2 is enforced. */
const ENFORCED =
  "You can't launch instances with IMDSv1 because httpTokensEnforced is enabled for this account. Either launch the " +
  'instance with httpTokens=required or contact your account owner to disable httpTokensEnforced.';

/** A launch that enforcement refused; `request` adds to or replaces its parameters. */
export function refusedLaunchEvent(
  request: Readonly<Record<string, unknown>> = {},
  { detail = {}, ...over }: Envelope & { readonly detail?: BusEvent['detail'] } = {},
): BusEvent {
  const requestParameters = {
    instancesSet: { items: [{ minCount: 1, maxCount: 1 }] },
    launchTemplate: { launchTemplateId: 'lt-0a1b2c3d4e5f60718', version: '7' },
    instanceType: 't3.micro',
    clientToken: '5f0d2b1e-9c1b-4a52-8a0e-0c3a4b5d6e7f',
    ...request,
  };
  const refusal = { errorCode: 'Client.UnsupportedOperation', errorMessage: ENFORCED, responseElements: null };
  return call('RunInstances', { ...refusal, requestParameters, ...detail }, over);
}

/** The service-linked role of Auto Scaling, as in the record of its launches. */
export const AUTO_SCALING = {
  userIdentity: {
    type: 'AssumedRole',
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling`,
    accountId: ACCOUNT,
    invokedBy: 'autoscaling.amazonaws.com',
  },
  sourceIPAddress: 'autoscaling.amazonaws.com',
  userAgent: 'autoscaling.amazonaws.com',
};

/** A change of the metadata defaults of the account, in the wrapped form. */
export function defaultsEvent(
  request: Readonly<Record<string, unknown>>,
  { detail = {}, ...over }: Envelope & { readonly detail?: BusEvent['detail'] } = {},
): BusEvent {
  const requestParameters = { ModifyInstanceMetadataDefaultsRequest: request };
  const responseElements = { ModifyInstanceMetadataDefaultsResponse: { return: true } };
  return call('ModifyInstanceMetadataDefaults', { requestParameters, responseElements, ...detail }, over);
}
