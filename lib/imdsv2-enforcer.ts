import { Annotations, Stack, Token } from 'aws-cdk-lib';
import { type Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import type { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BUS } from '../lambda/contract.ts';
import { EnforcerFunction } from './enforcer-function.ts';
import { outcomeBusArn } from './environment.ts';
import { HealthPermissions } from './health-permissions.ts';
import { HomeBus } from './home-bus.ts';
import { enforcerMetric, regionMetric } from './metrics.ts';
import { Monitoring } from './monitoring.ts';
import { Notifier } from './notifier.ts';
import { DeadLetterQueue, FunctionQueue, GivenUpQueue } from './queues.ts';
import { applyRequirements } from './requirements.ts';
import { checkSettings, type Settings } from './settings.ts';
import { Scan } from './scan.ts';
import { BATCH_WINDOW, CHECK_WINDOW } from './timing.ts';
import { Topics } from './topics.ts';
import { ManagementTrail } from './trail.ts';
import { TriggerRules } from './trigger-rules.ts';

/** The settings, each with a default, and the code of the functions. */
export interface Imdsv2EnforcerProps extends Partial<Settings> {
  /** Directories of the built bundles, each with an `index.mjs` that exports `handler`. */
  readonly code: { readonly enforce: Code; readonly scan: Code; readonly notify: Code };
}

/**
 * Requires IMDSv2 on the EC2 instances of an account.
 *
 * An instance that launches with IMDSv1, or on which IMDSv1 is re-enabled, is remediated within seconds, and the
 * security team is notified. A scheduled scan covers every enabled region. Events are handled for the region of the
 * stack and for the other `regions`, each of which needs a `ForwarderStack`; `deployment` creates all of them.
 *
 * A setting that is not accepted is an error annotation, so that a synth reports all of them at once.
 *
 * @example
 * new Imdsv2Enforcer(this, 'Imdsv2Enforcer', {
 *   code: {
 *     enforce: Code.fromAsset('dist/enforce'),
 *     scan: Code.fromAsset('dist/scan'),
 *     notify: Code.fromAsset('dist/notify'),
 *   },
 *   mode: 'audit',
 *   alertEmail: ['security@example.com'],
 * });
 */
export class Imdsv2Enforcer extends Construct {
  /** Handles events of instances: launches, drift and exemption tags. */
  public readonly function: LambdaFunction;
  /** Alerts and digests; subscribe the security team. */
  public readonly outcomesTopic: Topic;
  /** Alarms about the deployment itself; subscribe its operators. */
  public readonly operationsTopic: Topic;
  /** Alerts in the form of Amazon Q Developer, with `chat=amazon-q`. */
  public readonly chatTopic?: Topic;
  /** The event bus on which outcomes are put. */
  public readonly outcomeBusArn: string;
  /** Sends alerts: its function, its queues and its dead-letter queue. */
  public readonly notifier: Notifier;
  /** Events and findings. */
  public readonly workQueue: Queue;
  /** Post-change checks, which have consumers of their own. */
  public readonly checkQueue: Queue;
  /** Scans every instance on a schedule: its function, its queue and its dead-letter queue. */
  public readonly scan: Scan;
  /** Events that could not be delivered or handled, until they are notified as given up. */
  public readonly givenUpQueue: Queue;
  /** Events that were given up. Scans send them again; redrive it to `workQueue` to do so at once. */
  public readonly deadLetterQueue: Queue;
  /** The settings, defaults included. */
  public readonly settings: Settings;

  public constructor(scope: Construct, id: string, { code, ...chosen }: Imdsv2EnforcerProps) {
    super(scope, id);
    const { settings, problems } = checkSettings(chosen);
    problems.forEach((problem) => Annotations.of(this).addError(problem));
    this.settings = settings;
    this.checkHome(settings);
    this.reportSettings(settings);
    this.warnAboutTrail(settings);

    const topics = new Topics(this, 'Topics', settings);
    this.outcomesTopic = topics.outcomes;
    this.operationsTopic = topics.operations;
    this.chatTopic = topics.chat;
    this.outcomeBusArn = outcomeBusArn(this, settings);
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue');
    this.givenUpQueue = new GivenUpQueue(this, 'GivenUpQueue', this.deadLetterQueue);
    const { deadLetterQueue, givenUpQueue } = this;
    this.workQueue = new FunctionQueue(this, 'WorkQueue', { deadLetterQueue: givenUpQueue, window: BATCH_WINDOW });
    this.checkQueue = new FunctionQueue(this, 'CheckQueue', { deadLetterQueue, window: CHECK_WINDOW });
    const queues = { workQueue: this.workQueue, checkQueue: this.checkQueue, givenUpQueue, deadLetterQueue };
    this.function = new EnforcerFunction(this, 'Function', { code: code.enforce, settings, ...queues });
    const { rules, ping } = new TriggerRules(this, 'Rules', { function: this.function, ...queues });
    const [, ...regions] = settings.regions;
    const homeBus = regions.length > 0 ? new HomeBus(this, 'HomeBus', { ...queues, regions }) : undefined;
    this.scan = new Scan(this, 'Scan', { code: code.scan, settings, ...queues });
    this.notifier = new Notifier(this, 'Notifier', { code: code.notify, settings, topics });
    const [scanRules = [], notifierRules = []] = [this.scan, this.notifier].map(rulesOf);
    const parts = { function: this.function, scan: this.scan, notifier: this.notifier, topics, settings };
    new Monitoring(this, 'Monitoring', {
      ...parts,
      ...queues,
      rules: {
        EventsLost: { rules: [...rules, ...scanRules] },
        ForwardedEventsLost: { bus: BUS, rules: homeBus?.rules ?? [] },
        OutcomesLost: { bus: settings.outcomeBusArn?.split('/').slice(1).join('/'), rules: notifierRules },
      },
    });
    new HealthPermissions(this, 'Health', {
      ...parts,
      queues: Object.values(queues),
      rules: [...rules, ping, ...scanRules, ...notifierRules],
      eventBus: homeBus?.eventBus,
    });
    if (settings.trail === 'create') new ManagementTrail(this, 'Trail', settings);
    applyRequirements(this, settings);
  }

  /** Instances that were remediated. */
  public metricRemediated(options?: MetricOptions): Metric {
    return enforcerMetric('remediated', options);
  }

  /** The part of `metricRemediated` that was drift. */
  public metricDriftRemediated(options?: MetricOptions): Metric {
    return enforcerMetric('driftRemediated', options);
  }

  /** Instances that need review: IMDSv1 may be enabled and is not remediated automatically. */
  public metricNeedsReview(options?: MetricOptions): Metric {
    return enforcerMetric('needsReview', options);
  }

  /** Instances with an exemption in effect. */
  public metricExempt(options?: MetricOptions): Metric {
    return enforcerMetric('exempt', options);
  }

  /** Instances whose remediation failed and is not retried. */
  public metricFailed(options?: MetricOptions): Metric {
    return enforcerMetric('failed', options);
  }

  /** Instances whose remediation failed and is retried. */
  public metricRetried(options?: MetricOptions): Metric {
    return enforcerMetric('retried', options);
  }

  /** Instances that were handed back to the work queue, to be tried again later. */
  public metricHandedBack(options?: MetricOptions): Metric {
    return enforcerMetric('handedBack', options);
  }

  /** Events, or parts of events, that could not be read. */
  public metricNotUnderstood(options?: MetricOptions): Metric {
    return enforcerMetric('notUnderstood', options);
  }

  /** Seconds with IMDSv1 enabled, one value per remediated instance; by default the 95th percentile. */
  public metricExposureSeconds(options?: MetricOptions): Metric {
    return enforcerMetric('exposureSeconds', { statistic: Stats.p(95), ...options });
  }

  /** Completed scans, one for each region and run. */
  public metricScanCompleted(options?: MetricOptions): Metric {
    return enforcerMetric('scanCompleted', options);
  }

  /** Remediated instances on which IMDSv1 calls are rejected. */
  public metricRejectedInstances(options?: MetricOptions): Metric {
    return enforcerMetric('rejectedInstances', options);
  }

  /** Parts of the deployment that are lost or whose state is not known, every 15 minutes; by default the maximum. */
  public metricHealthFindings(options?: MetricOptions): Metric {
    return enforcerMetric('healthFindings', { statistic: Stats.MAXIMUM, ...options });
  }

  /** Instances of a region that pass CIS AWS 5.7, as of its last scan. */
  public metricCompliantIn(region: string, options?: MetricOptions): Metric {
    return regionMetric('compliant', region, options);
  }

  /** Instances of a region with IMDSv1 enabled and no exemption, as of its last scan. */
  public metricNonCompliantIn(region: string, options?: MetricOptions): Metric {
    return regionMetric('nonCompliant', region, options);
  }

  /** The part of `metricNonCompliantIn` that needs review. */
  public metricNeedsReviewIn(region: string, options?: MetricOptions): Metric {
    return regionMetric('needsReview', region, options);
  }

  /** Instances of a region with an exemption in effect, as of its last scan. */
  public metricExemptIn(region: string, options?: MetricOptions): Metric {
    return regionMetric('exempt', region, options);
  }

  /** Seconds since the first launch of the oldest instance in `metricNonCompliantIn`. */
  public metricOldestNonCompliantSecondsIn(region: string, options?: MetricOptions): Metric {
    return regionMetric('oldestNonCompliantSeconds', region, options);
  }

  /** The other regions forward to the first one, so the construct must be in it. */
  private checkHome({ regions: [home] }: Settings): void {
    const { region } = Stack.of(this);
    if (home === undefined || region === home) return;
    const found = Token.isUnresolved(region) ? 'has no fixed region' : `is in ${region}`;
    Annotations.of(this).addError(`regions begins with ${home}, its home region, but the stack ${found}`);
  }

  /** What a forgotten `-c` would change without a word. */
  private reportSettings({ mode, existing, launches, regions, trail, alertEmail, operationsEmail }: Settings): void {
    const shown = {
      mode,
      existing,
      launches,
      regions: regions.length > 0 ? regions.join(',') : 'of the stack only',
      trail,
      alertEmail: alertEmail.join(',') || 'none',
      operationsEmail: operationsEmail.join(',') || 'none',
    };
    const text = Object.entries(shown).map(([key, value]) => `${key}=${value}`);
    Annotations.of(this).addInfoV2('imdsv2-enforcer:settings', text.join('  '));
  }

  private warnAboutTrail({ trail, regions }: Settings): void {
    const scope = regions.length > 1 ? 'each of the regions' : 'this region';
    if (trail === 'existing') {
      Annotations.of(this).addInfoV2(
        'imdsv2-enforcer:trailExpected',
        `trail=existing expects a CloudTrail trail that logs management events in ${scope}. Without one, drift is ` +
          'not detected, and a launch with IMDSv1 is detected later and without its caller.',
      );
    }
    if (trail === 'none') {
      Annotations.of(this).addWarningV2(
        'imdsv2-enforcer:noTrail',
        'trail=none: drift is not detected, and alerts cannot name the caller of a launch.',
      );
    }
  }
}

const rulesOf = ({ node }: Construct): readonly Rule[] => node.children.filter((child) => child instanceof Rule);
