import { groupBy } from '../../../lambda/core/group-by.ts';
import { ApiError } from '../wire/errors.ts';
import { flag, text, texts } from '../wire/params.ts';
import type { Action } from './context.ts';
import { Filters, isInstanceFilter } from './filters.ts';
import type { Instance } from './instance.ts';
import { pageOf } from './pages.ts';
import type { Ec2Region } from './region.ts';
import { instanceShape } from './shape.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
export const describeInstances: Action = ({ params, at }, region, { account }) => {
  const ids = texts(params, 'InstanceId');
  const filters = new Filters(params).check(isInstanceFilter);
  if (ids.length > 0 && text(params, 'MaxResults') !== undefined) {
    throw new ApiError(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  }
  const hidden = !flag(params, 'IncludeManagedResources');
  const candidates = ids.length > 0 ? region.find(ids, at) : region.visible(narrow(region, filters), at);
  const matching = candidates
    .filter((instance) => !(hidden && instance.operator?.hiddenByDefault === true) && filters.accept(instance))
    .sort((a, b) => a.sequence - b.sequence);
  const { items, nextToken } = pageOf(matching, params);
  const reservationSet = [...groupBy(items, ({ reservationId }) => reservationId)].map(
    ([reservationId, instances]) => ({
      reservationId,
      ownerId: account,
      requesterId: instances[0]?.requesterId,
      groupSet: [],
      instancesSet: instances.map((instance) => instanceShape(instance, account)),
    }),
  );
  return { reservationSet, nextToken };
};

/** Looks instances up by id or token where a filter allows it, because scanning a large fleet is slow. */
function narrow(region: Ec2Region, filters: Filters): Instance[] {
  const ids = filters.exact('instance-id');
  if (ids !== undefined) {
    return [...new Set(ids)].map((id) => region.get(id)).filter((instance) => instance !== undefined);
  }
  const tokens = filters.exact('client-token');
  if (tokens !== undefined) return [...new Set(tokens)].flatMap((token) => region.withToken(token));
  return region.all();
}

/** The token bucket of a describe call. Unfiltered and unpaginated calls have a smaller one. */
export const describeBucket: (action: string, params: Parameters<Action>[0]['params']) => string = (action, params) =>
  action === 'DescribeInstances' &&
  params.InstanceId === undefined &&
  !new Filters(params).any &&
  params.MaxResults === undefined
    ? `${action} unfiltered`
    : action;
