import type { OptionHistory } from '../../core/exposure.ts';
import type { Measurement, UsageWindow } from '../../core/usage.ts';

/**
 * EC2's metrics of IMDSv1 calls: accepted while tokens were optional, rejected while required.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
 */
export type UsageMetric = 'MetadataNoToken' | 'MetadataNoTokenRejected';

/**
 * What EC2 counts calls by: the instance, or its Auto Scaling group with instances that are gone.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html#ec2-cloudwatch-dimensions
 */
export type UsageDimension = 'InstanceId' | 'AutoScalingGroupName';

/** One metric of up to 500 instances or groups over a time window. */
export interface UsageQuestion {
  readonly region: string;
  readonly metric: UsageMetric;
  readonly dimension: UsageDimension;
  /** Ids of instances, or names of Auto Scaling groups. */
  readonly names: readonly string[];
  readonly window: UsageWindow;
}

/** Measures IMDSv1 usage. CloudWatch charges for every metric that is requested. */
export interface UsageReader {
  /**
   * Returns one page of measurements. Later pages may add points to an instance or group; one without data
   * has no points.
   *
   * @param token from the previous page; absent for the first page.
   * @throws FailureError
   */
  page(question: UsageQuestion, token?: string): Promise<UsagePage>;
}

/** A page of measurements. */
export interface UsagePage {
  /** By instance id or name of the group. */
  readonly measurements: ReadonlyMap<string, Measurement>;
  /** Token of the next page; absent on the last page. */
  readonly next?: string;
}

/** Reads which metadata options instances had. */
export interface HistoryReader {
  /**
   * Returns both metrics of up to 250 instances over a window of hours, with one call and without retries. An instance whose
   * points may be missing is marked as incomplete.
   *
   * @throws FailureError
   */
  history(
    region: string,
    instanceIds: readonly string[],
    window: UsageWindow,
  ): Promise<ReadonlyMap<string, OptionHistory>>;
}

/** Finds the instances with the most rejected IMDSv1 calls. */
export interface RejectionReader {
  /**
   * Returns up to 100 instances of a region with rejected calls in the window, most calls first, with the number of
   * calls.
   *
   * @throws FailureError
   */
  mostRejected(region: string, window: UsageWindow): Promise<ReadonlyMap<string, number>>;
}
