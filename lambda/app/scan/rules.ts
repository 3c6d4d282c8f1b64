import type { UsageRules } from '../../core/usage.ts';
import type { Context } from '../../core/target.ts';
import { type Run, scan } from '../../triggers/scan.ts';
import type { Rules } from '../handle-events.ts';
import type {
  CallHistoryReader,
  FleetReader,
  HistoryReader,
  LaunchSourceReader,
  Filter,
  MessageQueue,
  NatGatewayReader,
  Ports,
  HealthChecks,
  RegionReader,
  RejectionReader,
  ScanQueue,
  UsageReader,
} from '../ports/index.ts';

/** The account's rules, and the schedule of scans. */
export interface ScanRules extends Rules {
  readonly usage: UsageRules;
  readonly mode: 'enforce' | 'audit';
  /** Hours between two runs; a divisor of 24. */
  readonly scanEveryHours: number;
  /** The region of the deployment, whose health is checked in full. */
  readonly homeRegion: string;
  /** Regions that forward their events to the home region. */
  readonly forwarders: readonly string[];
}

/** What a scan needs from the outside. */
export interface ScanPorts extends Omit<Ports, 'refusedGroups'> {
  readonly fleet: FleetReader;
  readonly regions: RegionReader;
  readonly steps: ScanQueue;
  /** Messages that were given up. */
  readonly deadLetterQueue: MessageQueue;
  readonly usage: UsageReader & HistoryReader & RejectionReader;
  readonly healthChecks: HealthChecks;
  /** Calls to AWS by software on instances. */
  readonly history: CallHistoryReader;
  readonly network: NatGatewayReader;
  /** What launches instances. */
  readonly launchSources: LaunchSourceReader;
}

/** Instances that are neither shutting down nor terminated. */
export const PRESENT: Filter = { name: 'instance-state-name', values: ['pending', 'running', 'stopping', 'stopped'] };

/** Instances with IMDSv1 enabled. */
export const IMDSV1_ENABLED: readonly Filter[] = [
  PRESENT,
  { name: 'metadata-options.http-tokens', values: ['optional'] },
  { name: 'metadata-options.http-endpoint', values: ['enabled'] },
];

/** Instances that require IMDSv2. */
export const IMDSV2_REQUIRED: readonly Filter[] = [
  PRESENT,
  { name: 'metadata-options.http-tokens', values: ['required'] },
];

/** The context of an instance listed with IMDSv1 enabled. The step is a durable record of that. */
export function contextOf({ account, region, startedAt }: Run): Context {
  return {
    trigger: scan,
    eventId: `scan ${account} ${region} ${startedAt.toISOString()}`,
    occurredAt: startedAt,
    recorded: { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
  };
}
