import type { Alarms } from './alarms.ts';
import type { Fleet } from '../ec2/fleet.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { text } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { isInsights, MOST_READ, ranked, readInsights, type Series } from './insights.ts';
import { pageOfResults, type Result } from './pages.ts';
import { type Query, readQueries } from './query.ts';
import { type MetricName, METRICS, type Point, type Range, series } from './series.ts';
import type { Usage } from './usage.ts';

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const MOST_POINTS = 100_800;

/** The CloudWatch API for the metrics of EC2 about IMDS calls without a token, and for alarms. */
export class CloudWatchService implements Service {
  readonly #usage: Usage;
  readonly #fleet: (region: string) => Fleet;
  readonly #alarms: Alarms;

  public constructor(usage: Usage, fleet: (region: string) => Fleet, alarms: Alarms) {
    this.#alarms = alarms;
    this.#usage = usage;
    this.#fleet = fleet;
  }

  public handle(call: ApiCall): ResponseValue {
    if (call.action === 'GetMetricData') return this.#getMetricData(call);
    const result = this.#alarms.handle(call);
    if (result !== undefined) return result;
    throw new ApiError('InvalidAction', `The local AWS has no cloudwatch:${call.action}`);
  }

  #getMetricData({ params, region, at }: ApiCall): ResponseValue {
    const queries = readQueries(params);
    if (queries.filter(({ expression }) => expression !== undefined).length > 1) {
      throw new ApiError(
        'ValidationException',
        'Only one Metrics Insights query is allowed in a single GetMetricData call',
      );
    }
    const [from, to] = [Number(text(params, 'StartTime')) * 1000, Number(text(params, 'EndTime')) * 1000];
    if (!(from < to)) {
      throw new ApiError('ValidationException', 'The parameter StartTime must be less than the parameter EndTime.');
    }
    const most = Math.min(Number(text(params, 'MaxDatapoints') ?? MOST_POINTS), MOST_POINTS);
    const messages: ResponseValue[] = [];
    const results = queries
      .filter(({ returned }) => returned)
      .flatMap((query): Result[] => {
        const range = { from, to, period: query.period };
        if (query.expression === undefined) return [this.#single(query, region, range, at, queries.length)];
        return this.#insights(query, query.expression, region, range, at, messages);
      });
    const ascending = text(params, 'ScanBy') === 'TimestampAscending';
    const ordered = ascending ? results : results.map((result) => ({ ...result, points: result.points.toReversed() }));
    return { ...pageOfResults(ordered, most, text(params, 'NextToken')), Messages: messages };
  }

  /** A metric that does not exist has no values; as in CloudWatch this is no error. */
  #single(query: Query, region: string, range: Range, now: number, queries: number): Result {
    const { id, label, namespace, metric, instanceId = '' } = query;
    const metricName = METRICS.find((name) => name === metric);
    const points =
      namespace === 'AWS/EC2' && metricName !== undefined
        ? this.#points(instanceId, metricName, region, range, now)
        : [];
    return { id, label: label ?? (queries > 1 ? instanceId : (metric ?? '')), points };
  }

  #insights(
    query: Query,
    expression: string,
    region: string,
    range: Range,
    now: number,
    messages: ResponseValue[],
  ): Result[] {
    if (!isInsights(expression)) {
      throw new ApiError(
        'ValidationException',
        'The local AWS supports no other expression than Metrics Insights queries',
      );
    }
    const insights = readInsights(expression);
    const ids = this.#fleet(region)
      .instances()
      .map(({ id }) => id);
    const matching = ids.filter((id) => insights.wants(id) && this.#usage.get(id) !== undefined);
    if (matching.length > MOST_READ) {
      messages.push({ Code: 'MaxMetricsExceeded', Value: `More than ${MOST_READ} metrics match: some were not read` });
    }
    const all = matching
      .slice(0, MOST_READ)
      .map((id): Series => ({ label: id, points: this.#points(id, insights.metric, region, range, now) }));
    return ranked(insights, all).map((one) => ({ id: query.id, ...one }));
  }

  #points(instanceId: string, metric: MetricName, region: string, range: Range, now: number): Point[] {
    const [instance, use] = [this.#fleet(region).get(instanceId), this.#usage.get(instanceId)];
    return instance === undefined || use === undefined ? [] : series(instance, use, metric, range, now);
  }
}
