import type { Queue } from '../sqs/queue.ts';
import type { CallObserver } from '../wire/gateway.ts';
import type { Params } from '../wire/params.ts';
import type { FunctionSettings } from './function.ts';
import { FunctionHost, type HostContext } from './host.ts';
import { Poller, type PollerSettings } from './poller.ts';

/** A queue that invokes a function. */
export interface EventSourceMapping {
  readonly id: string;
  readonly queueArn: string;
  readonly functionArn: string;
  enabled: boolean;
  readonly settings: PollerSettings;
  /** Simulated milliseconds since 1970. */
  readonly createdAt: number;
  readonly poller: Poller;
}

/** All functions of the account. */
export class Functions implements CallObserver {
  public readonly mappings: EventSourceMapping[] = [];
  readonly #context: HostContext;
  readonly #hosts = new Map<string, FunctionHost>();

  public constructor(context: HostContext) {
    this.#context = context;
  }

  public add(settings: FunctionSettings): void {
    this.#hosts.set(settings.arn, new FunctionHost(settings, this.#context));
  }

  /** A function by ARN or name. */
  public get(name: string): FunctionHost | undefined {
    return this.all().find(({ settings }) => settings.arn === name || settings.name === name);
  }

  public all(): readonly FunctionHost[] {
    return [...this.#hosts.values()];
  }

  public poll(
    queue: Queue,
    host: FunctionHost,
    settings: PollerSettings,
    { id, enabled }: Pick<EventSourceMapping, 'id' | 'enabled'>,
  ): void {
    const createdAt = this.#context.clock.now();
    const poller = new Poller(queue, host, settings, this.#context);
    const { arn: functionArn } = host.settings;
    this.mappings.push({ id, queueArn: queue.arn, functionArn, enabled, settings, createdAt, poller });
    this.connect();
  }

  /** Starts the pollers that may invoke a function, and stops the others. */
  public connect(): void {
    for (const { enabled, functionArn, poller } of this.mappings) {
      const host = this.#hosts.get(functionArn);
      // What is throttled stays in the queue.
      if (enabled && host !== undefined && host.reserved !== 0) poller.start();
      else poller.stop();
    }
  }

  public deleteMapping(mapping: EventSourceMapping): void {
    mapping.poller.stop();
    this.mappings.splice(this.mappings.indexOf(mapping), 1);
  }

  public async delete(host: FunctionHost): Promise<void> {
    this.#hosts.delete(host.settings.arn);
    this.connect();
    await host.stop();
  }

  public invocationOf(accessKeyId: string): string | undefined {
    for (const host of this.all()) {
      const requestId = host.invocationOf(accessKeyId);
      if (requestId !== undefined) return requestId;
    }
    return undefined;
  }

  public answered(accessKeyId: string, params: Params): boolean {
    return this.all().every((host) => host.answered(accessKeyId, params));
  }

  public async prewarm(count: number): Promise<void> {
    await Promise.all(this.all().map((host) => host.prewarm(count)));
  }

  public async stop(): Promise<void> {
    await Promise.all(this.all().map((host) => host.stop()));
  }
}
