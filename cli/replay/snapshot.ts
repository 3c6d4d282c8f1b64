import { TAG } from '../../lambda/contract.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { type Target, toInstanceId } from '../../lambda/core/target.ts';
import { at, type Json, list, text } from '../../lambda/triggers/json.ts';

/** A property that a record does not have, assumed as on a typical instance with IMDSv1 enabled. */
export interface Assumption {
  readonly assumed: string;
  /** The instance if the assumption is wrong. */
  readonly otherwise: (snapshot: Snapshot) => Snapshot;
}

/** An instance as of a record. */
export interface Recorded {
  readonly snapshot: Snapshot;
  readonly assumptions: readonly Assumption[];
}

/** The instance of an event, with assumptions on what its record does not have. */
export function recordedBy(event: Json, { instanceId, context }: Target): Recorded {
  const { trigger, occurredAt, recorded } = context;
  const item = list(event, 'detail', 'responseElements', 'instancesSet', 'items').find(
    (one) => toInstanceId(text(one, 'instanceId')) === instanceId,
  );
  const tagged = trigger.exemptionTag === 'set' ? at(event, 'detail', 'requestParameters') : item;
  const { HttpTokens, HttpEndpoint } = recorded ?? {};
  return {
    snapshot: {
      instanceId,
      state: text(item, 'instanceState', 'name') ?? 'running',
      options: {
        HttpTokens: HttpTokens ?? 'optional',
        HttpEndpoint: HttpEndpoint ?? 'enabled',
      },
      awsManaged: at(item, 'operator', 'managed') === true,
      launchTime: occurredAt,
      firstLaunch: trigger.exposure === 'new-by-call' ? LONG_AGO : occurredAt,
      tags: tagsOf(list(tagged, 'tagSet', 'items')),
    },
    assumptions: [
      ...(HttpTokens === undefined ? [TOKENS] : []),
      ...(HttpEndpoint === undefined ? [ENDPOINT] : []),
      ...(trigger.exemptionTag === undefined && item === undefined ? [NO_EXEMPTION(occurredAt)] : []),
      ...(trigger.exposure === 'new-on-first-launch' && item === undefined ? [FIRST_START] : []),
    ],
  };
}

/** The first launch of an instance that a change of metadata options names. */
const LONG_AGO = new Date(0);

const TOKENS: Assumption = {
  assumed: 'HttpTokens is optional',
  otherwise: (snapshot) => ({ ...snapshot, options: { ...snapshot.options, HttpTokens: 'required' } }),
};

const ENDPOINT: Assumption = {
  assumed: 'IMDS is enabled',
  otherwise: (snapshot) => ({ ...snapshot, options: { ...snapshot.options, HttpEndpoint: 'disabled' } }),
};

const NO_EXEMPTION = (day: Date): Assumption => ({
  assumed: 'it is not exempt',
  otherwise: (snapshot) => ({
    ...snapshot,
    tags: new Map([...snapshot.tags, [TAG.exemptUntil, day.toISOString().slice(0, 10)]]),
  }),
});

const FIRST_START: Assumption = {
  assumed: 'this is its first start',
  otherwise: (snapshot) => ({ ...snapshot, firstLaunch: LONG_AGO }),
};

/** An instance of `aws ec2 describe-instances`; `undefined` if it has no usable id. */
export function describedBy(instance: Json): Snapshot | undefined {
  const instanceId = toInstanceId(text(instance, 'InstanceId'));
  if (instanceId === undefined) return undefined;
  const primary = list(instance, 'NetworkInterfaces').find((one) => at(one, 'Attachment', 'DeviceIndex') === 0);
  const root = list(instance, 'BlockDeviceMappings').find(
    (one) => at(one, 'DeviceName') === at(instance, 'RootDeviceName'),
  );
  const options = at(instance, 'MetadataOptions');
  const hopLimit = at(options, 'HttpPutResponseHopLimit');
  return {
    instanceId,
    state: text(instance, 'State', 'Name') ?? '',
    options: {
      HttpTokens: text(options, 'HttpTokens'),
      HttpEndpoint: text(options, 'HttpEndpoint'),
      HttpPutResponseHopLimit: typeof hopLimit === 'number' ? hopLimit : undefined,
      State: text(options, 'State'),
    },
    awsManaged: at(instance, 'Operator', 'Managed') === true,
    launchTime: dateOf(text(instance, 'LaunchTime')),
    firstLaunch: dateOf(text(primary, 'Attachment', 'AttachTime')) ?? dateOf(text(root, 'Ebs', 'AttachTime')),
    tags: tagsOf(list(instance, 'Tags')),
  };
}

/** Tags as in CloudTrail (`key`, `value`) or in EC2 (`Key`, `Value`). */
function tagsOf(tags: readonly Json[]): ReadonlyMap<string, string> {
  return new Map(
    tags.flatMap((tag): [string, string][] => {
      const key = text(tag, 'key') ?? text(tag, 'Key');
      return key === undefined ? [] : [[key, text(tag, 'value') ?? text(tag, 'Value') ?? '']];
    }),
  );
}

function dateOf(time: string | undefined): Date | undefined {
  const date = new Date(time ?? NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
