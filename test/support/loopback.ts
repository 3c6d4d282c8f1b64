import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { types } from 'node:util';
import { LAUNCHED } from './builders.ts';

// Jest gives tests an `Error` of their own, which Node's errors are no instance of. The SDK looks for that, and would make
// another error, without a name, of a connection that breaks.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: typeof Error, value: unknown): boolean {
    return this === Error ? types.isNativeError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  },
});

/** A call as it came over the wire. */
export interface Call {
  /** `DescribeInstances`, `Publish`, `SendMessageBatch`, ... */
  readonly action: string;
  /** Of a call in EC2's or SNS's form, without `Action` and `Version`; of SQS's, the JSON. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** An answer prepared for a call, or none: the connection breaks, or nothing ever comes. */
export type Prepared = Answer | 'reset' | 'silence';

/** Makes clients of the SDK call the loopback server, and nobody else. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret' };

/** EC2, SNS, SQS, CloudWatch, CloudTrail and EventBridge on a loopback port. */
export interface Loopback {
  readonly url: string;
  /** What EC2 holds, by id. A change shows there. */
  readonly instances: Map<string, WireInstance>;
  /** Answers for the next calls of an action; after them it is answered as usual again. */
  prepare(action: string, ...answers: readonly Prepared[]): void;
  /** The calls since the last time, those of one action if it is named. */
  take(action?: string): Call[];
  /** Forgets instances, calls and prepared answers. */
  reset(): void;
  close(): Promise<void>;
}

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
      const asked = filterValues(parameters, 'instance-id');
      const tokens = filterValues(parameters, 'metadata-options.http-tokens');
      const shown = [...instances].filter(
        ([id, { httpTokens = 'optional' }]) =>
          (asked.length === 0 || asked.includes(id)) && (tokens.length === 0 || tokens.includes(httpTokens)),
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
    case 'DescribeRegions':
      return ok(
        '<DescribeRegionsResponse><regionInfo><item><regionName>eu-west-1</regionName></item></regionInfo></DescribeRegionsResponse>',
      );
    case 'GetInstanceMetadataDefaults':
      return ok(
        '<GetInstanceMetadataDefaultsResponse><accountLevel><httpTokens>required</httpTokens></accountLevel></GetInstanceMetadataDefaultsResponse>',
      );
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

/** EC2's answer to the function's role, whose denies are in place. */
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

/** An instance as EC2 holds it; what is not said is that of a new, running one with IMDSv1. */
export interface WireInstance {
  readonly httpTokens?: string;
  readonly httpEndpoint?: string;
  readonly state?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** An `item` of `instancesSet`. */
export function instanceXml(id: string, instance: WireInstance = {}): string {
  const { httpTokens = 'optional', httpEndpoint = 'enabled', state = 'running', tags = {} } = instance;
  const tagSet = Object.entries(tags).map(([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`);
  const at = LAUNCHED.toISOString();
  return `<item><instanceId>${id}</instanceId><instanceState><code>16</code><name>${state}</name></instanceState>
    <launchTime>${at}</launchTime><tagSet>${tagSet.join('')}</tagSet>
    <networkInterfaceSet><item><attachment><deviceIndex>0</deviceIndex><attachTime>${at}</attachTime></attachment></item>
    </networkInterfaceSet><metadataOptions><state>applied</state><httpTokens>${httpTokens}</httpTokens>
    <httpPutResponseHopLimit>1</httpPutResponseHopLimit><httpEndpoint>${httpEndpoint}</httpEndpoint></metadataOptions></item>`;
}

/** A page of DescribeInstances: the items of each reservation, and whether there are more pages. */
export function reservations(items: readonly (readonly string[])[], nextToken?: string): Answer {
  const sets = items.map((those) => `<item><instancesSet>${those.join('')}</instancesSet></item>`);
  const more = nextToken === undefined ? '' : `<nextToken>${nextToken}</nextToken>`;
  return ok(
    `<DescribeInstancesResponse><reservationSet>${sets.join('')}</reservationSet>${more}</DescribeInstancesResponse>`,
  );
}

/** The answer of ModifyInstanceMetadataOptions. */
export const modified = (): Answer =>
  ok(`<ModifyInstanceMetadataOptionsResponse><instanceMetadataOptions><state>pending</state>
    <httpTokens>required</httpTokens><httpPutResponseHopLimit>1</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>
    </instanceMetadataOptions></ModifyInstanceMetadataOptionsResponse>`);

/** An error in EC2's form. */
export const ec2Error = (code: string, message = 'no', status = 400): Answer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>r-1</RequestID></Response>`,
});

/** An error in SNS's form. */
export const snsError = (code: string, message = 'no', status = 400): Answer => ({
  status,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r-2</RequestId></ErrorResponse>`,
});

const ok = (body: string): Answer => ({ status: 200, body });

/** An answer in SQS's form. */
export const json = (body: unknown, status = 200): Answer => ({ status, body: JSON.stringify(body) });

// The SDK refuses an answer whose digest is not that of the message it sent.
const md5 = (body: unknown): string => createHash('md5').update(String(body)).digest('hex');
