import { AUTO_SCALING_KEY, autoScalingCaller } from './autoscaling/scale.ts';
import type { DeployedStack } from './cloudformation/stack.ts';
import { type BusEvent, DEFAULT_EVENT_TIMING, type EventTiming, Recorder } from './cloudtrail/recorder.ts';
import { DEFAULT_TRAIL, recordsWrites, type Trail } from './cloudtrail/trail.ts';
import { Alarms } from './cloudwatch/alarms.ts';
import { Usage } from './cloudwatch/usage.ts';
import { AWS_LIMITS, type Limits } from './ec2/buckets.ts';
import { Fleet } from './ec2/fleet.ts';
import { DEFAULT_EC2_TIMING, type Ec2Timing, Lifecycle } from './ec2/lifecycle.ts';
import { Ec2Region } from './ec2/region.ts';
import { Bus, type DeliveryRecord } from './eventbridge/bus.ts';
import { Roles } from './iam/roles.ts';
import { Keys } from './kms/keys.ts';
import type { InvocationRecord, LogLine } from './lambda/function.ts';
import type { Functions } from './lambda/functions.ts';
import { servicesOf } from './services.ts';
import { Activity } from './simulation/activity.ts';
import { CallLog } from './simulation/call-log.ts';
import { type Caller, Callers } from './simulation/callers.ts';
import { Clock } from './simulation/clock.ts';
import { type Faults, NO_FAULTS } from './simulation/faults.ts';
import { Ids } from './simulation/ids.ts';
import { Software } from './simulation/software.ts';
import { Topics } from './sns/topics.ts';
import { Queues } from './sqs/queues.ts';
import { Gateway } from './wire/gateway.ts';

/** How the simulated account differs from the default. */
export interface AccountOptions {
  /** What ids, and faults made by `drawFaults`, are derived from. @default 'local' */
  readonly seed?: string;
  /** Simulated seconds per real second. @default 1 */
  readonly timeScale?: number;
  /** Whether time pauses while the machine is overloaded, so that services do not seem slow. @default false */
  readonly pauseWhenOverloaded?: boolean;
  /** Simulated time at the start. @default now */
  readonly startAt?: Date;
  /** @default '111122223333' */
  readonly account?: string;
  /** Enabled regions of the account. The first one is the home region. @default ['us-east-1'] */
  readonly regions?: readonly string[];
  /** Callers by access key. @default `assumed-role/Developer/dev` for every access key */
  readonly callers?: Readonly<Record<string, Caller>>;
  /** Faults to inject. @default none */
  readonly faults?: Partial<Faults>;
  /** Request limits that differ from those of AWS. @default AWS_LIMITS */
  readonly limits?: Limits;
  /** Durations that differ from the defaults, in simulated milliseconds. */
  readonly timing?: Partial<Ec2Timing & EventTiming>;
  /** Whether the account has a trail, or how it differs from the default. @default true */
  readonly trail?: boolean | Partial<Trail>;
  /** Whether scheduled rules run on their schedule. Otherwise they run by `bus.fire('Schedule')`. @default true */
  readonly schedules?: boolean;
}

export const DEFAULT_SEED = 'local';

/** A simulated AWS account: its services, their resources, and records of everything that happens. */
export class Account {
  public readonly account: string;
  public readonly regions: readonly string[];
  public readonly clock: Clock;
  /** Evaluated at every use: assign a member to change the faults at run time. */
  public readonly faults: Faults;
  /** All API calls. */
  public readonly calls = new CallLog();
  /** Callers of the API by access key. */
  public readonly callers: Callers;
  public readonly queues: Queues;
  /** All topics with their published messages. */
  public readonly topics: Topics;
  public readonly bus: Bus;
  public readonly roles = new Roles();
  public readonly keys = new Keys();
  public readonly alarms = new Alarms();
  public readonly trail: Trail;
  /** The use of IMDS by instances, from which CloudWatch derives metrics. */
  public readonly usage = new Usage();
  /** The API calls of software on instances. */
  public readonly software: Software;
  /** All events on a bus. */
  public readonly events: BusEvent[] = [];
  /** All deliveries from a bus to a target. */
  public readonly deliveries: DeliveryRecord[] = [];
  public readonly invocations: InvocationRecord[] = [];
  /** All log lines of functions. */
  public readonly logLines: LogLine[] = [];
  protected readonly activity = new Activity();
  protected readonly ids: Ids;
  protected readonly gateway: Gateway;
  /** Set when stacks are deployed. */
  protected functions: Functions | undefined;
  readonly #fleets: ReadonlyMap<string, Fleet>;

  public constructor(options: AccountOptions, stacks: () => readonly DeployedStack[]) {
    const { account = '111122223333', regions = ['us-east-1'], seed = DEFAULT_SEED } = options;
    const { timeScale = 1, trail = true, schedules = true } = options;
    const { activity, deliveries, events } = this;
    this.account = account;
    this.regions = regions;
    const ids = (this.ids = new Ids(seed));
    const clock = new Clock(timeScale, activity, options.startAt?.getTime(), options.pauseWhenOverloaded);
    this.clock = clock;
    this.software = new Software(this.homeRegion, () => clock.now());
    const faults = (this.faults = { ...NO_FAULTS, ...options.faults });
    this.trail = { ...DEFAULT_TRAIL, ...(typeof trail === 'boolean' ? { exists: trail } : trail) };
    this.callers = new Callers(account, { [AUTO_SCALING_KEY]: autoScalingCaller(account), ...options.callers });
    const queues = (this.queues = new Queues(account, { clock, ids, activity }));
    this.topics = new Topics(account, clock);
    const { roles, keys, alarms, calls, callers } = this;
    this.bus = new Bus({ account, clock, activity, faults, ids, queues, roles, deliveries, events, schedules });
    const put = (event: BusEvent, busArn?: string) => {
      events.push(event);
      this.bus.put(event, busArn);
    };
    const timing = { ...DEFAULT_EC2_TIMING, ...DEFAULT_EVENT_TIMING, ...options.timing };
    const isRecorded = (region: string) => recordsWrites(this.trail, region, this.homeRegion);
    const recorder = new Recorder({ account, clock, ids, faults, timing, isRecorded, put });
    const lifecycle = new Lifecycle(clock, recorder, timing);
    const limits = { ...AWS_LIMITS, ...options.limits };
    const ec2Regions = new Map(regions.map((name) => [name, new Ec2Region(name, limits)]));
    this.#fleets = new Map([...ec2Regions].map(([name, region]) => [name, new Fleet(region, clock, ids)]));
    const services = servicesOf({
      ec2: { account, regions, clock, ids, faults, recorder, lifecycle },
      ec2Regions,
      region: (name) => {
        const region = ec2Regions.get(name);
        if (region === undefined) throw new Error(`the account has no region ${name}`);
        return region;
      },
      fleet: (region) => this.fleet(region),
      usage: this.usage,
      topics: this.topics,
      queues,
      trail: this.trail,
      homeRegion: this.homeRegion,
      bus: () => this.bus,
      roles,
      keys,
      alarms,
      calls,
      callers,
      software: this.software,
      historyDelay: timing.history,
      put,
      stacks,
      functions: () => this.functions,
      logLines: this.logLines,
      call: (request) => this.gateway.call(request),
      run: (what, task) => activity.run(what, task),
    });
    const gatewayContext = { activity, clock, ids, callers: this.callers, log: this.calls, faults };
    this.gateway = new Gateway(services, regions, gatewayContext);
  }

  public get homeRegion(): string {
    return this.regions[0] ?? '';
  }

  /** Direct access to the instances of a region, without API calls. */
  public fleet(region = this.homeRegion): Fleet {
    const fleet = this.#fleets.get(region);
    if (fleet === undefined) throw new Error(`the account has no region ${region}`);
    return fleet;
  }
}
