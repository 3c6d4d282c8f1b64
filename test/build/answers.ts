import { createHash } from 'node:crypto';
import type { Answer, Recorded } from './recording-server.ts';

/** Responses of an AWS with one instance, one topic, one queue and one value of a metric. */
export function answer(request: Recorded): Answer {
  const target = request.headers['x-amz-target'];
  if (target === 'GraniteServiceVersion20100801.GetMetricData') return MEASURED;
  if (String(target).endsWith('.LookupEvents')) return TOO_MANY;
  if (target) return answerSqs(request);
  const parameters = new URLSearchParams(request.body);
  const action = parameters.get('Action') ?? '';
  if (action === 'DescribeInstances') return parameters.has('InstanceId.1') ? INSTANCE_NOT_FOUND : DESCRIBED;
  if (action === 'ModifyInstanceMetadataOptions') return MODIFIED;
  if (parameters.get('TopicArn')?.endsWith(':denied')) return DENIED;
  if (action === 'Publish') return parameters.get('TopicArn')?.endsWith(':gone') ? TOPIC_NOT_FOUND : PUBLISHED;
  return { status: 500, body: `not prepared for ${action}` };
}

const EC2 = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';
const SNS = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"';
const xml = (status: number, body: string): Answer => ({ status, headers: { 'content-type': 'text/xml' }, body });

const DESCRIBED = xml(
  200,
  `<DescribeInstancesResponse ${EC2}><requestId>r-1</requestId><reservationSet><item>
    <reservationId>r-0123456789abcdef0</reservationId><ownerId>111122223333</ownerId><instancesSet><item>
      <instanceId>i-0123456789abcdef0</instanceId><instanceState><code>16</code><name>running</name></instanceState>
      <launchTime>2026-01-02T03:04:05.000Z</launchTime><ebsOptimized>false</ebsOptimized>
      <tagSet><item><key>Name</key><value>web &amp; more</value></item><item><key>empty</key><value/></item></tagSet>
      <networkInterfaceSet><item><attachment><deviceIndex>0</deviceIndex><attachTime>2026-01-01T00:00:00.000Z</attachTime>
        </attachment></item></networkInterfaceSet>
      <operator><managed>false</managed></operator>
      <metadataOptions><state>applied</state><httpTokens>optional</httpTokens><httpPutResponseHopLimit>1</httpPutResponseHopLimit>
        <httpEndpoint>enabled</httpEndpoint></metadataOptions>
    </item></instancesSet></item></reservationSet><nextToken>more</nextToken></DescribeInstancesResponse>`,
);

const MODIFIED = xml(
  200,
  `<ModifyInstanceMetadataOptionsResponse ${EC2}><requestId>r-2</requestId><instanceId>i-0123456789abcdef0</instanceId>
    <instanceMetadataOptions><state>pending</state><httpTokens>required</httpTokens><httpEndpoint>enabled</httpEndpoint>
    </instanceMetadataOptions></ModifyInstanceMetadataOptionsResponse>`,
);

const INSTANCE_NOT_FOUND = xml(
  400,
  `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>
    <Message>The instance ID 'i-0000000000000000f' does not exist</Message></Error></Errors><RequestID>r-3</RequestID></Response>`,
);

const PUBLISHED = xml(
  200,
  `<PublishResponse ${SNS}><PublishResult><MessageId>m-1</MessageId></PublishResult>
    <ResponseMetadata><RequestId>r-4</RequestId></ResponseMetadata></PublishResponse>`,
);

const MEASURED: Answer = {
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: '{"MetricDataResults":[{"Id":"m0","StatusCode":"Complete","Timestamps":[1767323040],"Values":[1.5]}],"Messages":[]}',
};

const TOPIC_NOT_FOUND = xml(
  404,
  `<ErrorResponse ${SNS}><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error>
    <RequestId>r-5</RequestId></ErrorResponse>`,
);

const DENIED = xml(
  403,
  `<ErrorResponse ${SNS}><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>No</Message></Error>
    <RequestId>r-6</RequestId></ErrorResponse>`,
);

const TOO_MANY: Answer = {
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: '{"__type":"InvalidMaxResultsException","Message":"A value of 1 to 50 is required"}',
};

function answerSqs({ body }: Recorded): Answer {
  const headers = { 'content-type': 'application/x-amz-json-1.0' };
  const { QueueUrl, MessageBody } = JSON.parse(body) as Record<string, string>;
  if (!QueueUrl?.endsWith('/gone')) {
    // The SDK rejects a response with another digest than that of the sent message.
    const MD5OfMessageBody = createHash('md5').update(String(MessageBody)).digest('hex');
    return { status: 200, headers, body: JSON.stringify({ MessageId: 'm-2', MD5OfMessageBody }) };
  }
  const error = {
    __type: 'com.amazonaws.sqs#QueueDoesNotExist',
    message: 'The specified queue does not exist.',
  };
  return {
    status: 400,
    headers: { ...headers, 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' },
    body: JSON.stringify(error),
  };
}
