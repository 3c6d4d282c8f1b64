import type { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { cloudWatchUsage } from '../../lambda/adapters/cloudwatch-usage.ts';
import { failing } from '../../lambda/adapters/failures.ts';
import { sqsScanQueue } from '../../lambda/adapters/sqs-scan-queue.ts';
import type { Time } from '../../lambda/app/ports/index.ts';
import type { ScanPorts } from '../../lambda/app/scan/rules.ts';
import { DIGEST_SCHEMA, type Existing, MESSAGE_SCHEMA } from '../../lambda/contract.ts';
import { renderDigest } from '../../lambda/core/digest-message.ts';
import type { OutcomeEvent } from '../../lambda/core/outcome-event.ts';
import type { VirtualClock } from './clock.ts';
import { indexOf, type Region } from './region.ts';
import { launchSourceReader } from '../../test/support/launch-source-reader.ts';

/** Virtual milliseconds of a response: network latency, and what AWS needs for large responses. */
const LATENCY = { call: 120, jitter: 80, page: 900, pointsPerMs: 400 };

/** The timeout of an invocation, and the part of it that lambda/adapters/invocation-time.ts reserves. */
export const LIMIT_MS = 900_000;
const RESERVE_MS = 15_000;

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MAX_EVENT_BYTES = 262_144;

/** Counts calls, changes and notifications. */
export class Statistics {
  public readonly calls = new Map<string, number>();
  public metricsRequested = 0;
  /** When an instance was changed, in order. */
  public readonly changedAt: number[] = [];
  /** The number of remediation notifications of each instance. */
  public readonly notifications: Uint8Array;
  public readonly digests: string[] = [];
  public readonly warnings: string[] = [];
  public completed = 0;

  public constructor(size: number) {
    this.notifications = new Uint8Array(size);
  }

  public count(call: string): void {
    this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
  }

  public of(...calls: readonly string[]): number {
    return calls.reduce((sum, call) => sum + (this.calls.get(call) ?? 0), 0);
  }
}

/** What an invocation depends on. */
export interface InvocationContext {
  readonly clock: VirtualClock;
  readonly region: Region;
  readonly statistics: Statistics;
  readonly existing: Existing;
  readonly regionName: string;
  readonly random: () => number;
  readonly send: (body: string, groupId: string, deduplicationId?: string) => void;
}

/** Nothing is given up here. */
export const NO_QUEUE: ScanPorts['deadLetterQueue'] = {
  receive: () => Promise.resolve([]),
  remove: () => Promise.resolve([]),
  put: () => Promise.resolve([]),
};

/** One invocation. After it is over, its calls and pauses never return. */
export class Invocation {
  public over = false;
  readonly #context: InvocationContext;

  public constructor(context: InvocationContext) {
    this.#context = context;
  }

  public ports(): ScanPorts & { readonly time: Time } {
    const { clock, region, statistics, existing, regionName, random } = this.#context;
    const deadline = new Date(clock.now() + LIMIT_MS - RESERVE_MS);
    const time: Time = {
      now: () => new Date(clock.now()),
      sleep: (ms) => this.#sleep(ms),
      random,
      deadline,
    };
    const writer: ScanPorts['writer'] = {
      requireTokens: (_, id) =>
        this.#call('ModifyInstanceMetadataOptions', () => {
          const options = region.requireTokens(id);
          statistics.changedAt.push(clock.now());
          return options;
        }),
    };
    return {
      reader: {
        describe: (_, ids) => this.#call('DescribeInstances', () => region.describe(ids)),
        find: () => Promise.reject(new Error('a scan looks for no launch')),
      },
      fleet: {
        page: (_, filters, token) => this.#call('DescribeInstances', () => region.page(filters, token), LATENCY.page),
      },
      regions: {
        enabled: () => this.#call('DescribeRegions', () => [regionName]),
        defaults: () => this.#call('GetInstanceMetadataDefaults', () => ({ HttpTokens: 'required' })),
      },
      writer: existing === 'audit' ? undefined : writer,
      queue: {
        putFindings: () => Promise.reject(new Error('a scan finds nothing')),
        putEvents: () => Promise.reject(new Error('a scan keeps no event')),
        putChecks: () => this.#call('SendMessageBatch', () => undefined),
      },
      deadLetterQueue: NO_QUEUE,
      steps: sqsScanQueue(this.#sqs(), 'scan'),
      usage: cloudWatchUsage(() => this.#cloudWatch()),
      bus: { put: (events) => this.#call('PutEvents', () => this.#put(events)) },
      telemetry: {
        outcome: () => undefined,
        notUnderstood: (_, problem) => statistics.warnings.push(problem),
        handedBack: () => undefined,
        otherAccount: () => undefined,
        scanCompleted: () => (statistics.completed += 1),
        health: () => undefined,
        rejected: () => undefined,
        warning: (text) => statistics.warnings.push(text),
      },
      history: { page: () => this.#call('LookupEvents', () => ({ calls: [] })) },
      network: { natGateways: () => Promise.resolve(new Map()) },
      launchSources: launchSourceReader(),
      healthChecks: {
        all: () => Promise.resolve([]),
        home: () => Promise.resolve([]),
        region: () => Promise.resolve([]),
        unmonitored: () => Promise.resolve([]),
      },
      time,
    };
  }

  /** A CloudWatch client for the real adapter. */
  #cloudWatch(): CloudWatchClient {
    const { region, statistics } = this.#context;
    const send = async ({ input }: GetMetricDataCommand) => {
      const { MetricDataQueries = [], StartTime = new Date(0), EndTime = new Date(0) } = input;
      const seconds = MetricDataQueries[0]?.MetricStat?.Period ?? 3600;
      const points = (MetricDataQueries.length * (EndTime.getTime() - StartTime.getTime())) / 1000 / seconds;
      const ask = () => {
        region.take('GetMetricData');
        region.take('GetMetricData points', points);
        statistics.metricsRequested += MetricDataQueries.length;
        return MetricDataQueries.map(({ Id, MetricStat }) => {
          const id = MetricStat?.Metric?.Dimensions?.[0]?.Value;
          const found = id === undefined ? {} : region.points(id, StartTime, EndTime, seconds);
          return { Id, StatusCode: 'Complete', ...found };
        });
      };
      return { MetricDataResults: await this.#call('GetMetricData', ask, points / LATENCY.pointsPerMs) };
    };
    return { send } as unknown as CloudWatchClient;
  }

  #sqs(): SQSClient {
    const send = async ({ input: { Entries = [] } }: SendMessageBatchCommand) => {
      await this.#call('SendMessageBatch', () => {
        for (const { MessageBody = '', MessageGroupId = '', MessageDeduplicationId } of Entries) {
          this.#context.send(MessageBody, MessageGroupId, MessageDeduplicationId);
        }
      });
      return {};
    };
    return { send } as unknown as SQSClient;
  }

  #put(events: readonly OutcomeEvent[]): readonly OutcomeEvent[] {
    const { statistics } = this.#context;
    for (const { detail } of events) {
      if (JSON.stringify(detail).length > MAX_EVENT_BYTES) throw new Error('EventBridge does not take an event');
      if (detail.schema === DIGEST_SCHEMA)
        statistics.digests.push(renderDigest(detail, { maxExemptionDays: 90 }).email);
      if (detail.schema !== MESSAGE_SCHEMA || !isRemediation(detail.status)) continue;
      const index = indexOf(detail.instanceId);
      statistics.notifications[index] = (statistics.notifications[index] ?? 0) + 1;
    }
    return [];
  }

  /** Makes a call, which takes effect after half of its time. After that, a kill loses the response only. */
  async #call<T>(name: string, act: () => T, more = 0): Promise<T> {
    const { statistics, random } = this.#context;
    const ms = LATENCY.call + LATENCY.jitter * random() + more;
    await this.#sleep(ms / 2);
    statistics.count(name);
    const result = await failing(Promise.resolve().then(act));
    await this.#sleep(ms / 2);
    return result;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.#context.clock.after(ms, () => {
        if (!this.over) wake();
      });
    });
  }
}

const isRemediation = (status: string): boolean => status === 'remediated' || status === 'already-remediated';
