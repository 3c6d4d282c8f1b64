import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { types } from 'node:util';
import { LAUNCHED } from './builders.ts';

// Errors of Node.js are not instances of Jest's `Error`. The SDK tests for that, and would replace the error of a reset
// connection with one that has no name.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: typeof Error, value: unknown): boolean {
    return this === Error ? types.isNativeError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  },
});

/** A call that the server received. */
export interface Call {
  /** `DescribeInstances`, `Publish`, `SendMessageBatch`, ... */
  readonly action: string;
  /** Form fields of EC2 and SNS without `Action` and `Version`; the JSON of the other services. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
}

/** An HTTP response. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A prepared response, or none: the connection is reset, or the call is never answered. */
export type Prepared = Answer | 'reset' | 'silence';

/** Credentials that are invalid for AWS. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret' };

/** EC2, SNS, SQS, CloudWatch, CloudTrail and EventBridge on a loopback port. */
export interface Loopback {
  readonly url: string;
  /** The instances of EC2 by id, including changes by calls. */
  readonly instances: Map<string, WireInstance>;
  /** Prepares responses for the next calls of an action. After them, it has its usual response again. */
  prepare(action: string, ...answers: readonly Prepared[]): void;
  /** Removes and returns the recorded calls; of one action if it is named. */
  take(action?: string): Call[];
  /** Removes instances, calls and prepared responses. */
  reset(): void;
  close(): Promise<void>;
}

/** Starts the server on a free port. */
export async function startLoopback(): Promise<Loopback> {
  const instances = new Map<string, WireInstance>();
  const calls: Call[] = [];
  const prepared: { readonly action: string; readonly answer: Prepared }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const call = read(request.headers, body);
      calls.push(call);
      const index = prepared.findIndex(({ action }) => action === call.action);
      const [planned] = index < 0 ? [] : prepared.splice(index, 1);
      const answer = planned?.answer ?? usual(call, instances);
      if (answer === 'silence') return;
      if (answer === 'reset') return void request.socket.destroy();
      const type = answer.body.startsWith('{') ? 'application/x-amz-json-1.0' : 'text/xml';
      response.writeHead(answer.status, { 'content-type': type }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    instances,
    prepare: (action, ...answers) => {
      prepared.push(...answers.map((answer) => ({ action, answer })));
    },
    take: (action) => calls.splice(0).filter((call) => action === undefined || call.action === action),
    reset: () => {
      instances.clear();
      calls.splice(0);
      prepared.splice(0);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function read(headers: IncomingHttpHeaders, body: string): Call {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const parameters = JSON.parse(body) as Record<string, unknown>;
    return { action: target.replace(/^.*\./, ''), parameters, headers };
  }
  const fields = new URLSearchParams(body);
  const action = fields.get('Action') ?? '';
  fields.delete('Action');
  fields.delete('Version');
  return { action, parameters: Object.fromEntries(fields), headers };
}

function usual({ action, parameters }: Call, instances: Map<string, WireInstance>): Answer {
  switch (action) {
    case 'DescribeInstances': {
      const ids = filterValues(parameters, 'instance-id');
      const tokens = filterValues(parameters, 'metadata-options.http-tokens');
      const shown = [...instances].filter(
        ([id, { httpTokens = 'optional' }]) =>
          (ids.length === 0 || ids.includes(id)) && (tokens.length === 0 || tokens.includes(httpTokens)),
      );
      return reservations(shown.map(([id, instance]) => [instanceXml(id, instance)]));
    }
    case 'ModifyInstanceMetadataOptions': {
      if (parameters.DryRun === 'true') return dryRun(parameters.HttpTokens);
      const id = String(parameters.InstanceId);
      const instance = instances.get(id);
      if (instance === undefined)
        return ec2Error('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
      instances.set(id, { ...instance, httpTokens: String(parameters.HttpTokens) });
      return modified();
    }
    case 'LookupEvents':
      return json({ Events: [] });
    case 'Publish':
      return ok('<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>');
    case 'SendMessage':
      return json({ MessageId: 'm-2', MD5OfMessageBody: md5(parameters.MessageBody) });
    case 'SendMessageBatch': {
      const entries = parameters.Entries as readonly { readonly Id: string; readonly MessageBody: string }[];
      const accepted = entries.map(({ Id, MessageBody }) => ({
        Id,
        MessageId: Id,
        MD5OfMessageBody: md5(MessageBody),
      }));
      return json({ Successful: accepted, Failed: [] });
    }
    case 'PutEvents': {
      const entries = parameters.Entries as readonly unknown[];
      return json({ FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: `event-${index}` })) });
    }
    case 'ReceiveMessage':
      return json({});
    case 'DeleteMessageBatch': {
      const entries = parameters.Entries as readonly { readonly Id: string }[];
      return json({ Successful: entries.map(({ Id }) => ({ Id })), Failed: [] });
    }
    case 'DescribeRegions':
      return ok(
        '<DescribeRegionsResponse><regionInfo><item><regionName>eu-west-1</regionName></item></regionInfo></DescribeRegionsResponse>',
      );
    case 'GetInstanceMetadataDefaults':
      return ok(
        '<GetInstanceMetadataDefaultsResponse><accountLevel><httpTokens>required</httpTokens></accountLevel></GetInstanceMetadataDefaultsResponse>',
      );
    case 'DescribeLaunchTemplates':
    case 'DescribeLaunchTemplateVersions':
    case 'DescribeFleets':
    case 'DescribeSpotFleetRequests':
    case 'DescribeSpotInstanceRequests':
      return ok(`<${action}Response></${action}Response>`);
    case 'DescribeAutoScalingGroups':
    case 'DescribeLaunchConfigurations':
      return ok(`<${action}Response><${action}Result></${action}Result></${action}Response>`);
    case 'GetMetricData':
      return json({ MetricDataResults: [], Messages: [] });
    case 'DescribeTrails':
      return json({ trailList: [{ Name: 'all', TrailARN: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/all' }] });
    case 'GetTrailStatus':
      return json({ IsLogging: true });
    case 'DescribeRule':
      return json({ Name: parameters.Name, State: 'ENABLED' });
    case 'GetQueueAttributes':
      return json({ Attributes: { ApproximateNumberOfMessages: '0' } });
    default:
      return { status: 400, body: `<Response>no answer to ${action}</Response>` };
  }
}

/** The response of EC2 to a role that must not re-enable IMDSv1. */
const dryRun = (httpTokens: unknown): Answer =>
  httpTokens === 'required'
    ? ec2Error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412)
    : ec2Error('UnauthorizedOperation', 'with an explicit deny in an identity-based policy', 403);

/** The values of one filter of a call. */
export function filterValues(parameters: Call['parameters'], name: string): string[] {
  const [key] = Object.entries(parameters).find(([, value]) => value === name) ?? [];
  const prefix = `${key?.replace(/Name$/, 'Value')}.`;
  return Object.entries(parameters).flatMap(([key, value]) => (key.startsWith(prefix) ? [String(value)] : []));
}

/** An instance of EC2; by default a new, running one with IMDSv1 enabled. */
export interface WireInstance {
  readonly httpTokens?: string;
  readonly httpEndpoint?: string;
  readonly state?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** The time of its first launch and last start; by default `LAUNCHED`. */
  readonly launchedAt?: Date;
}

/** An `item` of `instancesSet`. */
export function instanceXml(id: string, instance: WireInstance = {}): string {
  const { httpTokens = 'optional', httpEndpoint = 'enabled', state = 'running', tags = {} } = instance;
  const { launchedAt = LAUNCHED } = instance;
  const tagSet = Object.entries(tags).map(([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`);
  const at = launchedAt.toISOString();
  return `<item><instanceId>${id}</instanceId><instanceState><code>16</code><name>${state}</name></instanceState>
    <launchTime>${at}</launchTime><tagSet>${tagSet.join('')}</tagSet>
    <networkInterfaceSet><item><attachment><deviceIndex>0</deviceIndex><attachTime>${at}</attachTime></attachment></item>
    </networkInterfaceSet><metadataOptions><state>applied</state><httpTokens>${httpTokens}</httpTokens>
    <httpPutResponseHopLimit>1</httpPutResponseHopLimit><httpEndpoint>${httpEndpoint}</httpEndpoint></metadataOptions></item>`;
}

/** A page of DescribeInstances with the items of each reservation. */
export function reservations(items: readonly (readonly string[])[], nextToken?: string): Answer {
  const sets = items.map((reservation) => `<item><instancesSet>${reservation.join('')}</instancesSet></item>`);
  const more = nextToken === undefined ? '' : `<nextToken>${nextToken}</nextToken>`;
  return ok(
    `<DescribeInstancesResponse><reservationSet>${sets.join('')}</reservationSet>${more}</DescribeInstancesResponse>`,
  );
}

/** The response of ModifyInstanceMetadataOptions. */
export const modified = (): Answer =>
  ok(`<ModifyInstanceMetadataOptionsResponse><instanceMetadataOptions><state>pending</state>
    <httpTokens>required</httpTokens><httpPutResponseHopLimit>1</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>
    </instanceMetadataOptions></ModifyInstanceMetadataOptionsResponse>`);

/** An error response of EC2. */
export const ec2Error = (code: string, message = 'no', status = 400): Answer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>r-1</RequestID></Response>`,
});

/** An error response of SNS. */
export const snsError = (code: string, message = 'no', status = 400): Answer => ({
  status,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r-2</RequestId></ErrorResponse>`,
});

const ok = (body: string): Answer => ({ status: 200, body });

/** A JSON response. */
export const json = (body: unknown, status = 200): Answer => ({ status, body: JSON.stringify(body) });

// The SDK rejects a response with another digest than that of the message it sent.
/** The checksum of a message of SQS. */
export const md5 = (body: unknown): string => createHash('md5').update(String(body)).digest('hex');
