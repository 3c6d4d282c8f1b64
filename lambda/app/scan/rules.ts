import type { UsageRules } from '../../core/usage.ts';
import type { Context } from '../../core/target.ts';
import type { Run } from '../../triggers/scan.ts';
import type { Rules } from '../invoke.ts';
import type {
  FleetReader,
  Filter,
  Ports,
  HealthChecks,
  RegionReader,
  RejectionReader,
  ScanQueue,
  UsageReader,
} from '../ports.ts';

/** The account's rules, and how often it is scanned. */
export interface ScanRules extends Rules {
  readonly usage: UsageRules;
  /** Hours between two runs; a divisor of 24. */
  readonly scanEveryHours: number;
  /** The region whose trail, rules and dead letters are looked after. */
  readonly homeRegion: string;
  /** Regions that send their events to it. */
  readonly forwarders: readonly string[];
}

/** What a scan needs from the outside. */
export interface ScanPorts extends Ports {
  readonly fleet: FleetReader;
  readonly regions: RegionReader;
  readonly steps: ScanQueue;
  readonly usage: UsageReader & RejectionReader;
  readonly healthChecks: HealthChecks;
}

/** Instances that are there, whatever they are like. */
export const PRESENT: Filter = { name: 'instance-state-name', values: ['pending', 'running', 'stopping', 'stopped'] };

/** What a scan knows of an instance that it listed as answering IMDSv1: the step is a durable record of that. */
export function contextOf({ account, region, startedAt }: Run): Context {
  return {
    trigger: 'scan',
    eventId: `scan ${account} ${region} ${startedAt.toISOString()}`,
    occurredAt: startedAt,
    recorded: { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
  };
}
