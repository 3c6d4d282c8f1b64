import { Readable } from 'node:stream';
import type { EC2Client, Instance } from '@aws-sdk/client-ec2';
import { Parser } from 'saxen';
import type { Snapshot } from '../core/instance.ts';
import { type ReadPage, toSnapshot } from './ec2-instances.ts';

/**
 * Makes a client read pages of `DescribeInstances` in one pass, into the snapshots that ec2-instances.ts makes of them.
 *
 * The SDK's parser takes most of the time and memory of a scan or an audit. It still gets every error and, on the same bytes,
 * every page that is not plainly understood here. Skipped fields are not judged: the SDK fails a page for any malformed date.
 */
export function withPageReader<T extends Pick<EC2Client, 'config'>>(client: T): T {
  const protocol = client.config.protocol as unknown as Protocol;
  const bySdk = protocol.deserializeResponse.bind(protocol);
  protocol.deserializeResponse = async (operation, context, response) => {
    if (operation.name !== 'DescribeInstances' || response.statusCode !== 200 || !(response.body instanceof Readable)) {
      return bySdk(operation, context, response);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of response.body as AsyncIterable<Buffer>) chunks.push(chunk);
    const page = pageOf(chunks);
    // Of an empty body the SDK still makes the metadata.
    response.body = Buffer.concat(page === undefined ? chunks : []);
    return Object.assign(await bySdk(operation, context, response), page);
  };
  return client;
}

/** What each client of the SDK has to make answers of responses. */
interface Protocol {
  deserializeResponse(operation: { readonly name: string }, context: unknown, response: Response): Promise<object>;
}
interface Response {
  readonly statusCode: number;
  body: unknown;
}

/** What becomes of an element: a value of its text, or of the elements in it. */
type Shape = ((text: string) => unknown) | ReadonlyMap<string, Member>;
type Member = readonly [nameInSdk: string, shape: Shape];

const struct = (members: Readonly<Record<string, Member>>): Shape => new Map(Object.entries(members));
const list = (item: Shape): Shape => new Map([['item', ['', item] as const]]);
// A copy: a part of a string keeps all of it in memory, and ids are kept for longer than their page.
const string = (text: string) => Buffer.from(text).toString();
const time = (text: string) => {
  const date = new Date(text);
  return TIME.test(text) && date.getUTCDate() === Number(text.slice(8, 10)) ? date : refuse();
};
const TIME = /^\d{4}(-\d\d){2}T(\d\d:){2}\d\d(\.\d{3})?Z$/;

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
const OPTIONS = struct({
  state: ['State', string],
  httpTokens: ['HttpTokens', string],
  httpEndpoint: ['HttpEndpoint', string],
  httpPutResponseHopLimit: ['HttpPutResponseHopLimit', Number],
  httpProtocolIpv6: ['HttpProtocolIpv6', string],
  instanceMetadataTags: ['InstanceMetadataTags', string],
});
const EBS = struct({ attachTime: ['AttachTime', time] });
const ATTACHMENT = struct({ deviceIndex: ['DeviceIndex', Number], attachTime: ['AttachTime', time] });
const INTERFACE = struct({
  attachment: ['Attachment', ATTACHMENT],
  association: ['Association', struct({ publicIp: ['PublicIp', string] })],
  ipv6AddressesSet: ['Ipv6Addresses', list(struct({ ipv6Address: ['Ipv6Address', string] }))],
});
const INSTANCE = struct({
  instanceId: ['InstanceId', string],
  instanceState: ['State', struct({ name: ['Name', string] })],
  launchTime: ['LaunchTime', time],
  rootDeviceName: ['RootDeviceName', string],
  blockDeviceMapping: ['BlockDeviceMappings', list(struct({ deviceName: ['DeviceName', string], ebs: ['Ebs', EBS] }))],
  networkInterfaceSet: ['NetworkInterfaces', list(INTERFACE)],
  tagSet: ['Tags', list(struct({ key: ['Key', string], value: ['Value', string] }))],
  operator: ['Operator', struct({ managed: ['Managed', (text) => text.toLowerCase() === 'true'] })],
  metadataOptions: ['MetadataOptions', OPTIONS],
  iamInstanceProfile: ['IamInstanceProfile', struct({ arn: ['Arn', string] })],
  ipAddress: ['PublicIpAddress', string],
  vpcId: ['VpcId', string],
});
const RESERVATIONS = list(struct({ instancesSet: ['Instances', list(INSTANCE)] }));
const PAGE: Member = ['', struct({ nextToken: ['NextToken', string], reservationSet: ['Reservations', RESERVATIONS] })];

/** Leaves the page to the SDK. */
function refuse(): never {
  throw new SyntaxError('not understood');
}

/** What the SDK takes for layout. */
const isBlank = (text: string) => text.includes('\n') && text.trim() === '';
/** From the root on, after no more than a declaration. */
const START = /^(?:<\?xml [^<>?]*\?>[ \n]*)?(<\w[^]*)/;
/** What the SDK and saxen read differently in a text. */
const ODD = /\r|&(?!(amp|lt|gt|quot|apos|#\d{1,4}|#x(?![dD])[\da-fA-F]{1,4});)/;

function pageOf(chunks: readonly Buffer[]): ReadPage | undefined {
  const snapshots: Snapshot[] = [];
  let page: ReadPage | undefined;
  const open: { name: string; shape: Shape; value: unknown[] | Record<string, unknown>; text: string }[] = [];
  /** How deep the parser is in an element that is not read. */
  let skipped = 0;
  const parser = new Parser();
  parser.on('openTag', (element, attributes) => {
    const parent = open.at(-1);
    // The SDK takes attributes for members, and fails over that name.
    for (const attribute in attributes()) if (parent !== undefined || !attribute.startsWith('xmlns')) refuse();
    if (page !== undefined || element === '__proto__' || typeof parent?.shape === 'function') return refuse();
    const member = parent === undefined ? PAGE : skipped === 0 && parent.shape.get(element);
    if (!member) return void (skipped += 1);
    const [name, shape] = member;
    open.push({ name, shape, value: 'has' in shape && shape.has('item') ? [] : {}, text: '' });
  });
  parser.on('closeTag', () => {
    if (skipped > 0) return void (skipped -= 1);
    const { name, shape, value, text } = open.pop() ?? refuse();
    const parent = open.at(-1)?.value;
    const result = typeof shape === 'function' ? shape(isBlank(text) ? '' : text) : value;
    if (parent === undefined) page = { NextToken: (value as ReadPage).NextToken, snapshots };
    // At once: a page of whole instances takes twice the memory.
    else if (shape === INSTANCE) snapshots.push(...toSnapshot(value as Instance));
    else if (Array.isArray(parent)) parent.push(result);
    else if (name in parent) refuse();
    else parent[name] = result;
  });
  parser.on('text', (raw, decode) => {
    const element = open.at(-1);
    if (skipped > 0 || element === undefined) return;
    const text = ODD.test(raw) ? refuse() : decode(raw);
    if (typeof element.shape === 'function') element.text += text;
    else if (!isBlank(text)) refuse();
  });
  for (const event of ['cdata', 'comment', 'question', 'attention', 'warn'] as const) parser.on(event, refuse);
  try {
    for (const xml of piecesOf(chunks)) {
      if (xml.includes('\v') || xml.includes('\f')) refuse();
      parser.write(open.length > 0 || page ? xml : (START.exec(xml)?.[1] ?? refuse()));
    }
    // There is one once the root has ended.
    return page;
  } catch {
    return undefined;
  }
}

/** Of a size that V8 reads fast, up to a tag's end, so that no character is cut. */
function* piecesOf(chunks: readonly Buffer[]): Generator<string, void, undefined> {
  let rest = Buffer.alloc(0);
  for (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    if (rest.length < 65_536) continue;
    const end = rest.lastIndexOf('>') + 1;
    yield rest.toString('utf8', 0, end);
    rest = rest.subarray(end);
  }
  yield rest.toString();
}
