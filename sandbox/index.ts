import { Account, DEFAULT_SEED } from './aws/account.ts';
import { Deployment } from './aws/cloudformation/deploy.ts';
import { TemplateError } from './aws/cloudformation/template.ts';
import { Functions } from './aws/lambda/functions.ts';
import { jsonLines, metricsIn } from './aws/lambda/logs.ts';
import { MAILBOX_PATH, mailboxPage } from './aws/sns/mailbox.ts';
import type { Topic } from './aws/sns/topics.ts';
import type { Queue } from './aws/sqs/queue.ts';
import type { ApiRequest } from './aws/wire/gateway.ts';
import type { Params } from './aws/wire/params.ts';
import { HttpServer } from './aws/wire/server.ts';
import type { ResponseValue } from './aws/wire/xml.ts';
import { seedFleet } from './fleet/seed.ts';
import type { SandboxOptions } from './options.ts';

export type { SandboxOptions } from './options.ts';

/** Starts a local AWS and deploys the stacks to it. The caller must `stop` it. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = new Sandbox(options);
  try {
    await sandbox.start();
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
  return sandbox;
}

/** A running local AWS: a simulated account behind an HTTP endpoint, with stacks deployed to it. */
export class Sandbox extends Account {
  public readonly deployments: Deployment[] = [];
  readonly #options: SandboxOptions;
  readonly #server: HttpServer;
  #endpoint = '';

  public constructor(options: SandboxOptions) {
    super(options, () => this.deployments.map(({ stack }) => stack));
    this.#options = options;
    this.#server = new HttpServer(this.gateway, this.homeRegion, (error) => this.activity.fail(error), {
      [MAILBOX_PATH]: () => mailboxPage(this.topics.messages()),
    });
  }

  /** The URL of every service in every region. */
  public get endpoint(): string {
    return this.#endpoint;
  }

  /** Called by `startSandbox`. */
  public async start(): Promise<void> {
    const { port = 0, fleet = 0, stacks = [], bundles = {}, maxConcurrency = 10, prewarm = 0 } = this.#options;
    const endpoint = (this.#endpoint = await this.#server.start(port));
    this.queues.endpoint = endpoint;
    this.seedFleet(fleet);
    const { account, homeRegion, queues, topics, bus, clock, callers, faults, ids, activity, invocations, logLines } =
      this;
    const { roles, keys, alarms } = this;
    const functions = new Functions({
      clock,
      ids,
      callers,
      faults,
      activity,
      endpoint,
      invocations,
      logLines,
      maxConcurrency,
    });
    this.functions = this.gateway.observer = functions;
    for (const stack of stacks) {
      this.deployments.push(
        new Deployment(stack, {
          account,
          homeRegion,
          clock,
          queues,
          topics,
          functions,
          bus,
          roles,
          keys,
          alarms,
          bundles,
        }),
      );
    }
    await functions.prewarm(prewarm);
  }

  /** Adds a number of existing instances, spread over the regions. They depend on the seed only. */
  public seedFleet(size: number): void {
    const { account, regions, usage, software } = this;
    const { seed = DEFAULT_SEED } = this.#options;
    const fleet = (region: string) => this.fleet(region);
    seedFleet(size, { seed, account, regions, usage, software, fleet, now: this.clock.now() });
  }

  /** Configuration of an SDK client: `new EC2Client(sandbox.client())`. */
  public client({
    region = this.homeRegion,
    accessKeyId = 'AKIALOCAL',
  }: { region?: string; accessKeyId?: string } = {}) {
    return { endpoint: this.#endpoint, region, credentials: { accessKeyId, secretAccessKey: 'local' } };
  }

  /** Environment variables for the AWS CLI and for any program that uses an AWS SDK. */
  public environment(accessKeyId = 'AKIALOCAL'): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL: this.#endpoint,
      AWS_REGION: this.homeRegion,
      AWS_DEFAULT_REGION: this.homeRegion,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  /** A queue of the stacks by construct id, such as `WorkQueue`, or logical id. */
  public queue(name: string): Queue {
    return this.#deployed('queue', name, (deployment) => deployment.queue(name));
  }

  /** A topic of the stacks by construct id or logical id. */
  public topic(name: string): Topic {
    return this.#deployed('topic', name, (deployment) => deployment.topic(name));
  }

  /** Makes an API call without HTTP; otherwise it is treated like any other. Rejects with an `ApiError`. */
  public async call(
    request: { service: string; action: string; params: Params } & Partial<Pick<ApiRequest, 'region' | 'accessKeyId'>>,
  ): Promise<ResponseValue> {
    const defaults = { region: this.homeRegion, accessKeyId: 'AKIALOCAL', userAgent: 'local' };
    return (await this.gateway.call({ ...defaults, ...request })).result;
  }

  /** Log lines that are JSON objects. */
  public logs() {
    return jsonLines(this.logLines);
  }

  /** Metrics in the log, in the embedded metric format. */
  public metrics() {
    return metricsIn(this.logLines);
  }

  /**
   * Resolves when nothing is in progress.
   *
   * In progress are calls, events, retries, invocations, messages in a queue that invokes a function, and state changes
   * of instances. Messages in a dead-letter queue and future runs of a schedule are not.
   *
   * @param limit real milliseconds after which it rejects with a list of what is in progress.
   */
  public idle(limit?: number): Promise<void> {
    return this.activity.idle(limit);
  }

  /**
   * Counts a task outside the sandbox as work in progress.
   *
   * Required for calls while idle time is skipped.
   */
  public async work<T>(what: string, task: () => Promise<T>): Promise<T> {
    const end = this.activity.beginWork(what);
    try {
      return await task();
    } finally {
      end();
    }
  }

  /** A text that lists what `idle` waits for. */
  public inProgress(): string {
    return this.activity.describe();
  }

  /** Stops every timer, socket and thread. */
  public async stop(): Promise<void> {
    this.activity.fail(new Error('the local AWS was stopped'));
    this.clock.stop();
    await this.functions?.stop();
    await this.#server.stop();
    this.clock.stop();
  }

  #deployed<T>(kind: string, name: string, find: (deployment: Deployment) => T | undefined): T {
    const resource = this.deployments.map(find).find((candidate) => candidate !== undefined);
    if (resource === undefined) throw new TemplateError(`no stack has a ${kind} ${name}`);
    return resource;
  }
}
