import type { ReceivedMessage, RegionReader, Time } from '../../lambda/app/ports/index.ts';
import { onScanStep } from '../../lambda/app/scan/index.ts';
import type { ScanPorts, ScanRules } from '../../lambda/app/scan/rules.ts';
import type { RecordedCall } from '../../lambda/core/callers/calls.ts';
import type { AccountDefaults } from '../../lambda/core/rollback.ts';
import type { LaunchInventory } from '../../lambda/core/prevention/inventory.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { DigestDetail } from '../../lambda/core/digest-detail.ts';
import type { Message } from '../../lambda/core/message.ts';
import { USAGE_RULES, type UsagePoint, windowOf } from '../../lambda/core/usage.ts';
import { type Run, type ScanStep, toScanMessage } from '../../lambda/triggers/scan.ts';
import { ACCOUNT, NOW, REGION, snapshot, type SnapshotChange } from './builders.ts';
import { launchSourceReader } from './launch-source-reader.ts';
import { virtualTime, world, type World } from './ports.ts';

/** The run at noon, which is not the first of its day. */
export const RUN: Run = { account: ACCOUNT, region: REGION, startedAt: NOW };

/** The run at midnight, evaluated at noon. */
export const DAILY: Run = { ...RUN, startedAt: new Date('2026-11-22T00:00:00Z') };

/** An account that is scanned every six hours. */
export const rules = (over: Partial<ScanRules> = {}): ScanRules => ({
  mode: 'enforce',
  existing: 'enforce',
  maxExemptionDays: 90,
  trail: true,
  usage: USAGE_RULES,
  scanEveryHours: 6,
  homeRegion: REGION,
  forwarders: [],
  ...over,
});

/** An existing instance that was launched weeks ago and has been running since, with IMDSv1 enabled. */
export const old = (instanceId: string, over: SnapshotChange = {}): Snapshot => {
  const launched = new Date('2026-10-01T08:00:00Z');
  return snapshot({ instanceId, launchTime: launched, firstLaunch: launched, ...over });
};

const WINDOW = windowOf(NOW, USAGE_RULES);

/** CloudWatch data of an instance that reported all the time: zeros, except `calls` in the last period. */
export function reported(calls = 0): UsagePoint[] {
  const [from, to, period] = [WINDOW.from.getTime(), WINDOW.to.getTime(), WINDOW.periodSeconds * 1000];
  const starts = Array.from({ length: (to - from) / period }, (_, index) => new Date(from + index * period));
  return starts.map((at, index) => ({ at, count: index === starts.length - 1 ? calls : 0 }));
}

/** Seconds: 15 minutes minus the reserve. */
const INVOCATION = 885;

/** An account in memory behind all ports of a scan, and its queue. */
export interface ScanWorld extends World, Omit<ScanPorts, keyof World> {
  readonly usage: ScanPorts['usage'];
  readonly regions: ScanPorts['regions'];
  /** The bodies of the messages in the dead-letter queue. */
  readonly deadLettered: string[];
  /** The messages on the scan queue. */
  readonly queued: string[];
  /** Regions of the account. */
  readonly regionNames: string[];
  /** Problems that the health checks return. */
  readonly problems: string[];
  /** Triggers without a rule in a region that nothing forwards from. */
  readonly unmonitored: string[];
  readonly mostRejected: Map<string, number>;
  /** Calls in event history by instance, newest first. */
  readonly callHistory: Map<string, RecordedCall[]>;
  /** NAT gateways by public address. */
  readonly natGateways: Map<string, string>;
  defaults: AccountDefaults;
  /** What launches instances. */
  launches: Partial<LaunchInventory>;
  /**
   * Runs steps from the queue, including those that they add, until it is empty. A step that fails is run three times.
   *
   * @returns the errors of the steps that failed three times.
   */
  drain(rules: ScanRules, ports?: Partial<ScanPorts>): Promise<Error[]>;
  /** The published digests. */
  digests(): (Message & { readonly json: DigestDetail })[];
}

export function scanWorld(
  instances: readonly Snapshot[] = [],
  { time = virtualTime(INVOCATION), pageSize = 1000 }: { time?: Time; pageSize?: number } = {},
): ScanWorld {
  const made = world(instances, time, pageSize);
  const queued: string[] = [];
  const deadLettered: string[] = [];
  const hidden = new Set<string>();
  const regionNames = [REGION];
  const problems: string[] = [];
  const unmonitored: string[] = [];
  const problem = (text: string) => ({ check: 'rules', level: 'fail', text }) as const;
  const mostRejected = new Map<string, number>();
  const callHistory = new Map<string, RecordedCall[]>();
  const natGateways = new Map<string, string>();
  const regions: RegionReader = {
    enabled: async () => {
      made.begin('regions');
      return Promise.resolve([...regionNames]);
    },
    defaults: async (region) => {
      made.begin('defaults', region);
      return Promise.resolve(all.defaults);
    },
  };
  const all: ScanWorld = {
    ...made,
    queued,
    deadLettered,
    regionNames,
    problems,
    unmonitored,
    mostRejected,
    callHistory,
    natGateways,
    defaults: { HttpTokens: 'required' },
    launches: {},
    regions,
    steps: {
      put: async (steps) => {
        made.begin('putSteps', ...new Set(steps.map(({ step, region }) => `${region}/${step}`)));
        await Promise.resolve();
        queued.push(...steps.map((step) => JSON.stringify(toScanMessage(step))));
      },
    },
    deadLetterQueue: {
      receive: async () => {
        made.begin('receive');
        const messages = deadLettered.filter((body) => !hidden.has(body)).slice(0, 10);
        messages.forEach((body) => hidden.add(body));
        return Promise.resolve(messages.map((body): ReceivedMessage => ({ body, receipt: body })));
      },
      remove: async (messages) => {
        made.begin('remove', String(messages.length));
        for (const { body } of messages) deadLettered.splice(deadLettered.indexOf(body), 1);
        return Promise.resolve([]);
      },
      put: async (bodies) => {
        made.begin('giveUp', String(bodies.length));
        deadLettered.push(...bodies);
        return Promise.resolve([]);
      },
    },
    usage: {
      ...made.usage,
      mostRejected: async (region) => {
        made.begin('rejected', region);
        return Promise.resolve(mostRejected);
      },
    },
    history: {
      page: async (_, instanceId) => {
        made.begin('lookUpCalls', instanceId);
        return Promise.resolve({ calls: callHistory.get(instanceId) ?? [] });
      },
    },
    launchSources: launchSourceReader(
      () => all.launches,
      (...words) => made.begin(...words),
    ),
    network: {
      natGateways: async (region) => {
        made.begin('natGateways', region);
        return Promise.resolve(natGateways);
      },
    },
    healthChecks: {
      all: async () => {
        made.begin('healthChecks', 'all');
        return Promise.resolve(problems.map(problem));
      },
      home: async () => {
        made.begin('healthChecks');
        return Promise.resolve(problems.map(problem));
      },
      region: async (region) => {
        made.begin('healthChecks', region);
        return Promise.resolve(problems.map(problem));
      },
      unmonitored: async (region) => {
        made.begin('unmonitored', region);
        return Promise.resolve(unmonitored);
      },
    },
    drain: async (rules, ports = {}) => {
      const failures: Error[] = [];
      const runs = new Map<string, number>();
      for (let next = queued.shift(); next !== undefined; next = queued.shift()) {
        // Each step is a separate invocation with its full time.
        const later = virtualTime(INVOCATION, time.now());
        const error = await onScanStep(JSON.parse(next), rules, { ...all, time: later, ...ports }).then(
          () => undefined,
          (thrown: unknown) => thrown as Error,
        );
        runs.set(next, (runs.get(next) ?? 0) + 1);
        if (error === undefined) continue;
        if (runs.get(next) === 3) failures.push(error);
        else queued.unshift(next);
      }
      return failures;
    },
    digests: () =>
      (made.published as readonly Message[]).filter(
        (message): message is Message & { readonly json: DigestDetail } =>
          message.json.schema === 'imdsv2-enforcer.digest/v1',
      ),
  };
  return all;
}

/** Runs one step. */
export const runStep = (step: ScanStep, rules: ScanRules, ports: ScanPorts): Promise<void> =>
  onScanStep(JSON.parse(JSON.stringify(toScanMessage(step))), rules, ports);
