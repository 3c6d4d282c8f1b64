import { ApiError } from '../wire/errors.ts';
import { list, type Params, text } from '../wire/params.ts';

/** One query of a GetMetricData call. */
export interface Query {
  readonly id: string;
  readonly label?: string;
  /** Milliseconds. */
  readonly period: number;
  readonly expression?: string;
  readonly namespace?: string;
  readonly metric?: string;
  /** The only dimension of the metric; absent if there are none or several. */
  readonly dimension?: { readonly name: string; readonly value: string };
  readonly returned: boolean;
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const MOST_QUERIES = 500;

/** Reads and validates the queries. */
export function readQueries(params: Params): readonly Query[] {
  const queries = list(params, 'MetricDataQueries');
  if (queries.length > MOST_QUERIES) {
    throw invalid(`The collection MetricDataQueries must not have a size greater than ${MOST_QUERIES}.`);
  }
  const read = queries.map(readQuery);
  if (new Set(read.map(({ id }) => id)).size < read.length) throw invalid('The values for parameter id are not unique');
  return read;
}

function readQuery(query: unknown): Query {
  const id = text(query, 'Id') ?? '';
  if (!/^[a-z][a-zA-Z0-9_]*$/.test(id)) throw invalid(`The value '${id}' for parameter id is invalid`);
  const expression = text(query, 'Expression');
  const isStat = text(query, 'MetricStat', 'Stat') !== undefined;
  if ((expression === undefined) !== isStat) throw invalid(`Either Expression or MetricStat must be given for ${id}`);
  if (isStat && text(query, 'MetricStat', 'Stat') !== 'Sum')
    throw invalid('The local AWS supports no other Stat than Sum');
  const seconds = Number(text(query, 'MetricStat', 'Period') ?? text(query, 'Period') ?? NaN);
  if (!Number.isInteger(seconds) || seconds <= 0 || seconds % 60 !== 0) {
    throw invalid(`Period must be a multiple of 60 seconds: ${id}`);
  }
  const dimensions = list(query, 'MetricStat', 'Metric', 'Dimensions');
  return {
    id,
    label: text(query, 'Label'),
    period: seconds * 1000,
    expression,
    namespace: text(query, 'MetricStat', 'Metric', 'Namespace'),
    metric: text(query, 'MetricStat', 'Metric', 'MetricName'),
    dimension:
      dimensions.length === 1
        ? { name: text(dimensions[0], 'Name') ?? '', value: text(dimensions[0], 'Value') ?? '' }
        : undefined,
    returned: text(query, 'ReturnData') !== 'false',
  };
}

const invalid = (message: string): ApiError => new ApiError('ValidationException', message);
