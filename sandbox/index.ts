import { Activity } from './aws/simulation/activity.ts';
import { Bus, type DeliveryRecord } from './aws/eventbridge/bus.ts';
import { CallLog } from './aws/simulation/call-log.ts';
import { Callers } from './aws/simulation/callers.ts';
import { brings, type Trail, USUAL_TRAIL } from './aws/cloudtrail/trail.ts';
import { Clock } from './aws/simulation/clock.ts';
import { Usage } from './aws/cloudwatch/usage.ts';
import { AWS_LIMITS } from './aws/ec2/buckets.ts';
import { Fleet } from './aws/ec2/fleet.ts';
import { Lifecycle, USUAL_EC2_TIMING } from './aws/ec2/lifecycle.ts';
import { Ec2Region } from './aws/ec2/region.ts';
import { type BusEvent, Recorder, USUAL_EVENT_TIMING } from './aws/cloudtrail/recorder.ts';
import { type Faults, NO_FAULTS } from './aws/simulation/faults.ts';
import { seedFleet } from './fleet/seed.ts';
import { Ids } from './aws/simulation/ids.ts';
import type { InvocationRecord, LogLine } from './aws/lambda/function.ts';
import { Functions } from './aws/lambda/functions.ts';
import { jsonLines, metricsIn } from './aws/lambda/logs.ts';
import type { SandboxOptions } from './options.ts';
import { servicesOf } from './aws/services.ts';
import { type Topic, Topics } from './aws/sns/topics.ts';
import type { Queue } from './aws/sqs/queue.ts';
import { Queues } from './aws/sqs/queues.ts';
import { Deployment } from './aws/cloudformation/deploy.ts';
import { TemplateError } from './aws/cloudformation/template.ts';
import { type ApiRequest, Gateway } from './aws/wire/gateway.ts';
import type { Params } from './aws/wire/params.ts';
import { WireServer } from './aws/wire/server.ts';
import type { Wire } from './aws/wire/xml.ts';

export type { SandboxOptions } from './options.ts';

const DEFAULT_SEED = 'local';

/** Starts a local AWS and deploys the stacks to it. `stop` it in the end. */
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

/** A running local AWS: one account, several regions, behind one loopback address. */
export class Sandbox {
  public readonly account: string;
  public readonly regions: readonly string[];
  public readonly clock: Clock;
  /** Read anew at each use: change a member to change what goes wrong from now on. */
  public readonly faults: Faults;
  /** Every API call that was made. */
  public readonly calls = new CallLog();
  public readonly callers: Callers;
  public readonly queues: Queues;
  /** All topics with what was published: the mailbox. */
  public readonly topics: Topics;
  public readonly bus: Bus;
  /** What brings API calls to the bus. */
  public readonly trail: Trail;
  /** Which instances call IMDS without a token: what CloudWatch has metrics about. */
  public readonly usage = new Usage();
  /** Every event that reached a bus. */
  public readonly events: BusEvent[] = [];
  /** Deliveries of the bus to targets. */
  public readonly deliveries: DeliveryRecord[] = [];
  public readonly invocations: InvocationRecord[] = [];
  /** What functions wrote, line by line. */
  public readonly lines: LogLine[] = [];
  public readonly deployments: Deployment[] = [];
  readonly #options: SandboxOptions;
  readonly #activity = new Activity();
  readonly #ids: Ids;
  readonly #fleets: ReadonlyMap<string, Fleet>;
  readonly #gateway: Gateway;
  readonly #server: WireServer;
  #functions: Functions | undefined;
  #endpoint = '';

  public constructor(options: SandboxOptions) {
    const {
      account = '111122223333',
      regions = ['us-east-1'],
      timeScale = 1,
      seed = DEFAULT_SEED,
      trail = true,
      schedules = true,
    } = options;
    const activity = this.#activity;
    const clock = (this.clock = new Clock(timeScale, activity, options.startAt?.getTime(), options.patient));
    const ids = (this.#ids = new Ids(seed));
    const faults = (this.faults = { ...NO_FAULTS, ...options.faults });
    this.#options = options;
    this.account = account;
    this.regions = regions;
    this.trail = typeof trail === 'boolean' ? { ...USUAL_TRAIL, exists: trail } : { ...USUAL_TRAIL, ...trail };
    this.callers = new Callers(account, options.callers);
    this.queues = new Queues(account, { clock, ids, activity });
    this.topics = new Topics(account, clock);
    const invoke = (arn: string, payload: unknown) => this.#functions?.accept(arn, payload) ?? false;
    const { queues, deliveries, events } = this;
    this.bus = new Bus({ account, clock, activity, faults, ids, queues, invoke, deliveries, events, schedules });
    const put = (event: BusEvent, busArn?: string) => {
      this.events.push(event);
      this.bus.put(event, busArn);
    };
    const timing = { ...USUAL_EC2_TIMING, ...USUAL_EVENT_TIMING, ...options.timing };
    const recorded = (region: string) => brings(this.trail, region, this.homeRegion);
    const recorder = new Recorder({ account, clock, ids, faults, timing, recorded, put });
    const lifecycle = new Lifecycle(clock, recorder, timing);
    const limits = { ...AWS_LIMITS, ...options.limits };
    const ec2Regions = new Map(regions.map((name) => [name, new Ec2Region(name, limits)]));
    this.#fleets = new Map([...ec2Regions].map(([name, region]) => [name, new Fleet(region, clock, ids)]));
    const services = servicesOf({
      ec2: { account, regions, clock, ids, faults, recorder, lifecycle },
      ec2Regions,
      fleet: (region) => this.fleet(region),
      usage: this.usage,
      topics: this.topics,
      queues: this.queues,
      trail: this.trail,
      homeRegion: this.homeRegion,
      rules: () => this.bus.rules(),
      put,
      stacks: () => this.deployments.map(({ stack }) => stack),
      functions: () => this.#functions,
      lines: this.lines,
    });
    const room = { activity, clock, ids, callers: this.callers, log: this.calls, faults };
    this.#gateway = new Gateway(services, regions, room);
    this.#server = new WireServer(this.#gateway, this.homeRegion, (error) => activity.fail(error));
  }

  /** Where every service of every region answers. */
  public get endpoint(): string {
    return this.#endpoint;
  }

  public get homeRegion(): string {
    return this.regions[0] ?? '';
  }

  /** Called by `startSandbox`. */
  public async start(): Promise<void> {
    const { port = 0, fleet = 0, stacks = [], bundles = {}, maxConcurrency = 10, prewarm = 0 } = this.#options;
    this.#endpoint = await this.#server.start(port);
    this.queues.endpoint = this.#endpoint;
    this.seedFleet(fleet);
    const { account, homeRegion, queues, topics, bus, clock, callers, faults, invocations, lines } = this;
    const functions = (this.#functions = new Functions(
      {
        clock,
        ids: this.#ids,
        callers,
        faults,
        activity: this.#activity,
        endpoint: this.#endpoint,
        invocations,
        lines,
        maxConcurrency,
      },
      queues,
    ));
    this.#gateway.observer = functions;
    for (const stack of stacks) {
      this.deployments.push(
        new Deployment(stack, { account, homeRegion, clock, queues, topics, functions, bus, bundles }),
      );
    }
    await functions.prewarm(prewarm);
  }

  /** The instances of a region, without an API call. */
  public fleet(region = this.homeRegion): Fleet {
    const fleet = this.#fleets.get(region);
    if (fleet === undefined) throw new Error(`the account has no region ${region}`);
    return fleet;
  }

  /** Puts so many instances there, spread over the regions, that were always there. The seed decides which. */
  public seedFleet(size: number): void {
    const { account, regions, usage } = this;
    const fleet = (region: string) => this.fleet(region);
    seedFleet(size, {
      seed: this.#options.seed ?? DEFAULT_SEED,
      account,
      regions,
      usage,
      fleet,
      now: this.clock.now(),
    });
  }

  /** Configuration of an SDK client: `new EC2Client(sandbox.client())`. */
  public client({
    region = this.homeRegion,
    accessKeyId = 'AKIALOCAL',
  }: { region?: string; accessKeyId?: string } = {}) {
    return { endpoint: this.#endpoint, region, credentials: { accessKeyId, secretAccessKey: 'local' } };
  }

  /** What to export for the AWS CLI, or for any program that uses an AWS SDK. */
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

  /** Makes an API call without the detour over the wire; everything else about it is the same. Rejects with an `ApiError`. */
  public async call(
    request: { service: string; action: string; params: Params } & Partial<Pick<ApiRequest, 'region' | 'accessKeyId'>>,
  ): Promise<Wire> {
    const defaults = { region: this.homeRegion, accessKeyId: 'AKIALOCAL', userAgent: 'local' };
    return (await this.#gateway.call({ ...defaults, ...request })).result;
  }

  /** Log lines that are JSON objects. */
  public logs() {
    return jsonLines(this.lines);
  }

  /** Metrics in the log. */
  public metrics() {
    return metricsIn(this.lines);
  }

  /**
   * Resolves when nothing is under way any more: no call, event, retry or invocation, no message in a queue that a function takes
   * from, no instance on its way to another state. What waits in a dead-letter queue is not under way,
   * nor is a schedule that has not rung.
   *
   * @param limit real milliseconds after which it rejects with what still is.
   */
  public idle(limit?: number): Promise<void> {
    return this.#activity.idle(limit);
  }

  /** Counts a task from outside as under way and at work. Who makes calls on a clock that skips its rests has to say so. */
  public async work<T>(what: string, task: () => Promise<T>): Promise<T> {
    const end = this.#activity.work(what);
    try {
      return await task();
    } finally {
      end();
    }
  }

  /** What `idle` waits for, for people. */
  public underWay(): string {
    return this.#activity.describe();
  }

  /** Ends everything: no timer, socket or thread is left. */
  public async stop(): Promise<void> {
    this.#activity.fail(new Error('the local AWS was stopped'));
    this.clock.stop();
    await this.#functions?.stop();
    await this.#server.stop();
    this.clock.stop();
  }

  #deployed<T>(kind: string, name: string, find: (deployment: Deployment) => T | undefined): T {
    const found = this.deployments.map(find).find((thing) => thing !== undefined);
    if (found === undefined) throw new TemplateError(`no stack has a ${kind} ${name}`);
    return found;
  }
}
