import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../lambda/contract.ts';

/** A metric that the function emits; a sum over five minutes unless told otherwise. */
export function enforcerMetric(name: keyof typeof METRICS.names, options: MetricOptions = {}): Metric {
  return new Metric({
    statistic: Stats.SUM,
    ...options,
    namespace: METRICS.namespace,
    metricName: METRICS.names[name],
    dimensionsMap: { service: METRICS.service },
  });
}
