import type { RegionReader, Time } from '../../lambda/app/ports/index.ts';
import { onScanStep } from '../../lambda/app/scan/index.ts';
import type { ScanPorts, ScanRules } from '../../lambda/app/scan/rules.ts';
import type { AccountDefaults } from '../../lambda/core/rollback.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { DigestJson } from '../../lambda/core/digest-message.ts';
import type { Message } from '../../lambda/core/message.ts';
import { USAGE_RULES, type UsagePoint, windowOf } from '../../lambda/core/usage.ts';
import { type Run, type ScanStep, toScanMessage } from '../../lambda/triggers/scan.ts';
import { ACCOUNT, NOW, REGION, snapshot, type SnapshotChange } from './builders.ts';
import { virtualTime, world, type World } from './ports/index.ts';

/** The run of noon, which is not the first of its day. */
export const RUN: Run = { account: ACCOUNT, region: REGION, startedAt: NOW };

/** The run of midnight, looked at when it is noon. */
export const DAILY: Run = { ...RUN, startedAt: new Date('2026-11-22T00:00:00Z') };

/** An account that is scanned every six hours. */
export const rules = (over: Partial<ScanRules> = {}): ScanRules => ({
  existing: 'enforce',
  maxExemptionDays: 90,
  trail: true,
  usage: USAGE_RULES,
  scanEveryHours: 6,
  homeRegion: REGION,
  forwarders: [],
  ...over,
});

/** Launched weeks ago, running since, with IMDSv1. */
export const old = (instanceId: string, over: SnapshotChange = {}): Snapshot => {
  const launched = new Date('2026-10-01T08:00:00Z');
  return snapshot({ instanceId, launchTime: launched, firstLaunch: launched, ...over });
};

const WINDOW = windowOf(NOW, USAGE_RULES);

/** What CloudWatch has of an instance that reported all the time: zeros, but for `calls` in the last hours. */
export function reported(calls = 0): UsagePoint[] {
  const [from, to, period] = [WINDOW.from.getTime(), WINDOW.to.getTime(), WINDOW.periodSeconds * 1000];
  const starts = Array.from({ length: (to - from) / period }, (_, index) => new Date(from + index * period));
  return starts.map((at, index) => ({ at, count: index === starts.length - 1 ? calls : 0 }));
}

/** Fifteen minutes less the reserve. */
const INVOCATION = 885;

/** An account in memory behind all ports of a scan, and its queue. */
export interface ScanWorld extends World, Omit<ScanPorts, keyof World> {
  readonly usage: ScanPorts['usage'];
  /** What waits on the queue, as text. */
  readonly waiting: string[];
  /** Regions of the account, and what is off with the product. */
  readonly regionNames: string[];
  readonly off: string[];
  readonly mostRejected: Map<string, number>;
  defaults: AccountDefaults;
  /**
   * Takes steps from the queue, those that they put there too, until none is left. One that fails is taken three times.
   *
   * @returns what was wrong with those that failed for good.
   */
  drain(rules: ScanRules, ports?: Partial<ScanPorts>): Promise<Error[]>;
  /** The digests among what was published. */
  digests(): (Message & { readonly json: DigestJson })[];
}

export function scanWorld(
  instances: readonly Snapshot[] = [],
  { time = virtualTime(INVOCATION), pageSize = 1000 }: { time?: Time; pageSize?: number } = {},
): ScanWorld {
  const made = world(instances, time, pageSize);
  const waiting: string[] = [];
  const regionNames = [REGION];
  const off: string[] = [];
  const mostRejected = new Map<string, number>();
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
    waiting,
    regionNames,
    off,
    mostRejected,
    defaults: { HttpTokens: 'required' },
    regions,
    steps: {
      put: async (steps) => {
        made.begin('ask', ...new Set(steps.map(({ step, region }) => `${region}/${step}`)));
        await Promise.resolve();
        waiting.push(...steps.map((step) => JSON.stringify(toScanMessage(step))));
      },
    },
    usage: {
      ...made.usage,
      mostRejected: async (region) => {
        made.begin('rejected', region);
        return Promise.resolve(mostRejected);
      },
    },
    healthChecks: {
      problems: async () => {
        made.begin('healthChecks');
        return Promise.resolve(off);
      },
      problemsIn: async (region) => {
        made.begin('healthChecks', region);
        return Promise.resolve(off);
      },
    },
    drain: async (rules, ports = {}) => {
      const failures: Error[] = [];
      const takes = new Map<string, number>();
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        // Each step is an invocation of its own, with all its time.
        const later = virtualTime(INVOCATION, time.now());
        const error = await onScanStep(JSON.parse(next), rules, { ...all, time: later, ...ports }).then(
          () => undefined,
          (thrown: unknown) => thrown as Error,
        );
        takes.set(next, (takes.get(next) ?? 0) + 1);
        if (error === undefined) continue;
        if (takes.get(next) === 3) failures.push(error);
        else waiting.unshift(next);
      }
      return failures;
    },
    digests: () =>
      (made.published as readonly Message[]).filter(
        (message): message is Message & { readonly json: DigestJson } =>
          message.json.schema === 'imdsv2-enforcer.digest/v1',
      ),
  };
  return all;
}

/** Takes one step. */
export const take = (step: ScanStep, rules: ScanRules, ports: ScanPorts): Promise<void> =>
  onScanStep(JSON.parse(JSON.stringify(toScanMessage(step))), rules, ports);
