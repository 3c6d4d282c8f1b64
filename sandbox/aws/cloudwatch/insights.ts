import { ApiError } from '../wire/errors.ts';
import { METRICS, type MetricName, type Point } from './series.ts';

/** A Metrics Insights query over instances. */
export interface InsightsQuery {
  readonly metric: MetricName;
  readonly wants: (instanceId: string) => boolean;
  readonly grouped: boolean;
  readonly rank: (points: readonly Point[]) => number;
  readonly limit: number;
}

/** The time series of one instance, or the sum of all. */
export interface Series {
  readonly label: string;
  readonly points: readonly Point[];
}

/** Quotas of metrics read and series returned: CloudWatch user guide, Metrics Insights quotas. */
export const MOST_READ = 10_000;
const MOST_RETURNED = 500;

const QUERY = new RegExp(
  [
    /^SELECT (?<select>\w+)\( ?"?(?<metric>\w+)"? ?\)/,
    / FROM (?:SCHEMA\( ?"AWS\/EC2"(?: ?, ?(?<dimensions>\w+(?: ?, ?\w+)*))? ?\)|"AWS\/EC2")/,
    /(?: WHERE (?<where>.+?))?(?: GROUP BY (?<group>\w+))?/,
    /(?: ORDER BY (?<order>\w+)\(\)(?: (?<direction>ASC|DESC))?)?(?: LIMIT (?<limit>\d+))? ?;?$/,
  ]
    .map(({ source }) => source)
    .join(''),
  'i',
);

const RANKS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SUM: (values) => values.reduce((sum, value) => sum + value, 0),
  AVG: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  MAX: (values) => Math.max(...values),
  MIN: (values) => Math.min(...values),
  COUNT: (values) => values.length,
};

export const isInsights = (expression: string): boolean => /^\s*SELECT\s/i.test(expression);

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html */
export function readInsights(expression: string): InsightsQuery {
  const parts = QUERY.exec(expression.trim().replace(/\s+/g, ' '))?.groups;
  if (parts === undefined) throw invalid(`Error in expression: ${expression}`);
  const {
    select = '',
    metric,
    dimensions = 'InstanceId',
    where,
    group,
    order = 'SUM',
    direction = 'ASC',
    limit,
  } = parts;
  const metricName = METRICS.find((name) => name === metric);
  if (metricName === undefined || dimensions !== 'InstanceId')
    throw invalid('The local AWS has no such metric of AWS/EC2');
  if (select.toUpperCase() !== 'SUM') throw invalid('The local AWS supports no other function than SUM');
  if (group !== undefined && group !== 'InstanceId') throw invalid(`${group} is no dimension of ${metricName}`);
  const rank = RANKS[order.toUpperCase()];
  if (rank === undefined) throw invalid(`${order} is no function`);
  const sign = direction.toUpperCase() === 'DESC' ? -1 : 1;
  return {
    metric: metricName,
    wants: readWhere(where),
    grouped: group !== undefined,
    rank: (points) => sign * rank(points.map(([, value]) => value)),
    limit: Math.min(Number(limit ?? MOST_RETURNED), MOST_RETURNED),
  };
}

/** The conditions on the instance, all of which must be met. */
function readWhere(where: string | undefined): (instanceId: string) => boolean {
  const tests = (where?.split(/ AND /i) ?? []).map((condition) => {
    const [, operator, value] = /^ ?InstanceId ?(!?=) ?'([^']*)' ?$/i.exec(condition) ?? [];
    if (value === undefined) throw invalid(`The local AWS does not support the condition ${condition}`);
    return (instanceId: string) => (instanceId === value) === (operator === '=');
  });
  return (instanceId) => tests.every((test) => test(instanceId));
}

/** The series in the requested order, up to the requested limit. */
export function ranked(query: InsightsQuery, all: readonly Series[]): readonly Series[] {
  const withValues = all.filter(({ points }) => points.length > 0);
  if (!query.grouped) return withValues.length === 0 ? [] : [{ label: query.metric, points: sumOf(withValues) }];
  const places = new Map(withValues.map((one) => [one, query.rank(one.points)]));
  return withValues.sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0)).slice(0, query.limit);
}

function sumOf(all: readonly Series[]): Point[] {
  const sums = new Map<number, number>();
  for (const { points } of all) for (const [at, value] of points) sums.set(at, (sums.get(at) ?? 0) + value);
  return [...sums].sort(([a], [b]) => a - b);
}

const invalid = (message: string): ApiError => new ApiError('ValidationException', message);
