import { ApiError } from '../wire/errors.ts';
import type { ResponseValue } from '../wire/xml.ts';
import type { Point } from './series.ts';

/** The result of a query, with its points in the requested order. */
export interface Result {
  readonly id: string;
  readonly label: string;
  readonly points: readonly Point[];
}

/** One page of results. Its size is a number of values, so that a result may continue on the next page. */
export function pageOfResults(
  results: readonly Result[],
  most: number,
  token: string | undefined,
): { readonly MetricDataResults: ResponseValue[]; readonly NextToken?: string } {
  const [first, skipped] = token === undefined ? [0, 0] : placeIn(token);
  const MetricDataResults: ResponseValue[] = [];
  let remaining = most;
  for (const [index, { id, label, points }] of results.entries()) {
    if (index < first) continue;
    if (remaining === 0) return { MetricDataResults, NextToken: tokenOf(index, 0) };
    const start = index === first ? skipped : 0;
    const fitting = points.slice(start, start + remaining);
    const isWhole = start + fitting.length === points.length;
    MetricDataResults.push({
      Id: id,
      Label: label,
      Timestamps: fitting.map(([at]) => new Date(at)),
      Values: fitting.map(([, value]) => value),
      StatusCode: isWhole ? 'Complete' : 'PartialData',
    });
    if (!isWhole) return { MetricDataResults, NextToken: tokenOf(index, start + fitting.length) };
    remaining -= fitting.length;
  }
  return { MetricDataResults };
}

const tokenOf = (result: number, point: number): string => Buffer.from(`${result} ${point}`).toString('base64url');

function placeIn(token: string): readonly [result: number, point: number] {
  const [, result, point] = /^(\d+) (\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (result === undefined || point === undefined)
    throw new ApiError('InvalidNextToken', 'The next token is not valid');
  return [Number(result), Number(point)];
}
