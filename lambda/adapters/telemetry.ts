import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Gauges, Telemetry } from '../app/ports/index.ts';
import { METRICS, type Status } from '../contract.ts';
import { isCounted } from '../core/health.ts';
import { isRetried, type Outcome, severityOf } from '../core/outcome.ts';
import { clean } from '../core/text.ts';

const { names } = METRICS;

/** Writes structured log lines, always with the same keys, and the metrics of alarms and dashboard. */
export function telemetry(logger: Logger, metrics: Metrics): Telemetry {
  const count = (name: string) => metrics.addMetric(name, MetricUnit.Count, 1);
  return {
    outcome: (outcome, notified) => {
      const { target, status, reason, exposedSeconds, detail } = outcome;
      const { trigger, eventId, caller, recorded } = target.context;
      const line = {
        accountId: target.account,
        region: target.region,
        instanceId: target.instanceId,
        trigger: trigger.name,
        eventId: clean(eventId),
        status,
        reason,
        severity: severityOf(outcome),
        exposedSeconds,
        // What was proven about the instance before a change of its options.
        before: recorded?.before,
        detail: detail && clean(detail),
        caller: caller && clean(caller.principal),
        notified,
      };
      if (status === 'failed') logger.warn('outcome', line);
      else logger.info('outcome', line);
      for (const name of metricsOf(outcome, notified)) count(name);
      if (exposedSeconds !== undefined) metrics.addMetric(names.exposureSeconds, MetricUnit.Seconds, exposedSeconds);
    },
    notUnderstood: (eventId, problem) => {
      logger.warn('not understood', { eventId: clean(eventId), problem });
      count(names.notUnderstood);
    },
    handedBack: (instances) => metrics.addMetric(names.handedBack, MetricUnit.Count, instances),
    otherAccount: (eventId, account) =>
      logger.warn('event of another account skipped', { eventId: clean(eventId), account }),
    scanCompleted: (region, gauges) => {
      logger.info('scan completed', { region, ...gauges });
      count(names.scanCompleted);
      if (gauges.rejected !== undefined) metrics.addMetric(names.rejectedInstances, MetricUnit.Count, gauges.rejected);
      // CloudWatch charges for each metric, so a region without instances has none.
      if (gauges.compliant + gauges.nonCompliant + gauges.exempt === 0) return;
      // A separate metric object, because gauges have the dimension `region` and the counts above do not.
      const regional = metrics.singleMetric();
      for (const [name, unit, value] of regionalMetrics(gauges)) {
        regional.addDimension('region', region);
        regional.addMetric(name, unit, value);
      }
      for (const [reason, instances] of Object.entries(gauges.needsReviewBy ?? {})) {
        const byReason = metrics.singleMetric();
        byReason.addDimensions({ region, reason });
        byReason.addMetric(names.needsReview, MetricUnit.Count, instances);
      }
    },
    health: (results) => {
      for (const { check, loss, level, text, action, changedBy } of results) {
        if (level !== 'ok')
          logger.warn('health finding', { check, loss, state: level, text: clean(text), action, changedBy });
      }
      metrics.addMetric(names.healthFindings, MetricUnit.Count, results.filter(isCounted).length);
    },
    rejected: (instances) => metrics.addMetric(names.rejectedInstances, MetricUnit.Count, instances),
    warning: (text, error) =>
      logger.warn(text, { error: error instanceof Error ? clean(error.message) : String(error) }),
  };
}

const regionalMetrics = (gauges: Gauges) =>
  [
    [names.compliant, MetricUnit.Count, gauges.compliant],
    [names.nonCompliant, MetricUnit.Count, gauges.nonCompliant],
    [names.needsReview, MetricUnit.Count, gauges.needsReview],
    [names.exempt, MetricUnit.Count, gauges.exempt],
    [names.oldestNonCompliantSeconds, MetricUnit.Seconds, gauges.oldestNonCompliantSeconds],
  ] as const;

const BY_STATUS: Readonly<Partial<Record<Status, string>>> = {
  remediated: names.remediated,
  'needs-review': names.needsReview,
  exempt: names.exempt,
};

/**
 * Names of the metrics that count an outcome.
 *
 * An outcome that is not notified repeats an earlier one, so it is not counted again. A grant changes a tag, not the
 * instance: the exemption is counted when an event of the instance is exempt because of it.
 */
function metricsOf(outcome: Outcome, notified: boolean): string[] {
  const { status, target } = outcome;
  if (status === 'failed') return [isRetried(outcome) ? names.retried : names.failed];
  const name = BY_STATUS[status];
  if (name === undefined || !notified || target.context.trigger.exemptionTag === 'set') return [];
  return status === 'remediated' && target.context.trigger.drift ? [name, names.driftRemediated] : [name];
}
