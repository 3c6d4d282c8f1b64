import type { AuditRow } from './row.ts';
import type { Audit } from './summary.ts';

/** One output format of the audit. */
export interface Report {
  /** Receives the instances of a page; pages of different Regions come in any order. */
  add(rows: readonly AuditRow[]): void;
  /** Called once, after the last page. */
  end(audit: Audit): void;
}
