import type { UsageRules } from '../../core/usage.ts';
import type { Context } from '../../core/target.ts';
import type { Run } from '../../triggers/scan.ts';
import type { Rules } from '../invoke.ts';
import type {
  FleetReader,
  Filter,
  Ports,
  Pulse,
  RegionReader,
  RejectionReader,
  SweepQueue,
  UsageReader,
} from '../ports.ts';

/** The account's rules, and how often it is swept. */
export interface SweepRules extends Rules {
  readonly usage: UsageRules;
  /** Hours between two runs; a divisor of 24. */
  readonly sweepEveryHours: number;
  /** The region whose trail, rules and dead letters are looked after. */
  readonly homeRegion: string;
  /** Regions that send their events to it. */
  readonly forwarders: readonly string[];
}

/** What a sweep needs from the outside. */
export interface SweepPorts extends Ports {
  readonly fleet: FleetReader;
  readonly regions: RegionReader;
  readonly steps: SweepQueue;
  readonly usage: UsageReader & RejectionReader;
  readonly pulse: Pulse;
}

/** Instances that are there, whatever they are like. */
export const PRESENT: Filter = { name: 'instance-state-name', values: ['pending', 'running', 'stopping', 'stopped'] };

/** What a sweep knows of an instance that it listed as answering IMDSv1: the step is a durable record of that. */
export function contextOf({ account, region, startedAt }: Run): Context {
  return {
    trigger: 'sweep',
    eventId: `sweep ${account} ${region} ${startedAt.toISOString()}`,
    occurredAt: startedAt,
    recorded: { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
  };
}
