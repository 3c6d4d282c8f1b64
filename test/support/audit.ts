import { type AuditRow, toRow } from '../../cli/audit/row.ts';
import { type Audit, type AuditHead, Summary } from '../../cli/audit/summary.ts';
import { ACCOUNT, NOW, REGION, snapshot, type SnapshotChange, instanceId } from './builders.ts';

/** The parts of the JSON result of `audit` that tests read. */
export interface AuditJson {
  readonly schema: string;
  readonly account?: string;
  readonly usage?: object;
  readonly instances: readonly {
    readonly region: string;
    readonly instanceId: string;
    readonly name?: string;
    readonly verdict: string;
    readonly usage?: { readonly kind: string; readonly why?: string };
    readonly launchSource: { readonly kind: string; readonly name: string };
  }[];
  readonly total: object;
  readonly regions: readonly {
    readonly region: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly notMonitored?: readonly string[];
  }[];
  readonly launchSources: readonly {
    readonly region: string;
    readonly kind: string;
    readonly name: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly fix?: object;
  }[];
}

/** What is known of the audits of `auditOf` before instances are read. */
export const HEAD: AuditHead = {
  account: ACCOUNT,
  alias: 'prod',
  callerArn: `arn:aws:iam::${ACCOUNT}:user/auditor`,
  at: NOW,
  version: '1.2.3',
  regions: [REGION],
  filters: [],
  command: `imdsv2 audit --regions ${REGION}`,
  maxExemptionDays: 90,
};

/** An audit row, by default of an instance with IMDSv1 enabled. */
export function auditRow(change: SnapshotChange = {}, region = REGION): AuditRow {
  const row = toRow(snapshot(change), region, 90, NOW);
  if (row === undefined) throw new Error('the audit has no rows of terminated instances');
  return row;
}

/** The audit of these rows. */
export function auditOf(
  rows: readonly AuditRow[],
  errors: ReadonlyMap<string, string> = new Map(),
  regions: readonly string[] = [REGION],
  filters: AuditHead['filters'] = [],
): Audit {
  const summary = new Summary(regions);
  for (const row of rows) summary.add(row);
  return summary.result({ ...HEAD, regions, filters }, errors);
}

/** An instance with an untrusted text in every tag. */
export const hostileRow = (text: string, number = 1): AuditRow =>
  auditRow({
    instanceId: instanceId(number),
    tags: {
      Name: text,
      'aws:autoscaling:groupName': text,
      'imdsv2:exempt-until': text,
      'imdsv2:exempt-reason': text,
    },
    options: { HttpPutResponseHopLimit: 2 },
  });

/** An instance that is exempt for a reason. */
export const exemptFor = (reason: string): AuditRow =>
  auditRow({ tags: { 'imdsv2:exempt-until': '2026-12-01', 'imdsv2:exempt-reason': reason } });
