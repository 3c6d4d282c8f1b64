import type { Queue } from '../sqs/queue.ts';
import type { Queues } from '../sqs/queues.ts';
import type { CallObserver } from '../wire/gateway.ts';
import { AsyncInvoker, type AsyncSettings } from './async-invoke.ts';
import type { FunctionSettings } from './function.ts';
import { FunctionHost, type HostContext } from './host.ts';
import { Poller, type PollerSettings } from './poller.ts';

/** A queue that invokes a function. */
export interface EventSourceMapping {
  readonly id: string;
  readonly queueArn: string;
  readonly functionArn: string;
  readonly enabled: boolean;
  readonly settings: PollerSettings;
  /** Simulated milliseconds since 1970. */
  readonly createdAt: number;
}

/** All functions of the account. */
export class Functions implements CallObserver {
  public readonly mappings: EventSourceMapping[] = [];
  readonly #context: HostContext;
  readonly #queues: Queues;
  readonly #hosts = new Map<string, { readonly host: FunctionHost; readonly invoker: AsyncInvoker }>();

  public constructor(context: HostContext, queues: Queues) {
    this.#context = context;
    this.#queues = queues;
  }

  public add(settings: FunctionSettings, asynchronous: AsyncSettings): void {
    const host = new FunctionHost(settings, this.#context);
    const invoker = new AsyncInvoker(host, asynchronous, { ...this.#context, queues: this.#queues });
    this.#hosts.set(settings.arn, { host, invoker });
  }

  /** A function by ARN or name. */
  public get(name: string): FunctionHost | undefined {
    return [...this.#hosts.values()].find(({ host }) => host.settings.arn === name || host.settings.name === name)
      ?.host;
  }

  public all(): readonly FunctionHost[] {
    return [...this.#hosts.values()].map(({ host }) => host);
  }

  public has(arn: string): boolean {
    return this.#hosts.has(arn);
  }

  public poll(
    queue: Queue,
    host: FunctionHost,
    settings: PollerSettings,
    { id, enabled }: Pick<EventSourceMapping, 'id' | 'enabled'>,
  ): void {
    const createdAt = this.#context.clock.now();
    this.mappings.push({ id, queueArn: queue.arn, functionArn: host.settings.arn, enabled, settings, createdAt });
    if (!enabled) return;
    new Poller(queue, host, settings, this.#context).start();
  }

  /** Invokes a function asynchronously. @returns whether the function exists. */
  public accept(arn: string, payload: unknown): boolean {
    const found = this.#hosts.get(arn);
    found?.invoker.accept(payload);
    return found !== undefined;
  }

  public invocationOf(accessKeyId: string): string | undefined {
    for (const { host } of this.#hosts.values()) {
      const requestId = host.invocationOf(accessKeyId);
      if (requestId !== undefined) return requestId;
    }
    return undefined;
  }

  public answered(accessKeyId: string): boolean {
    return [...this.#hosts.values()].every(({ host }) => host.answered(accessKeyId));
  }

  public async prewarm(count: number): Promise<void> {
    await Promise.all([...this.#hosts.values()].map(({ host }) => host.prewarm(count)));
  }

  public async stop(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map(({ host }) => host.stop()));
  }
}
