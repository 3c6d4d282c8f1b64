import type { Advice } from '../../lambda/core/advice.ts';
import type { VerdictName } from '../../lambda/core/verdict.ts';
import type { UnknownUsage, Usage } from '../../lambda/core/usage.ts';
import type { Io } from '../shared/io.ts';
import type { LaunchSourceKind } from '../../lambda/core/launch-source.ts';
import type { Report } from './report.ts';
import { type AuditRow, cleanTexts } from './row.ts';
import type { Audit } from './summary.ts';
import { type Counts, complianceShare, type ComplianceSummary } from '../../lambda/core/compliance-summary.ts';

/** The schema of the JSON document, in its `schema` field. Fields are only ever added to it. */
export const AUDIT_SCHEMA = 'imdsv2-enforcer.audit/v1';

/** The JSON document of `imdsv2 audit --json`. */
export interface AuditJson {
  readonly schema: typeof AUDIT_SCHEMA;
  /** Account id; absent if STS could not be reached. */
  readonly account?: string;
  readonly at: string;
  readonly maxExemptionDays: number;
  /** How IMDSv1 usage was measured; only with `--usage`. */
  readonly usage?: {
    readonly lookBackDays: number;
    readonly minimumAgeDays: number;
    /** CloudWatch charges $0.01 per 1,000. */
    readonly metricsRequested: number;
    /** Why usage could not be measured, by Region. */
    readonly errors: Readonly<Record<string, string>>;
  };
  /** All instances, in no particular order. */
  readonly instances: readonly InstanceJson[];
  readonly total: ComplianceJson;
  readonly regions: readonly (ComplianceJson & {
    readonly region: string;
    readonly error?: string;
    /** Only with `--regions all`: triggers without an EventBridge rule; absent if none or unknown. */
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
  /** The exemption tag; absent if there is none. */
  readonly exemption?: {
    readonly kind: 'active' | 'expired' | 'malformed' | 'exceeds-maximum';
    /** Last day; absent if malformed. */
    readonly until?: string;
    readonly reason?: string;
    /** Value of the tag, if malformed. */
    readonly value?: string;
  };
  /** Metadata options, as named by EC2. */
  readonly options: Readonly<Record<string, string | number | undefined>>;
  readonly launchTime?: string;
  readonly firstLaunch?: string;
  /** IMDSv1 usage, if measured. */
  readonly usage?: {
    readonly kind: 'unused' | 'in-use' | 'unknown';
    /** Hours of data, if unused. */
    readonly hours?: number;
    /** Calls without a token, if in use. */
    readonly count?: number;
    readonly callsPerDay?: number;
    /** Time of the last call. */
    readonly lastSeen?: string;
    /** Why usage is unknown. */
    readonly why?: UnknownUsage;
  };
  /** `kind` and `name` as in `launchSources` of the same Region, and the values of the tags. */
  readonly launchSource: Readonly<Record<string, string>> & { readonly kind: LaunchSourceKind; readonly name: string };
}

/** Instances by verdict. */
export interface ComplianceJson {
  readonly instances: number;
  /** Instances that are non-compliant or unreadable. */
  readonly findings: number;
  /** Share of compliant instances, 0 to 1, without AWS-managed ones; absent if no other instance exists. */
  readonly compliance?: number;
  readonly counts: Counts;
}

/** Instances of one launch source in one Region. */
export interface LaunchSourceJson extends ComplianceJson {
  readonly region: string;
  readonly kind: LaunchSourceKind;
  readonly name: string;
  /** How to change the launch source so that new instances require IMDSv2; only if there are findings. */
  readonly fix?: Advice;
}

/** The JSON document, written while instances are read. */
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
  compliance: complianceShare(compliance),
  counts: compliance.counts,
});
