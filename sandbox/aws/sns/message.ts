import { ApiError } from '../wire/errors.ts';
import { at, list, text } from '../wire/params.ts';

/** The parameters of a publish call. */
export interface Publish {
  readonly message: string;
  readonly subject?: string;
  /** `json` if the message contains a body for each protocol. */
  readonly structure?: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Attribute {
  readonly DataType: string;
  readonly StringValue?: string;
}

/** A published message, and what subscribers receive. */
export interface PublishedMessage {
  /** Simulated milliseconds since 1970. */
  readonly at: number;
  readonly messageId: string;
  readonly topicArn: string;
  readonly subject?: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** The parameters of the publish call. */
  readonly raw: Publish;
  /** What an `email` subscriber receives. */
  readonly email: { readonly from: string; readonly subject: string; readonly body: string };
  /** What an `sqs` or `https` subscriber receives without raw delivery; `Message` is the body. */
  readonly json: Readonly<Record<string, unknown>> & { readonly Message: string };
}

// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const MAX_BYTES = 256 * 1024;
const MAX_SUBJECT = 100;
const ATTRIBUTE_TYPES = /^(String|String\.Array|Number|Binary)$/;

/** Reads and validates a Publish call or one entry of a batch. */
export function readPublish(params: unknown): Publish {
  const publish: Publish = {
    message: text(params, 'Message') ?? '',
    subject: text(params, 'Subject'),
    structure: text(params, 'MessageStructure'),
    attributes: readAttributes(params),
  };
  if (publish.message === '') throw invalid('Empty message');
  if (sizeOf(publish) > MAX_BYTES) throw invalid('Message too long');
  checkSubject(publish.subject);
  if (publish.structure !== undefined) checkStructure(publish);
  return publish;
}

/** The size of a message in bytes. Names, types and values of attributes count. */
export const sizeOf = ({ message, attributes }: Publish): number =>
  Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue = '' }]) => sum + Buffer.byteLength(name + DataType + StringValue),
    Buffer.byteLength(message),
  );

/** The body for a protocol, or the `default` body. */
export function chosenBody({ message, structure }: Publish, protocol: string): string {
  if (structure !== 'json') return message;
  const bodies: unknown = JSON.parse(message);
  return text(bodies, protocol) ?? text(bodies, 'default') ?? '';
}

function readAttributes(params: unknown): Record<string, Attribute> {
  return Object.fromEntries(
    list(params, 'MessageAttributes').map((entry) => {
      const name = text(entry, 'Name') ?? '';
      const attribute = {
        DataType: text(entry, 'Value', 'DataType') ?? '',
        StringValue: text(entry, 'Value', 'StringValue') ?? text(entry, 'Value', 'BinaryValue'),
      };
      checkAttribute(name, attribute);
      return [name, attribute];
    }),
  );
}

function checkAttribute(name: string, { DataType, StringValue }: Attribute): void {
  if (!/^[\w.-]{1,256}$/.test(name)) throw invalidValue(`The message attribute name "${name}" is not allowed`);
  if (!ATTRIBUTE_TYPES.test(DataType)) {
    throw invalidValue(`The message attribute '${name}' has an invalid message attribute type`);
  }
  if (StringValue === undefined || StringValue === '') {
    throw invalidValue(`The message attribute '${name}' must contain a non-empty message attribute value`);
  }
  if (DataType === 'Number' && !Number.isFinite(Number(StringValue))) {
    throw invalidValue(`Could not cast message attribute '${name}' value to number`);
  }
  if (DataType === 'String.Array' && !isJsonList(StringValue)) {
    throw invalidValue(`Message attribute '${name}' is not a list of strings, numbers, true, false or null`);
  }
}

/** Subjects are under 100 printable ASCII characters and do not begin with a space. */
function checkSubject(subject: string | undefined): void {
  if (subject === undefined) return;
  if (subject.length >= MAX_SUBJECT || !/^[\x21-\x7e][\x20-\x7e]*$/.test(subject)) throw invalid('Subject');
}

function checkStructure({ message, structure }: Publish): void {
  if (structure !== 'json') throw invalid(`MessageStructure`);
  let bodies: unknown;
  try {
    bodies = JSON.parse(message);
  } catch {
    throw invalid('Message Structure - JSON message body failed to parse');
  }
  if (typeof at(bodies, 'default') !== 'string') {
    throw invalid('Message Structure - No default entry in JSON message body');
  }
}

function isJsonList(value: string): boolean {
  try {
    const values: unknown = JSON.parse(value);
    return Array.isArray(values) && values.every((item) => typeof item !== 'object' || item === null);
  } catch {
    return false;
  }
}

const invalid = (reason: string): ApiError => new ApiError('InvalidParameter', `Invalid parameter: ${reason}`);

/** An error that the API reference calls `InvalidParameterValue`. Its code is `ParameterValueInvalid`. */
const invalidValue = (reason: string): ApiError => new ApiError('ParameterValueInvalid', reason);
