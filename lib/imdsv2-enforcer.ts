import { Annotations, Stack, Token } from 'aws-cdk-lib';
import { type Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { EnforcerFunction } from './enforcer-function.ts';
import { HomeBus } from './home-bus.ts';
import { enforcerMetric, regionMetric } from './metrics.ts';
import { Monitoring } from './monitoring.ts';
import { DeadLetterQueue, WorkQueue } from './queues.ts';
import { checkSettings, type Settings } from './settings.ts';
import { Scan } from './scan.ts';
import { Topics } from './topics.ts';
import { ManagementTrail } from './trail.ts';
import { TriggerRules } from './trigger-rules.ts';

/** What is not chosen has the default of `Settings`. */
export interface Imdsv2EnforcerProps extends Partial<Settings> {
  /** The built bundles of the functions: folders with `index.mjs` that exports `handler`. */
  readonly code: { readonly enforce: Code; readonly scan: Code };
}

/**
 * Switches IMDSv1 off on the EC2 instances of this account and region, and of the other `regions` where a `ForwarderStack` is, the moment they start with it or are set back to it, and
 * tells the security team.
 */
export class Imdsv2Enforcer extends Construct {
  public readonly function: LambdaFunction;
  /** What became of instances; subscribe the security team. */
  public readonly outcomesTopic: Topic;
  /** Alarms about the product itself; subscribe the team that runs it. */
  public readonly operationsTopic: Topic;
  /** Running-state events, findings and alerts not yet sent. */
  public readonly workQueue: Queue;
  /** Looks at every instance on a schedule: its function, its queue and its dead letters. */
  public readonly scan: Scan;
  /** What could not be delivered or done. Redrive it to `workQueue`. */
  public readonly deadLetterQueue: Queue;
  /** What was chosen, and the defaults of the rest. */
  public readonly settings: Settings;

  public constructor(scope: Construct, id: string, { code, ...chosen }: Imdsv2EnforcerProps) {
    super(scope, id);
    const { settings, problems } = checkSettings(chosen);
    problems.forEach((problem) => Annotations.of(this).addError(problem));
    this.settings = settings;
    this.checkHome(settings);
    this.sayWhatIsUnseen(settings);

    const topics = new Topics(this, 'Topics', settings);
    this.outcomesTopic = topics.outcomes;
    this.operationsTopic = topics.operations;
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue');
    this.workQueue = new WorkQueue(this, 'WorkQueue', { deadLetterQueue: this.deadLetterQueue, trail: settings.trail });
    const queues = { workQueue: this.workQueue, deadLetterQueue: this.deadLetterQueue };
    this.function = new EnforcerFunction(this, 'Function', { code: code.enforce, settings, topics, ...queues });
    const targets = { function: this.function, ...queues };
    const { rules } = new TriggerRules(this, 'Rules', targets);
    const [, ...regions] = settings.regions;
    const forwarded = regions.length > 0 ? new HomeBus(this, 'Forwarded', { ...targets, regions }).rules : [];
    this.scan = new Scan(this, 'Scan', { code: code.scan, settings, topics, rules, forwarded, ...queues });
    new Monitoring(this, 'Monitoring', {
      function: this.function,
      ...queues,
      scan: this.scan,
      scanEveryHours: settings.scanEveryHours,
      forwards: regions.length > 0,
      operations: topics.operations,
      runbookUrl: settings.runbookUrl ?? 'docs/runbook.md',
    });
    if (settings.trail === 'create') new ManagementTrail(this, 'Trail', settings);
  }

  /** Instances on which IMDSv1 was switched off. */
  public metricRemediated(options?: MetricOptions): Metric {
    return enforcerMetric('remediated', options);
  }

  /** The part of `metricRemediated` that somebody had set back. */
  public metricDriftRemediated(options?: MetricOptions): Metric {
    return enforcerMetric('driftRemediated', options);
  }

  /** Instances that were left alone because something could not be told, or because they existed before. */
  public metricNeedsReview(options?: MetricOptions): Metric {
    return enforcerMetric('needsReview', options);
  }

  /** Instances that were left alone because of an exemption in date. */
  public metricExempt(options?: MetricOptions): Metric {
    return enforcerMetric('exempt', options);
  }

  /** Instances for which it could not be done, and trying again would not help. */
  public metricFailed(options?: MetricOptions): Metric {
    return enforcerMetric('failed', options);
  }

  /** Instances for which it could not be done this time. */
  public metricRetried(options?: MetricOptions): Metric {
    return enforcerMetric('retried', options);
  }

  /** Events, or parts of them, that could not be understood. */
  public metricNotUnderstood(options?: MetricOptions): Metric {
    return enforcerMetric('notUnderstood', options);
  }

  /** Seconds that IMDSv1 was reachable, one value per remediated instance; the 95th percentile unless told otherwise. */
  public metricExposureSeconds(options?: MetricOptions): Metric {
    return enforcerMetric('exposureSeconds', { statistic: Stats.p(95), ...options });
  }

  /** One for each region and scan. */
  public metricScanCompleted(options?: MetricOptions): Metric {
    return enforcerMetric('scanCompleted', options);
  }

  /** Instances on which calls without a token are refused since they were closed. */
  public metricRejectedInstances(options?: MetricOptions): Metric {
    return enforcerMetric('rejectedInstances', options);
  }

  /** What is off with the regions that send their events home, as their last scans found it. */
  public metricForwarderProblems(options?: MetricOptions): Metric {
    return enforcerMetric('forwarderProblems', options);
  }

  /** Instances of a region that CIS AWS 5.7 passes, as its last scan counted them. */
  public metricCompliantIn(region: string, options?: MetricOptions): Metric {
    return regionMetric('compliant', region, options);
  }

  /** Instances of a region that answer IMDSv1 without an exemption, as its last scan counted them. */
  public metricNonCompliantIn(region: string, options?: MetricOptions): Metric {
    return regionMetric('nonCompliant', region, options);
  }

  /** The part of `metricNonCompliantIn` that is left alone, whatever the reason. */
  public metricNeedsReviewIn(region: string, options?: MetricOptions): Metric {
    return regionMetric('needsReview', region, options);
  }

  /** Instances of a region with an exemption in date, as its last scan counted them. */
  public metricExemptIn(region: string, options?: MetricOptions): Metric {
    return regionMetric('exempt', region, options);
  }

  /** Seconds since the first launch of the oldest instance of `metricNonCompliantIn`. */
  public metricOldestNonCompliantSecondsIn(region: string, options?: MetricOptions): Metric {
    return regionMetric('oldestNonCompliantSeconds', region, options);
  }

  /** The others send to the first region, so the construct must be there. */
  private checkHome({ regions: [home] }: Settings): void {
    const { region } = Stack.of(this);
    if (home === undefined || region === home) return;
    const where = Token.isUnresolved(region) ? 'of no certain region' : `in ${region}`;
    Annotations.of(this).addError(
      `regions begins with ${home}, but the stack is ${where}; the home region comes first`,
    );
  }

  private sayWhatIsUnseen({ trail, regions }: Settings): void {
    const where = regions.length > 1 ? 'each of the regions' : 'this region';
    if (trail === 'existing') {
      Annotations.of(this).addInfoV2(
        'imdsv2-enforcer:trailExpected',
        `trail=existing expects a CloudTrail trail that logs management events in ${where}. Without one, an instance that is ` +
          'set back to IMDSv1 is not seen, and an insecure launch is seen late and without its caller.',
      );
    }
    if (trail === 'none') {
      Annotations.of(this).addWarningV2(
        'imdsv2-enforcer:noTrail',
        'trail=none: an instance that is set back to IMDSv1 is not seen, and alerts cannot name who launched an instance.',
      );
    }
  }
}
