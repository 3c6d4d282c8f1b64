import type { ApiCall } from '../wire/gateway.ts';
import { at, list, type Params, text, texts } from '../wire/params.ts';

type Json = Record<string, unknown>;

/** Sets as CloudTrail writes them: an empty one is `{}`. */
const set = (items: readonly unknown[]): Json => (items.length > 0 ? { items } : {});

/** `requestParameters` of a record. EC2 has two spellings: most calls in lower camel case, newer ones wrapped and in capitals. */
export function requestParametersOf({ action, params, caller }: ApiCall): Json {
  switch (action) {
    case 'RunInstances':
      // A service launches on its own account: its records do not show the launch template, only the instances' tags do.
      return runInstances(params, caller.invokedBy === undefined);
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

function runInstances(params: Params, withTemplate: boolean): Json {
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
    subnetId: text(params, 'SubnetId'),
    launchTemplate: withTemplate && template !== undefined ? camel(template as Json) : undefined,
    metadataOptions: options === undefined ? undefined : numbered(camel(options as Json)),
    tagSpecificationSet: specifications.length > 0 ? set(specifications) : undefined,
  });
}

const tag = (value: unknown): Json => defined({ key: text(value, 'Key'), value: text(value, 'Value') });

const defined = (object: Json): Json =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const camel = (object: Json): Json =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  );

/** Hop limits are numbers in a record; on the wire everything is text. */
const numbered = (object: Json): Json =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, /HopLimit$/i.test(name) ? Number(value) : value]),
  );
