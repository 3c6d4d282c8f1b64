import { at, list, text } from '../wire/params.ts';
import type { LogLine } from './function.ts';

/** The log stream of all environments of a function. */
export const LOG_STREAM = 'local/[$LATEST]';

/** A log line that is a JSON object. */
export interface JsonLine extends LogLine {
  readonly json: Readonly<Record<string, unknown>>;
}

/** The lines that are JSON objects. */
export function jsonLines(lines: readonly LogLine[]): readonly JsonLine[] {
  return lines.flatMap((line) => {
    const json = parse(line.text);
    return json === undefined ? [] : [{ ...line, json }];
  });
}

/** One value of a CloudWatch metric. */
export interface MetricValue {
  readonly at: number;
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

/**
 * The metrics in log lines, in CloudWatch's embedded metric format.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricsIn(lines: readonly LogLine[]): readonly MetricValue[] {
  return jsonLines(lines).flatMap(({ json, at: time }) =>
    list(json, '_aws', 'CloudWatchMetrics').flatMap((directive) => {
      const names = (list(directive, 'Dimensions')[0] ?? []) as readonly string[];
      const dimensions = Object.fromEntries(names.map((name) => [name, String(json[name])]));
      return list(directive, 'Metrics').flatMap((metric) => {
        const name = text(metric, 'Name') ?? '';
        return [at(json, name)].flat().map((value) => ({
          at: time,
          namespace: text(directive, 'Namespace') ?? '',
          name,
          unit: text(metric, 'Unit') ?? 'None',
          value: Number(value),
          dimensions,
        }));
      });
    }),
  );
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
