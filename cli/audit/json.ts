import { CONTROLS, CONTROL_SEVERITY } from '../../lambda/contract.ts';
import { compliancePercent, type ComplianceSummary, complianceShare } from '../../lambda/core/compliance-summary.ts';
import { toCallersDocument } from '../callers/document.ts';
import type { Io } from '../common/io.ts';
import { jsonStream } from '../common/json.ts';
import { type AuditRow, cleanTexts } from './row.ts';
import { type AuditHead, incompleteNote, type Report } from './summary.ts';

/** The `schema` field of the JSON document. Fields are only ever added to it. */
const SCHEMA = 'imdsv2-enforcer.audit/v1';

/** The JSON document, written while instances are read. `docs/audit.md` describes its fields. */
export function jsonReport(head: AuditHead, io: Io): Report {
  const { account, alias, callerArn, at, version, regions: selected, filters, command, maxExemptionDays } = head;
  const provenance = {
    ...{ account, alias, callerArn, at, version, regions: selected, filters, command },
    ...{ controls: CONTROLS, severity: CONTROL_SEVERITY },
  };
  const document = jsonStream({ schema: SCHEMA, account, at, maxExemptionDays, provenance }, 'instances', io);
  return {
    add: (rows) => rows.map(toInstance).forEach(document.add),
    end: (audit) => {
      const { usage, usageCounts: counts, callers, total, byRegion, launchSources } = audit;
      document.end({
        usage: usage && { ...usage, counts, errors: Object.fromEntries(usage.errors) },
        callers: callers?.map(toCallersDocument),
        total: { ...toCompliance(total), incomplete: incompleteNote(audit) },
        regions: byRegion.map(({ region, compliance, ...rest }) => ({ region, ...toCompliance(compliance), ...rest })),
        launchSources: launchSources.map(({ region, kind, name, compliance, fix }) => ({
          region,
          kind,
          name,
          ...toCompliance(compliance),
          fix,
        })),
      });
    },
  };
}

const toInstance = ({ group: { kind, name }, ...row }: AuditRow) => ({
  ...row,
  exemption: row.exemption.kind === 'none' ? undefined : row.exemption,
  launchSource: { kind, name, ...cleanTexts(row.launchSource) },
});

const toCompliance = (compliance: ComplianceSummary) => ({
  instances: compliance.instances,
  findings: compliance.findings,
  assessed: compliance.assessed,
  compliance: complianceShare(compliance),
  compliancePercent: compliancePercent(compliance),
  counts: compliance.counts,
});
