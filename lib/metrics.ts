import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, SearchExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../lambda/contract.ts';

const { namespace, service, names } = METRICS;

/** Metrics that a scan emits for each region. */
export type Gauge = 'compliant' | 'nonCompliant' | 'needsReview' | 'exempt' | 'oldestNonCompliantSeconds';

/** A metric of the functions; by default the sum over five minutes. */
export function enforcerMetric(name: keyof typeof names, options: MetricOptions = {}): Metric {
  return new Metric({
    statistic: Stats.SUM,
    ...options,
    namespace,
    metricName: names[name],
    dimensionsMap: { service },
  });
}

/** A metric of the scans of one region; by default the average over five minutes. */
export function regionMetric(name: Gauge, region: string, options: MetricOptions = {}): Metric {
  return new Metric({
    statistic: Stats.AVERAGE,
    ...options,
    namespace,
    metricName: names[name],
    dimensionsMap: { service, region },
  });
}

/** Instances that need review, by reason, in all regions; emitted with each digest. */
export function needsReviewByReason(): SearchExpression {
  const search = `{${namespace},service,region,reason} MetricName="${names.needsReview}" service="${service}"`;
  const period = Duration.days(1);
  return new SearchExpression({
    expression: `SEARCH('${search}', '${Stats.AVERAGE}', ${period.toSeconds()})`,
    label: "${PROP('Dim.reason')}, ${PROP('Dim.region')}",
    period,
  });
}

/** A metric of the scans of all regions, by a search, because the regions are not known at synth time. */
export function everyRegion(name: Gauge, period: Duration): SearchExpression {
  const search = `{${namespace},service,region} MetricName="${names[name]}" service="${service}"`;
  return new SearchExpression({
    expression: `SEARCH('${search}', '${Stats.AVERAGE}', ${period.toSeconds()})`,
    label: "${PROP('Dim.region')}",
    period,
  });
}
