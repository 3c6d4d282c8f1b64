import type { AuditRow } from './row.ts';
import type { Audit } from './summary.ts';

/** One form of the result. */
export interface Report {
  /** Takes instances as they are read: pages of the regions come in no order. */
  add(rows: readonly AuditRow[]): void;
  /** Called once, when everything was read that could be read. */
  end(audit: Audit): void;
}
