import type { ComplianceSummary } from '../../lambda/core/compliance-summary.ts';
import { clean } from '../../lambda/core/text.ts';
import { FINDINGS, VERDICTS } from '../../lambda/core/verdict.ts';
import { CONTROLS_NOTE, exemptionNote, percentOf, VERDICT_LABELS } from '../../lambda/core/words/compliance.ts';
import { count, instancesOf, minute, plural } from '../../lambda/core/words/format.ts';
import { launchSourceLabel } from '../../lambda/core/words/launch-source.ts';
import { usageNote } from '../../lambda/core/words/usage.ts';
import { showCallers, showLimits } from '../callers/show.ts';
import type { Io } from '../common/io.ts';
import { ascending } from '../common/sort.ts';
import { printTable } from '../common/table.ts';
import { notMonitoredNote } from './monitoring.ts';
import type { AuditRow } from './row.ts';
import { Shortlist } from './shortlist.ts';
import {
  accountLabel,
  type Audit,
  enforceCommand,
  incompleteNote,
  regionGap,
  type Report,
  scopeOf,
  usageTotals,
} from './summary.ts';

/**
 * The result as text: counts, IMDSv1 usage, launch sources with their fixes, exemptions.
 *
 * @param top maximum length of each list but that of instances in use, which a change would break.
 */
export function tableReport(top: number, io: Io): Report {
  const shortlist = (keyOf: (row: AuditRow) => string | number = () => 0, limit = top) =>
    new Shortlist<AuditRow>(
      limit,
      ascending((row) => [keyOf(row), row.region, row.instanceId]),
    );
  const unreadable = shortlist();
  const invalidExemption = shortlist(({ exemption }) => exemption.kind);
  const exempt = shortlist(({ exemption }) => ('until' in exemption ? exemption.until : ''));
  const inUse = shortlist(({ usage }) => (usage?.kind === 'in-use' ? -usage.count : 0), Infinity);
  return {
    add: (rows) => {
      for (const row of rows) {
        if (row.usage?.kind === 'in-use') inUse.add(row);
        if (row.verdict === 'exempt') exempt.add(row);
        else if (row.verdict === 'unreadable') unreadable.add(row);
        else if (row.verdict === 'non-compliant' && row.exemption.kind !== 'none') invalidExemption.add(row);
      }
    },
    end: (audit) => {
      // No Region could be read: the errors are the whole result.
      if (audit.total.instances === 0 && audit.byRegion.every(({ error }) => error !== undefined)) return;
      showHead(audit, io);
      showCounts(audit, io);
      showUsage(audit, inUse, io);
      showSoftware(audit, io);
      showLaunchSources(audit, top, io);
      showExemptions('Unreadable metadata options', unreadable, io);
      showExemptions('Invalid or expired exemptions', invalidExemption, io);
      showExemptions('Exempt', exempt, io);
      showNextStep(audit, io);
    },
  };
}

/** What was audited, and what an auditor needs to repeat it. */
function showHead(audit: Audit, io: Io): void {
  const { filters, total, callerArn, at, version, command } = audit;
  const account = accountLabel(audit);
  const subject = [
    ...(account === undefined ? [] : [`Account ${account}`]),
    ...(filters.length === 0 ? [] : [`only ${scopeOf(audit)}`]),
  ].join(', ');
  const missing = incompleteNote(audit);
  const compliance = `compliance ${io.style('bold', percentOf(total))}`;
  io.out(
    `${subject && `${subject}: `}${instancesOf(total.instances)}, ${compliance}${missing === undefined ? '' : `, ${io.style('red', missing)}`}`,
  );
  const time = `${minute(at)}, imdsv2 ${version}${callerArn === undefined ? '' : `, by ${callerArn}`}`;
  for (const line of [time, command, CONTROLS_NOTE]) io.out(io.style('dim', line));
  io.out('');
}

function showCounts({ total, byRegion }: Audit, io: Io): void {
  const shown = VERDICTS.filter((name) => name === 'non-compliant' || name === 'compliant' || total.counts[name] > 0);
  const cells = (name: string, { instances, counts }: ComplianceSummary) => [
    name,
    count(instances),
    ...shown.map((verdict) => numberCell(counts[verdict], FINDINGS.includes(verdict), io)),
  ];
  const rows = byRegion.map((audited) => {
    const gap = regionGap(audited);
    return [
      ...cells(audited.region, audited.compliance),
      percentOf(audited.compliance),
      gap === undefined ? io.style('yellow', notMonitoredNote(audited.notMonitored)) : io.style('red', gap),
    ];
  });
  const gaps = byRegion.filter((region) => regionGap(region) !== undefined).length;
  const missing = gaps > 0 ? io.style('red', `without ${plural(gaps, 'Region')}`) : '';
  const all = byRegion.length > 1 ? [[...cells('all Regions', total), percentOf(total), missing]] : [];
  const head = ['region', 'instances', ...shown.map((name) => VERDICT_LABELS[name]), 'compliance', ''];
  printTable(io, head, [...all, ...rows], [0, head.length - 1]);
}

function showUsage(audit: Audit, inUse: Shortlist<AuditRow>, io: Io): void {
  const { usage, total } = audit;
  if (usage === undefined || total.counts['non-compliant'] === 0) return;
  const title = `IMDSv1 usage of non-compliant instances, ${usageTotals(audit, usage)}`;
  if (inUse.count > 0)
    return showInstances(title, 'IMDSv1 usage', inUse, (row) => row.usage && usageNote(row.usage), io);
  heading(title, io);
  io.out('No IMDSv1 usage was measured.');
}

function showSoftware({ callers = [] }: Audit, io: Io): void {
  if (callers.length === 0) return;
  heading(`Software that uses IMDSv1, on the ${count(callers.length)} busiest instances`, io);
  showCallers(callers, io);
  showLimits(io);
}

function showLaunchSources({ launchSources }: Audit, top: number, io: Io): void {
  const withFindings = launchSources.filter(({ compliance }) => compliance.findings > 0);
  if (withFindings.length === 0) return;
  const [first, rest] = [withFindings.slice(0, top), withFindings.slice(top)];
  const rows = first.map(({ region, compliance, ...launchSource }, index) => [
    String(index + 1),
    numberCell(compliance.findings, true, io),
    count(compliance.instances),
    region,
    launchSourceLabel(launchSource),
  ]);
  heading(`Launch sources: ${count(withFindings.length)} of ${count(launchSources.length)} have findings`, io);
  printTable(io, ['', 'findings', 'of', 'region', 'launch source'], rows, [3, 4]);
  if (rest.length > 0) {
    const findings = rest.reduce((sum, { compliance }) => sum + compliance.findings, 0);
    io.out(
      `and ${count(rest.length)} more with ${plural(findings, 'finding')}; --top shows more, --json and --html all`,
    );
  }
  heading('How to fix the launch sources', io);
  for (const [index, { region, compliance, examples, fix }] of first.entries()) {
    const more = compliance.findings - examples.length;
    const instances = `${examples.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
    io.out(`${String(index + 1).padStart(3)}  ${fix?.text ?? ''}`);
    io.out(io.style('dim', `     ${region}: ${instances}`));
    for (const command of fix?.commands ?? []) io.verbatim(`     ${command}`);
    for (const [tool, form] of Object.entries(fix?.inCode ?? {})) io.out(io.style('dim', `     ${tool}: ${form}`));
  }
}

function showExemptions(title: string, list: Shortlist<AuditRow>, io: Io): void {
  if (list.count === 0) return;
  showInstances(`${title}: ${count(list.count)}`, 'exemption', list, ({ exemption }) => exemptionNote(exemption), io);
}

function showInstances(
  title: string,
  column: string,
  { first, more }: Shortlist<AuditRow>,
  noteOf: (row: AuditRow) => string | undefined,
  io: Io,
): void {
  heading(title, io);
  const rows = first.map((row) => [row.region, row.instanceId, clean(row.name ?? '', 40), noteOf(row) ?? '']);
  printTable(io, ['region', 'instance', 'name', column], rows);
  if (more > 0) io.out(`and ${count(more)} more; --top shows more, --json, --csv and --html all`);
}

function showNextStep(audit: Audit, io: Io): void {
  if (audit.total.counts['non-compliant'] === 0) return;
  heading('To require IMDSv2 on these instances where IMDSv1 is unused (shows a plan and asks first)', io);
  io.verbatim(`     ${enforceCommand(audit)}`);
}

function heading(text: string, io: Io): void {
  io.out('');
  io.out(io.style('bold', text));
  io.out('');
}

function numberCell(value: number, bad: boolean, io: Io): string {
  if (value === 0) return io.style('dim', '0');
  return bad ? io.style('red', count(value)) : count(value);
}
