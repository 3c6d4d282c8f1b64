import type { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sqsWorkQueue } from '../../lambda/adapters/sqs-work-queue.ts';
import type { Ports } from '../../lambda/app/ports/index.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { VirtualClock } from '../scan/clock.ts';
import type { Ec2 } from './ec2.ts';
import type { Invocation } from './function.ts';
import type { StandardQueue } from './sqs.ts';

/** Of the latency of a call, the most that is added to it. */
const JITTER = 2 / 3;

/** What the product did beside its changes, counted. */
export class Counters {
  public alerts = 0;
  public describes = 0;
  /** Messages about each instance that the function sent. */
  public readonly messages = new Map<string, number>();
  public readonly warnings = new Map<string, number>();

  public count(body: string): void {
    const id = /"instanceId":"([^"]+)"/.exec(body)?.[1];
    if (id !== undefined) this.messages.set(id, (this.messages.get(id) ?? 0) + 1);
  }

  public warn(text: string): void {
    this.warnings.set(text, (this.warnings.get(text) ?? 0) + 1);
  }
}

/** What an invocation runs in. */
export interface PortContext {
  readonly clock: VirtualClock;
  readonly ec2: Ec2;
  readonly workQueue: StandardQueue;
  /** Whether the function hangs, until its timeout, when it handles an instance. */
  readonly isFatal: (instanceId: string) => boolean;
  readonly checks: { readonly queue?: StandardQueue; readonly refused?: boolean; readonly unmeasured?: boolean };
  readonly counters: Counters;
  readonly random: () => number;
  /** Virtual milliseconds that a call takes at least. */
  readonly latencyMs: number;
  /** Milliseconds after the start of an invocation after which nothing new is begun. */
  readonly workMs: number;
}

const notMeasured = () => Promise.reject(new FailureError('unknown', 'nothing is measured here'));

/** The ports of one invocation, with EC2, SQS and SNS in memory behind them. */
export function portsOf(
  invocation: Invocation,
  { clock, ec2, isFatal, workQueue, checks, counters, random, latencyMs, workMs }: PortContext,
): Ports {
  // Carried out half-way: an invocation that ends after that has done it and does not know.
  const call = async <T>(act: () => T): Promise<T> => {
    const ms = latencyMs * (1 + JITTER * random());
    await invocation.sleep(ms / 2);
    const result = await Promise.resolve()
      .then(act)
      .then(
        (value) => () => value,
        (error: unknown) => () => {
          throw error;
        },
      );
    await invocation.sleep(ms / 2);
    return result();
  };
  const sendCheck = async ({ input: { Entries = [] } }: SendMessageBatchCommand) => {
    // The SDK tries twice.
    if (checks.refused === true) await call(() => undefined).then(() => invocation.sleep(100 * random()));
    return call(() => {
      if (checks.refused === true) throw Object.assign(new Error(), { $metadata: { httpStatusCode: 503 } });
      for (const { MessageBody = '', DelaySeconds } of Entries) checks.queue?.send(MessageBody, DelaySeconds);
      return {};
    });
  };
  const send = ({ input }: SendMessageBatchCommand | SendMessageCommand) =>
    call(() => {
      const entries = 'Entries' in input ? (input.Entries ?? []) : [input];
      for (const { MessageBody = '', DelaySeconds } of entries) {
        workQueue.send(MessageBody, DelaySeconds);
        counters.count(MessageBody);
      }
      return {};
    });
  const toQueue = (command: SendMessageBatchCommand) =>
    command.input.QueueUrl === 'checks' ? sendCheck(command) : send(command);
  const queue = sqsWorkQueue({ send: toQueue } as unknown as SQSClient, {
    workQueueUrl: 'work',
    checkQueueUrl: 'checks',
  });
  return {
    reader: {
      describe: (region, ids) =>
        ids.some(isFatal)
          ? new Promise<never>(() => undefined)
          : call(() => {
              counters.describes += 1;
              return ec2.describe(region, ids);
            }),
      find: (lookup) => call(() => ec2.find(lookup)),
    },
    writer: { requireTokens: (region, id) => call(() => ec2.requireTokens(region, id)) },
    refusedGroups: { since: () => call(() => []) },
    regions: { defaults: () => call(() => ({})) },
    // A scenario without checks is not about them.
    queue: checks.queue === undefined ? { ...queue, putChecks: () => call(() => undefined) } : queue,
    usage: {
      history: checks.unmeasured === true ? () => call(unavailable) : notMeasured,
      page: ({ names }) =>
        call(() => {
          if (checks.unmeasured === true) unavailable();
          return { measurements: new Map(names.map((id) => [id, { points: [], complete: true }])) };
        }),
    },
    bus: {
      put: (events) =>
        call(() => {
          counters.alerts += events.length;
          for (const { detail } of events) {
            const instance = 'instanceId' in detail ? ec2.instances.get(detail.instanceId) : undefined;
            if (instance === undefined || !('status' in detail)) continue;
            instance.alerts += 1;
            if (detail.status === 'already-remediated') instance.repeats += 1;
          }
          return [];
        }),
    },
    telemetry: {
      outcome: () => undefined,
      notUnderstood: (_, problem) => counters.warn(problem),
      handedBack: () => undefined,
      otherAccount: () => undefined,
      scanCompleted: () => undefined,
      health: () => undefined,
      rejected: () => undefined,
      warning: (text) => counters.warn(text),
    },
    time: {
      now: () => new Date(clock.now()),
      sleep: (ms) => invocation.sleep(ms),
      random,
      deadline: new Date(invocation.startedAt + workMs),
    },
  };
}

function unavailable(): never {
  throw new FailureError('unavailable', 'CloudWatch is unavailable');
}
