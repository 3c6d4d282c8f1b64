import type { Advice } from '../../lambda/core/advice.ts';
import type { VerdictName } from '../../lambda/core/verdict.ts';
import type { UnknownUsage, Usage } from '../../lambda/core/usage.ts';
import type { Io } from '../shared/io.ts';
import type { LaunchSourceKind } from './launch-source-group.ts';
import type { Report } from './report.ts';
import { type AuditRow, cleanTexts } from './row.ts';
import type { Audit } from './summary.ts';
import { type Counts, shareOf, type ComplianceSummary } from '../../lambda/core/compliance-summary.ts';

/** The schema of the JSON document, in its `schema` field. Fields are only ever added to it. */
export const AUDIT_SCHEMA = 'imdsv2-enforcer.audit/v1';

/** The JSON document of `imdsv2 audit --json`. */
export interface AuditJson {
  readonly schema: typeof AUDIT_SCHEMA;
  /** Twelve digits; absent where STS did not say. */
  readonly account?: string;
  readonly at: string;
  readonly maxExemptionDays: number;
  /** How the use of IMDSv1 was measured; absent where nobody asked. */
  readonly usage?: {
    readonly lookBackDays: number;
    readonly minimumAgeDays: number;
    /** CloudWatch charges $0.01 for 1,000. */
    readonly metricsAsked: number;
    /** Why it could not be measured, by region. */
    readonly errors: Readonly<Record<string, string>>;
  };
  /** All of them, in no order. */
  readonly instances: readonly InstanceJson[];
  readonly total: ComplianceJson;
  readonly regions: readonly (ComplianceJson & {
    readonly region: string;
    readonly error?: string;
    /** Triggers to which no rule listens there, with `--regions all`; absent where all is heard or that is not known. */
    readonly notMonitored?: readonly string[];
  })[];
  /** Most findings first. */
  readonly launchSources: readonly LaunchSourceJson[];
}

/** One instance. */
export interface InstanceJson {
  readonly region: string;
  readonly instanceId: string;
  readonly name?: string;
  readonly state: string;
  readonly verdict: VerdictName;
  /** What its exemption tag says; absent where there is none. */
  readonly exemption?: {
    readonly kind: 'active' | 'expired' | 'malformed' | 'exceeds-maximum';
    /** The last day; absent if malformed. */
    readonly until?: string;
    readonly reason?: string;
    /** The tag as it is, if malformed. */
    readonly value?: string;
  };
  /** As EC2 names them. */
  readonly options: Readonly<Record<string, string | number | undefined>>;
  readonly launchTime?: string;
  readonly firstLaunch?: string;
  /** How it uses IMDSv1, where that was measured. */
  readonly usage?: {
    readonly kind: 'unused' | 'in-use' | 'unknown';
    /** How long it was measured, if unused. */
    readonly hours?: number;
    /** Calls without a token that were counted, if in use. */
    readonly count?: number;
    readonly callsPerDay?: number;
    /** No later call was seen. */
    readonly lastSeen?: string;
    /** Why nothing can be said, if unknown. */
    readonly why?: UnknownUsage;
  };
  /** `kind` and `name` are those of an entry of `launchSources` in the same region; the rest is what the tags say. */
  readonly launchSource: Readonly<Record<string, string>> & { readonly kind: LaunchSourceKind; readonly name: string };
}

/** Instances by verdict. */
export interface ComplianceJson {
  readonly instances: number;
  /** Instances that are open or unreadable. */
  readonly findings: number;
  /** From 0 to 1: compliant ones among those that no AWS service operates; absent where there is none. */
  readonly compliance?: number;
  readonly counts: Counts;
}

/** Instances of one launchSource in one region. */
export interface LaunchSourceJson extends ComplianceJson {
  readonly region: string;
  readonly kind: LaunchSourceKind;
  readonly name: string;
  /** What keeps the next instance from coming up with IMDSv1; only where there are findings. */
  readonly fix?: Advice;
}

/** One document, written as its instances are read. */
export class JsonReport implements Report {
  readonly #io: Io;
  #separator = '';

  public constructor(about: Pick<Audit, 'account' | 'at' | 'maxExemptionDays'>, io: Io) {
    const { account, at, maxExemptionDays } = about;
    const head = JSON.stringify({ schema: AUDIT_SCHEMA, account, at: at.toISOString(), maxExemptionDays });
    this.#io = io;
    io.out(`${head.slice(0, -1)},"instances":[`);
  }

  public add(rows: readonly AuditRow[]): void {
    for (const row of rows) {
      this.#io.out(this.#separator + JSON.stringify(toInstance(row)));
      this.#separator = ',';
    }
  }

  public end({ usage, total, regions, launchSources }: Audit): void {
    const rest = {
      usage: usage && { ...usage, errors: Object.fromEntries(usage.errors) },
      total: toCompliance(total),
      regions: regions.map(({ region, compliance, error, notMonitored }) => ({
        region,
        ...toCompliance(compliance),
        error,
        notMonitored,
      })),
      launchSources: launchSources.map(({ region, kind, name, compliance, fix }) => ({
        region,
        kind,
        name,
        ...toCompliance(compliance),
        fix,
      })),
    };
    this.#io.out(`],${JSON.stringify(rest).slice(1)}`);
  }
}

function toInstance(row: AuditRow): InstanceJson {
  const { region, instanceId, name, state, verdict, exemption, options, launchTime, firstLaunch, group } = row;
  return {
    region,
    instanceId,
    name,
    state,
    verdict,
    exemption: exemption.kind === 'none' ? undefined : exemption,
    options: { ...options },
    launchTime: launchTime?.toISOString(),
    firstLaunch: firstLaunch?.toISOString(),
    usage: row.usage && toUsage(row.usage),
    launchSource: { kind: group.kind, name: group.name, ...cleanTexts(row.launchSource) },
  };
}

const toUsage = (usage: Usage): InstanceJson['usage'] =>
  usage.kind === 'in-use' ? { ...usage, lastSeen: usage.lastSeen.toISOString() } : usage;

const toCompliance = (compliance: ComplianceSummary): ComplianceJson => ({
  instances: compliance.instances,
  findings: compliance.findings,
  compliance: shareOf(compliance),
  counts: compliance.counts,
});
