import type { ApiCall } from '../wire/gateway.ts';
import { at, list, type Params, text, texts } from '../wire/params.ts';

type Json = Record<string, unknown>;

/** A set as CloudTrail records it: an empty one is `{}`. */
const set = (items: readonly unknown[]): Json => (items.length > 0 ? { items } : {});

/** The `requestParameters` of a record: camel case, but wrapped and in Pascal case for newer calls. */
export function requestParametersOf({ action, params, caller }: ApiCall): Json {
  switch (action) {
    case 'RunInstances':
      return runInstances(params, caller.invokedBy !== undefined);
    case 'CreateTags':
    case 'DeleteTags':
      return {
        resourcesSet: set(texts(params, 'ResourceId').map((resourceId) => ({ resourceId }))),
        tagSet: set(list(params, 'Tag').map(tag)),
      };
    case 'StartInstances':
    case 'StopInstances':
    case 'TerminateInstances':
      return { instancesSet: set(texts(params, 'InstanceId').map((instanceId) => ({ instanceId }))) };
    default:
      return { [`${action}Request`]: numbered(params) };
  }
}

/**
 * A launch.
 *
 * If an AWS service makes it, the record has neither launch template nor tags; only the tags of the instances name them.
 */
function runInstances(params: Params, byService: boolean): Json {
  const template = at(params, 'LaunchTemplate');
  const options = at(params, 'MetadataOptions');
  const specifications = list(params, 'TagSpecification').map((specification) => ({
    resourceType: text(specification, 'ResourceType'),
    tags: list(specification, 'Tag').map(tag),
  }));
  const counts = { minCount: Number(text(params, 'MinCount')), maxCount: Number(text(params, 'MaxCount')) };
  return defined({
    instancesSet: set([defined({ imageId: text(params, 'ImageId'), keyName: text(params, 'KeyName'), ...counts })]),
    instanceType: text(params, 'InstanceType'),
    blockDeviceMapping: {},
    monitoring: { enabled: false },
    disableApiTermination: false,
    disableApiStop: false,
    clientToken: text(params, 'ClientToken'),
    availabilityZone: text(params, 'Placement', 'AvailabilityZone'),
    subnetId: text(params, 'SubnetId'),
    launchTemplate: !byService && template !== undefined ? camel(template as Json) : undefined,
    metadataOptions: options === undefined ? undefined : numbered(camel(options as Json)),
    tagSpecificationSet: !byService && specifications.length > 0 ? set(specifications) : undefined,
  });
}

const tag = (value: unknown): Json => defined({ key: text(value, 'Key'), value: text(value, 'Value') });

const defined = (object: Json): Json =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const camel = (object: Json): Json =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  );

/** Converts hop limits to numbers, as in records. In requests every value is a string. */
const numbered = (object: Json): Json =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, /HopLimit$/i.test(name) ? Number(value) : value]),
  );
