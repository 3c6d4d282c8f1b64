import type { HealthResult } from '../../lambda/core/health.ts';
import { messagesOf } from '../../lambda/app/notify/deliver.ts';
import type { Filter, FleetReader, Gauges, Ports, Time, UsageMetric } from '../../lambda/app/ports/index.ts';
import { CHANGE } from '../../lambda/core/decide.ts';
import { FailureError, type FailureKind } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { OutcomesMessage } from '../../lambda/core/alert/message.ts';
import type { Message } from '../../lambda/core/message.ts';
import type { AccountDefaults } from '../../lambda/core/rollback.ts';
import type { OutcomeEvent } from '../../lambda/core/outcome-event.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import type { Lookup } from '../../lambda/core/target.ts';
import type { UsagePoint } from '../../lambda/core/usage.ts';
import type { Finding } from '../../lambda/triggers/finding.ts';
import type { PostChangeCheck } from '../../lambda/triggers/post-change-check.ts';
import { NOW, REGION } from './builders.ts';

/** A failure as ports throw it. */
export const failure = (kind: FailureKind, message: string = kind): FailureError => new FailureError(kind, message);

/** Seconds after a date. */
export const after = (seconds: number, from = NOW): Date => new Date(from.getTime() + seconds * 1000);

/** A clock that only advances when every task sleeps: to the end of the shortest sleep. */
export function virtualTime(seconds = 105, from = NOW): Time {
  let now = from.getTime();
  const sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  const wakeFirst = () => {
    sleepers.sort((a, b) => a.until - b.until);
    const first = sleepers.shift();
    now = Math.max(now, first?.until ?? now);
    first?.wake();
    if (sleepers.length > 0) setImmediate(wakeFirst);
  };
  return {
    now: () => new Date(now),
    sleep: (milliseconds) =>
      new Promise((wake) => {
        sleepers.push({ until: now + milliseconds, wake });
        if (sleepers.length === 1) setImmediate(wakeFirst);
      }),
    random: () => 0.5,
    deadline: after(seconds, from),
  };
}

/** The error of a call; a function may change the world before it returns the error. */
type Fault = Error | (() => Error);

/** An account in memory behind all ports. */
export interface World extends Required<Ports> {
  /** Lists what passes the filters now, by offset: what leaves the list moves the pages behind it. */
  readonly fleet: FleetReader;
  /** The calls to reader, writer, queue and bus in order, as text: method, region, ids. */
  readonly calls: string[];
  readonly findings: Finding[];
  /** Events that are to be handled again. */
  readonly requeued: object[];
  /** The events on the bus of outcomes. */
  readonly events: OutcomeEvent[];
  /** The messages about the events of each call, as if they were sent at once. */
  readonly published: OutcomesMessage[];
  readonly checks: PostChangeCheck[];
  /** CloudWatch data by metric and instance id. An instance without an entry has no data. */
  readonly metrics: Map<`${UsageMetric} ${string}`, readonly UsagePoint[]>;
  /** Completed scans: region and gauges. */
  readonly completed: (readonly [region: string, gauges: Gauges])[];
  /** Numbers of instances that were handed back. */
  readonly handedBack: number[];
  /** Results of the health checks, one list for each run. */
  readonly health: (readonly HealthResult[])[];
  /** Numbers of instances with rejected calls. */
  readonly rejected: number[];
  readonly outcomes: Outcome[];
  readonly pings: unknown[];
  readonly notUnderstood: [eventId: string, problem: string][];
  readonly otherAccounts: [eventId: string, account: string][];
  readonly warnings: string[];
  /** Auto Scaling groups whose launches were refused. */
  cannotLaunch: readonly string[];
  /** The metadata defaults of the account. */
  defaults: AccountDefaults;
  /** Adds or replaces an instance; EC2 returns it from then on, or after some seconds. */
  put(snapshot: Snapshot, options?: { readonly region?: string; readonly visibleAfter?: number }): void;
  /** Records a call, and throws the fault that is planned for it. For ports that a test adds. */
  begin(...words: readonly string[]): void;
  /** Faults of the next calls that begin with this text, one call each. */
  fail(call: string, ...faults: readonly Fault[]): void;
  /** Removes all planned faults. */
  clearFaults(): void;
}

/** An account with these instances in the usual region, 105 seconds before the deadline of the invocation. */
export function world(instances: readonly Snapshot[] = [], time = virtualTime(), pageSize = 1000): World {
  const fleet = new Map<string, { readonly snapshot: Snapshot; readonly region: string; readonly from: Date }>();
  const faults: { readonly call: string; readonly fault: Fault }[] = [];
  const calls: string[] = [];
  const begin = (...words: readonly string[]) => {
    const call = words.join(' ');
    calls.push(call);
    const index = faults.findIndex((planned) => call.startsWith(planned.call));
    const [planned] = index < 0 ? [] : faults.splice(index, 1);
    if (planned !== undefined) throw typeof planned.fault === 'function' ? planned.fault() : planned.fault;
  };
  const visible = (region: string) =>
    [...fleet.values()].filter((entry) => entry.region === region && entry.from <= time.now());
  const made: World = {
    calls,
    findings: [],
    published: [],
    requeued: [],
    events: [],
    checks: [],
    metrics: new Map(),
    completed: [],
    health: [],
    handedBack: [],
    rejected: [],
    outcomes: [],
    pings: [],
    notUnderstood: [],
    otherAccounts: [],
    warnings: [],
    defaults: { HttpTokens: 'required' },
    refusedGroups: {
      since: async (region) => {
        begin('refusedGroups', region);
        return Promise.resolve(made.cannotLaunch);
      },
    },
    cannotLaunch: [],
    regions: {
      defaults: async (region) => {
        begin('defaults', region);
        return Promise.resolve(made.defaults);
      },
    },
    put: (snapshot, { region = REGION, visibleAfter = 0 } = {}) => {
      fleet.set(snapshot.instanceId, { snapshot, region, from: after(visibleAfter, time.now()) });
    },
    begin,
    fail: (call, ...planned) => {
      faults.push(...planned.map((fault) => ({ call, fault })));
    },
    clearFaults: () => void faults.splice(0),
    reader: {
      describe: async (region, ids) => {
        begin('describe', region, ...ids);
        await Promise.resolve();
        return visible(region).flatMap(({ snapshot }) => (ids.includes(snapshot.instanceId) ? [snapshot] : []));
      },
      find: async ({ region, clientToken }: Lookup) => {
        begin('find', region, clientToken ?? 'by time');
        await Promise.resolve();
        return visible(region).map(({ snapshot }) => snapshot);
      },
    },
    fleet: {
      page: async (region, filters, token) => {
        begin('list', region, token ?? 'first');
        await Promise.resolve();
        const passing = visible(region).flatMap(({ snapshot }) => (passes(snapshot, filters) ? [snapshot] : []));
        const end = Number(token ?? 0) + pageSize;
        return {
          snapshots: passing.slice(end - pageSize, end),
          next: end < passing.length ? String(end) : undefined,
        };
      },
    },
    writer: {
      requireTokens: async (region, instanceId) => {
        begin('modify', region, instanceId);
        await Promise.resolve();
        const entry = fleet.get(instanceId);
        if (entry === undefined) throw failure('not-visible');
        const options = { ...entry.snapshot.options, ...CHANGE, State: 'pending' };
        fleet.set(instanceId, { ...entry, snapshot: { ...entry.snapshot, options } });
        return options;
      },
    },
    queue: {
      putFindings: async (findings, delaySeconds = 0) => {
        const delays = [...new Set([delaySeconds].flat())];
        const later = delaySeconds === 0 ? [] : [`in ${delays.join(' ')} s`];
        begin('putFindings', ...findings.map(({ detail }) => detail.instanceId), ...later);
        await Promise.resolve();
        made.findings.push(...findings);
      },
      putEvents: async (events, delaySeconds) => {
        begin('putEvents', `in ${[delaySeconds].flat().join(' ')} s`);
        await Promise.resolve();
        made.requeued.push(...events);
      },
      putChecks: async (checks) => {
        begin('putChecks', ...checks.map(({ instanceId }) => instanceId));
        await Promise.resolve();
        made.checks.push(...checks);
      },
    },
    bus: {
      put: async (events) => {
        begin('notify', ...events.map(({ resources, detailType }) => resources[0]?.split('/').at(-1) ?? detailType));
        await Promise.resolve();
        made.events.push(...events);
        const details = events.map(({ detail }) => detail);
        made.published.push(...messagesOf(details, { maxExemptionDays: 90 }, time.now()).map(asAlert));
        return [];
      },
    },
    usage: {
      page: async ({ region, metric, names }) => {
        begin('measure', region, metric, ...names);
        await Promise.resolve();
        const points = (id: string) => ({ points: made.metrics.get(`${metric} ${id}`) ?? [], complete: true });
        return { measurements: new Map(names.map((id) => [id, points(id)])) };
      },
      history: async (region, ids) => {
        begin('history', region, ...ids);
        await Promise.resolve();
        const measured = (metric: UsageMetric, id: string) => ({
          points: made.metrics.get(`${metric} ${id}`) ?? [],
          complete: true,
        });
        return new Map(
          ids.map((id) => [
            id,
            { noToken: measured('MetadataNoToken', id), rejected: measured('MetadataNoTokenRejected', id) },
          ]),
        );
      },
    },
    telemetry: {
      outcome: (outcome) => made.outcomes.push(outcome),
      notUnderstood: (eventId, problem) => made.notUnderstood.push([eventId, problem]),
      handedBack: (count) => made.handedBack.push(count),
      otherAccount: (eventId, account) => made.otherAccounts.push([eventId, account]),
      scanCompleted: (region, gauges) => made.completed.push([region, gauges]),
      health: (results) => made.health.push(results),
      rejected: (count) => made.rejected.push(count),
      warning: (text) => made.warnings.push(text),
    },
    answerPing: async (event) => {
      begin('answerPing');
      await Promise.resolve();
      made.pings.push(event);
    },
    time,
  };
  for (const instance of instances) made.put(instance);
  return made;
}

function passes({ state, options }: Snapshot, filters: readonly Filter[]): boolean {
  const fields: Readonly<Record<string, string | undefined>> = {
    'instance-state-name': state,
    'metadata-options.http-tokens': options.HttpTokens,
    'metadata-options.http-endpoint': options.HttpEndpoint,
  };
  return filters.every(({ name, values }) => values.includes(fields[name] ?? ''));
}

/** Most tests use alerts only; for digests and workload impact they use `json` without its type. */
const asAlert = (message: Message): OutcomesMessage => message as OutcomesMessage;
