import { page } from '../wire/pages.ts';
import { flag, list, text, texts } from '../wire/params.ts';
import type { Action } from './context.ts';
import type { Activity } from './group.ts';
import { pageSize } from './groups.ts';

// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html
const PAGE = { usual: 100, max: 100 };

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html */
export const describeScalingActivities: Action = ({ params }, { activities }) => {
  const name = text(params, 'AutoScalingGroupName');
  const ids = texts(params, 'ActivityIds');
  const bound = (filter: string, otherwise: number) =>
    Date.parse(
      texts(
        list(params, 'Filters').find((one) => text(one, 'Name') === filter),
        'Values',
      )[0] ?? '',
    ) || otherwise;
  const [from, to] = [bound('StartTimeLowerBound', 0), bound('StartTimeUpperBound', Infinity)];
  const matching = activities
    .filter(({ group }) => name === undefined || group.name === name)
    .filter(({ group }) => !group.deleted || flag(params, 'IncludeDeletedGroups'))
    .filter(({ id, startedAt }) => (ids.length === 0 || ids.includes(id)) && startedAt >= from && startedAt <= to)
    .reverse();
  const { items, nextToken } = page(matching, pageSize(params, PAGE), text(params, 'NextToken'), 'InvalidNextToken');
  return { Activities: items.map(activityShape), NextToken: nextToken };
};

const activityShape = ({ id, group, startedAt, description, cause, statusMessage, statusCode }: Activity) => ({
  ActivityId: id,
  AutoScalingGroupName: group.name,
  AutoScalingGroupARN: group.arn,
  Description: description,
  Cause: cause,
  StartTime: new Date(startedAt),
  EndTime: new Date(startedAt),
  StatusCode: statusCode,
  StatusMessage: statusMessage,
  Progress: 100,
});
