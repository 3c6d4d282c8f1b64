import { type AuditRow, toRow } from '../../cli/audit/row.ts';
import { type Audit, Summary } from '../../cli/audit/summary.ts';
import { ACCOUNT, NOW, REGION, snapshot, type SnapshotChange } from './builders.ts';

/** A row of the audit for an instance that answers IMDSv1, unless the change says otherwise. */
export function auditRow(change: SnapshotChange = {}, region = REGION): AuditRow {
  const row = toRow(snapshot(change), region, 90, NOW);
  if (row === undefined) throw new Error('the audit leaves out what is going or gone');
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
