/** The content of a response. How lists are serialized depends on the protocol. */
export type ResponseValue =
  | string
  | number
  | boolean
  | Date
  | Entries
  | NamedList
  | undefined
  | readonly ResponseValue[]
  | { readonly [name: string]: ResponseValue };

/** A map of strings, which the AWS Query protocol serializes as `entry` elements. */
export class Entries {
  public constructor(public readonly values: Readonly<Record<string, string>>) {}
}

/** A list whose elements have a name of their own, such as `groupId`. */
export class NamedList {
  public constructor(
    public readonly element: string,
    public readonly values: readonly ResponseValue[],
  ) {}
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const EC2_NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/** A successful EC2 response. Lists have `item` elements. */
export function ec2Answer(action: string, requestId: string, result: ResponseValue): string {
  const content = element('requestId', requestId, 'item') + contentOf(result, 'item');
  return `${DECLARATION}<${action}Response xmlns="${EC2_NAMESPACE}">${content}</${action}Response>`;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#api-error-response */
export const ec2Error = (requestId: string, Code: string, Message: string): string =>
  DECLARATION + element('Response', { Errors: { Error: { Code, Message } }, RequestID: requestId }, 'item');

/** A successful response of the AWS Query protocol. Lists have `member` elements. */
export function queryAnswer(namespace: string, action: string, requestId: string, result: ResponseValue): string {
  const metadata = element('ResponseMetadata', { RequestId: requestId }, 'member');
  const content = element(`${action}Result`, result ?? {}, 'member') + metadata;
  return `${DECLARATION}<${action}Response xmlns="${namespace}">${content}</${action}Response>`;
}

export function queryError(namespace: string, requestId: string, Type: string, Code: string, Message: string): string {
  const content = contentOf({ Error: { Type, Code, Message }, RequestId: requestId }, 'member');
  return `${DECLARATION}<ErrorResponse xmlns="${namespace}">${content}</ErrorResponse>`;
}

// Element names come from the code; only texts are escaped. An XML library takes ten times as long, and fleets of thousands of
// instances are described often.
function element(name: string, value: ResponseValue, listElement: string): string {
  return value === undefined ? '' : `<${name}>${contentOf(value, listElement)}</${name}>`;
}

function contentOf(value: ResponseValue, listElement: string): string {
  if (value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Entries) {
    return Object.entries(value.values)
      .map(([key, value]) => element('entry', { key, value }, listElement))
      .join('');
  }
  if (value instanceof NamedList) {
    return value.values.map((item) => element(value.element, item, listElement)).join('');
  }
  if (isList(value)) return value.map((item) => element(listElement, item, listElement)).join('');
  if (typeof value !== 'object') return escaped(String(value));
  let content = '';
  for (const [name, child] of Object.entries(value)) content += element(name, child, listElement);
  return content;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};

/** XML parsers read a literal carriage return as a line feed. */
const escaped = (text: string): string =>
  /[&<>"\r]/.test(text) ? text.replace(/[&<>"\r]/g, (found) => ENTITIES[found] ?? found) : text;

const isList = (value: ResponseValue): value is readonly ResponseValue[] => Array.isArray(value);
