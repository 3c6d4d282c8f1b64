import { type AutoScalingClient, DescribeScalingActivitiesCommand } from '@aws-sdk/client-auto-scaling';
import type { RefusedGroupReader } from '../app/ports/index.ts';
import { failing } from './failures.ts';

/** Names groups whose launches EC2 refused. Needs `autoscaling:DescribeScalingActivities`. */
export const refusedGroups = (client: (region: string) => AutoScalingClient): RefusedGroupReader => ({
  // The newest activities come first, and one page has 100 of them.
  since: async (region, time) => {
    const Filters = [{ Name: 'StartTimeLowerBound', Values: [time.toISOString()] }];
    const { Activities = [] } = await failing(client(region).send(new DescribeScalingActivitiesCommand({ Filters })));
    const refused = Activities.filter(
      ({ StatusCode, StatusMessage = '' }) => StatusCode === 'Failed' && StatusMessage.includes('IMDSv1'),
    );
    return [...new Set(refused.map(({ AutoScalingGroupName = '' }) => AutoScalingGroupName))].sort();
  },
});
