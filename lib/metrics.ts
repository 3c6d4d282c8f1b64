import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, SearchExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../lambda/contract.ts';

const { namespace, service, names } = METRICS;

/** What a scan counts in each region. */
export type Gauge = 'compliant' | 'nonCompliant' | 'needsReview' | 'exempt' | 'oldestNonCompliantSeconds';

/** A metric that the functions emit; a sum over five minutes unless told otherwise. */
export function enforcerMetric(name: keyof typeof names, options: MetricOptions = {}): Metric {
  return new Metric({
    statistic: Stats.SUM,
    ...options,
    namespace,
    metricName: names[name],
    dimensionsMap: { service },
  });
}

/** What the scans of one region counted; an average unless told otherwise. */
export function regionMetric(name: Gauge, region: string, options: MetricOptions = {}): Metric {
  return new Metric({
    statistic: Stats.AVERAGE,
    ...options,
    namespace,
    metricName: names[name],
    dimensionsMap: { service, region },
  });
}

/** What holds instances open, over all regions; a scan measures it once a day, and after it closed something. */
export function needsReviewByReason(): SearchExpression {
  const search = `{${namespace},service,region,reason} MetricName="${names.needsReview}" service="${service}"`;
  const period = Duration.days(1);
  return new SearchExpression({
    expression: `SEARCH('${search}', '${Stats.AVERAGE}', ${period.toSeconds()})`,
    label: "${PROP('Dim.reason')}, ${PROP('Dim.region')}",
    period,
  });
}

/** A gauge in every region that has it: which regions an account has, nobody knows at synth time. */
export function everyRegion(name: Gauge, period: Duration): SearchExpression {
  const search = `{${namespace},service,region} MetricName="${names[name]}" service="${service}"`;
  return new SearchExpression({
    expression: `SEARCH('${search}', '${Stats.AVERAGE}', ${period.toSeconds()})`,
    label: "${PROP('Dim.region')}",
    period,
  });
}
