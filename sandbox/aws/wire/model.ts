import { NormalizedSchema } from '@smithy/core/schema';
import { ApiError } from './errors.ts';
import { at, type Params } from './params.ts';
import { NamedList, type ResponseValue } from './xml.ts';

/** The model of a structure, as the AWS SDK exports it. */
export type Model = Parameters<typeof NormalizedSchema.of>[0];

type Member = readonly [name: string, schema: NormalizedSchema, traits: Traits];

interface Traits {
  readonly xmlName?: string;
  readonly ec2QueryName?: string;
}

/** The element of most lists. */
const ITEM = 'item';

/** Members are read once, because templates have many and are described often. */
const membersByModel = new Map<Model, readonly Member[]>();

function membersOf(model: Model): readonly Member[] {
  const known = membersByModel.get(model);
  if (known !== undefined) return known;
  const members = [...NormalizedSchema.of(model).structIterator()].map(([name, member]): Member => [
    name,
    member,
    member.getMergedTraits() as Traits,
  ]);
  membersByModel.set(model, members);
  return members;
}

const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** The name of a member in requests of the EC2 protocol. https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html */
const inRequest = (name: string, { ec2QueryName, xmlName }: Traits): string =>
  ec2QueryName ?? capitalized(xmlName ?? name);

/**
 * Part of an EC2 request as its model names it, so that it can be answered in the form of another structure.
 *
 * @throws ApiError for a parameter that the model does not have.
 */
export function fromRequest(params: unknown, model: Model): Params {
  if (typeof params !== 'object' || params === null) return {};
  const members = membersOf(model);
  const known = new Set(members.map(([name, , traits]) => inRequest(name, traits)));
  const unknown = Object.keys(params).find((name) => !known.has(name));
  if (unknown !== undefined) throw new ApiError('UnknownParameter', `The parameter ${unknown} is not recognized`);
  const read = members.map(([name, member, traits]) => [name, valueOf(at(params, inRequest(name, traits)), member)]);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined)) as Params;
}

function valueOf(value: unknown, member: NormalizedSchema): unknown {
  if (member.isStructSchema()) return value === undefined ? undefined : fromRequest(value, member.getSchema());
  if (!member.isListSchema() || !Array.isArray(value)) return value;
  return value.map((item) => valueOf(item, member.getValueSchema()));
}

/** The same data as an EC2 response spells it. Members that the structure of the response does not have are omitted. */
export function toResponse(data: unknown, model: Model): { readonly [name: string]: ResponseValue } {
  return Object.fromEntries(
    membersOf(model).flatMap(([name, member, { xmlName }]) => {
      const value = at(data, name);
      return value === undefined ? [] : [[xmlName ?? name, shapeOf(value, member)]];
    }),
  );
}

function shapeOf(value: unknown, member: NormalizedSchema): ResponseValue {
  if (member.isStructSchema()) return toResponse(value, member.getSchema());
  if (!member.isListSchema() || !Array.isArray(value)) return value as ResponseValue;
  const element = member.getValueSchema();
  const { xmlName = ITEM } = element.getMergedTraits() as Traits;
  const items = value.map((item) => shapeOf(item, element));
  return xmlName === ITEM ? items : new NamedList(xmlName, items);
}
