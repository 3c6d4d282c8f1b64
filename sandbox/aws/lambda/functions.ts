import type { Queue } from '../sqs/queue.ts';
import type { Queues } from '../sqs/queues.ts';
import type { CallObserver } from '../wire/gateway.ts';
import { AsyncInvoker, type AsyncSettings } from './async-invoke.ts';
import type { FunctionSettings } from './function.ts';
import { FunctionHost, type HostRoom } from './host.ts';
import { Poller, type PollerSettings } from './poller.ts';

/** A queue that a function takes from. */
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
  readonly #room: HostRoom;
  readonly #queues: Queues;
  readonly #hosts = new Map<string, { readonly host: FunctionHost; readonly invoker: AsyncInvoker }>();

  public constructor(room: HostRoom, queues: Queues) {
    this.#room = room;
    this.#queues = queues;
  }

  public add(settings: FunctionSettings, asynchronous: AsyncSettings): void {
    const host = new FunctionHost(settings, this.#room);
    const invoker = new AsyncInvoker(host, asynchronous, { ...this.#room, queues: this.#queues });
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
    const createdAt = this.#room.clock.now();
    this.mappings.push({ id, queueArn: queue.arn, functionArn: host.settings.arn, enabled, settings, createdAt });
    if (!enabled) return;
    new Poller(queue, host, settings, this.#room).start();
  }

  /** Gives an event to a function, asynchronously; `false` if there is no such function. */
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
