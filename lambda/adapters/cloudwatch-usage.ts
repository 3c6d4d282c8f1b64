import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import type { HistoryReader, RejectionReader, UsageDimension, UsageMetric, UsageReader } from '../app/ports/index.ts';
import { toInstanceId } from '../core/target.ts';
import type { Measurement } from '../core/usage.ts';
import { failing } from './failures.ts';

/**
 * Measures IMDSv1 usage from the metrics that EC2 emits for every running instance, zeros included.
 *
 * Needs `cloudwatch:GetMetricData`.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
 */
export function cloudWatchUsage(
  client: (region: string) => CloudWatchClient,
): UsageReader & RejectionReader & HistoryReader {
  return {
    mostRejected: async (region, { from, to, periodSeconds }) => {
      const command = new GetMetricDataCommand({
        MetricDataQueries: [{ Id: queryId(0), Expression: MOST_REJECTED, Period: periodSeconds }],
        StartTime: from,
        EndTime: to,
      });
      const { MetricDataResults = [] } = await failing(client(region).send(command));
      const sums = MetricDataResults.flatMap(({ Label, Values = [] }): [string, number][] => {
        const instanceId = toInstanceId(Label);
        const sum = Values.reduce((total, value) => total + value, 0);
        return instanceId === undefined || sum === 0 ? [] : [[instanceId, sum]];
      });
      return new Map(sums);
    },
    history: async (region, instanceIds, { from, to, periodSeconds }) => {
      const MetricDataQueries = instanceIds.flatMap((instanceId, instance) =>
        HISTORY.map((metric, index) => toQuery(metric, instanceId, instance * HISTORY.length + index, periodSeconds)),
      );
      const command = new GetMetricDataCommand({ MetricDataQueries, StartTime: from, EndTime: to });
      const { MetricDataResults = [] } = await failing(client(region).send(command));
      const results = new Map(MetricDataResults.map((result) => [result.Id, toMeasurement(result)]));
      // Beyond one page, which 250 instances and a few hours do not fill, results are absent or `PartialData`.
      const measurement = (index: number) => results.get(queryId(index)) ?? { points: [], complete: false };
      return new Map(
        instanceIds.map((instanceId, instance) => {
          const first = instance * HISTORY.length;
          return [instanceId, { noToken: measurement(first), rejected: measurement(first + 1) }];
        }),
      );
    },
    page: async ({ region, metric, dimension, names, window }, NextToken) => {
      const command = new GetMetricDataCommand({
        MetricDataQueries: names.map((name, index) => toQuery(metric, name, index, window.periodSeconds, dimension)),
        StartTime: window.from,
        EndTime: window.to,
        NextToken,
      });
      const { MetricDataResults = [], NextToken: next } = await failing(client(region).send(command));
      const byId = new Map(names.map((name, index) => [queryId(index), name]));
      const measurements = MetricDataResults.flatMap((result): [string, Measurement][] => {
        const name = byId.get(result.Id ?? '');
        return name === undefined ? [] : [[name, toMeasurement(result)]];
      });
      return { measurements: new Map(measurements), next };
    },
  };
}

/**
 * Metrics Insights counts this as one query, whatever the number of instances. Each series is labelled with its
 * instance id.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
 */
const MOST_REJECTED =
  'SELECT SUM(MetadataNoTokenRejected) FROM SCHEMA("AWS/EC2", InstanceId) GROUP BY InstanceId ORDER BY SUM() DESC LIMIT 100';

/** The metrics of `history`, in its order. */
const HISTORY: readonly UsageMetric[] = ['MetadataNoToken', 'MetadataNoTokenRejected'];

/** Query ids must not contain hyphens, so they cannot be instance ids. */
const queryId = (index: number): string => `q${index}`;

const toQuery = (
  MetricName: UsageMetric,
  Value: string,
  index: number,
  Period: number,
  dimension: UsageDimension = 'InstanceId',
): MetricDataQuery => ({
  Id: queryId(index),
  MetricStat: {
    Metric: { Namespace: 'AWS/EC2', MetricName, Dimensions: [{ Name: dimension, Value }] },
    Period,
    Stat: 'Sum',
  },
});

function toMeasurement({ Timestamps = [], Values = [], StatusCode }: MetricDataResult): Measurement {
  const points = Timestamps.flatMap((at, index) => {
    const count = Values[index];
    return count === undefined ? [] : [{ at, count }];
  });
  return { points, complete: StatusCode === 'Complete' };
}
