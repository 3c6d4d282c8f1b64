import type { Caller } from '../simulation/callers.ts';
import { ApiError } from '../wire/errors.ts';
import { list, text, texts } from '../wire/params.ts';
import type { Action } from './context.ts';
import { Filters } from './filters.ts';
import { pageOf } from './pages.ts';

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
const MAX_TAGS = 50;
const MAX_KEY = 128;
const MAX_VALUE = 256;

type Tag = readonly [key: string, value: string];

/** The tags of a request, or of one of its tag specifications. */
export const readTags = (params: unknown): Tag[] => tagsIn(list(params, 'Tag'));

/** Tags as keys and values. */
export const tagsIn = (tags: readonly unknown[]): Tag[] =>
  tags.map((tag) => [text(tag, 'Key') ?? '', text(tag, 'Value') ?? '']);

/** Validates tags as EC2 does. Only AWS services may set keys that begin with `aws:`. */
export function checkTags(tags: readonly Tag[], caller: Caller): void {
  for (const [key, value] of tags) {
    if (key === '' || key.length > MAX_KEY || value.length > MAX_VALUE) {
      throw new ApiError(
        'InvalidParameterValue',
        `Tag keys have 1 to ${MAX_KEY} characters, values up to ${MAX_VALUE}`,
      );
    }
    // XML cannot represent these characters, so that EC2 could not return them.
    // eslint-disable-next-line no-control-regex
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(key + value)) {
      throw new ApiError('InvalidParameterValue', 'Tag keys and values cannot have control characters');
    }
    if (/^aws:/i.test(key) && caller.invokedBy === undefined) {
      throw new ApiError('InvalidParameterValue', "Tag keys starting with 'aws:' are reserved for internal use");
    }
  }
}

export const createTags: Action = ({ params, caller, at }, region) => {
  const tags = readTags(params);
  checkTags(tags, caller);
  const instances = region.find(texts(params, 'ResourceId'), at);
  if (instances.some((instance) => new Set([...instance.tags.keys(), ...tags.map(([key]) => key)]).size > MAX_TAGS)) {
    throw new ApiError('TagLimitExceeded', `At most ${MAX_TAGS} tags`);
  }
  for (const instance of instances) for (const [key, value] of tags) instance.tags.set(key, value);
  return { return: true };
};

/**
 * Removes the given tags, or all except `aws:` tags if none is given.
 *
 * A tag that is given with a value is removed only if it has that value.
 */
export const deleteTags: Action = ({ params, at }, region) => {
  const tags = list(params, 'Tag').map((tag) => [text(tag, 'Key') ?? '', text(tag, 'Value')] as const);
  for (const instance of region.find(texts(params, 'ResourceId'), at)) {
    const own = [...instance.tags.keys()]
      .filter((key) => !key.startsWith('aws:'))
      .map((key) => [key, undefined] as const);
    for (const [key, value] of tags.length > 0 ? tags : own) {
      if (value === undefined || instance.tags.get(key) === value) instance.tags.delete(key);
    }
  }
  return { return: true };
};

export const describeTags: Action = ({ params, at }, region) => {
  const filters = new Filters(params).check((name) => /^(resource-id|resource-type|key|value|tag:.+)$/.test(name));
  const tags = region
    .visible(region.all(), at)
    .flatMap(({ id, tags }) =>
      [...tags].map(([key, value]) => ({ resourceId: id, resourceType: 'instance', key, value })),
    );
  const values = (tag: (typeof tags)[number]): Record<string, string> => ({
    'resource-id': tag.resourceId,
    'resource-type': tag.resourceType,
    key: tag.key,
    value: tag.value,
    [`tag:${tag.key}`]: tag.value,
  });
  const { items, nextToken } = pageOf(
    tags.filter((tag) => filters.acceptValues((name) => [values(tag)[name]])),
    params,
  );
  return { tagSet: items, nextToken };
};
