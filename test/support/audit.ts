import { type AuditRow, toRow } from '../../cli/audit/row.ts';
import { type Audit, Summary } from '../../cli/audit/summary.ts';
import { ACCOUNT, NOW, REGION, snapshot, type SnapshotChange } from './builders.ts';

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
): Audit {
  const summary = new Summary(regions);
  for (const row of rows) summary.add(row);
  return summary.result({ account: ACCOUNT, at: NOW, maxExemptionDays: 90 }, errors);
}
