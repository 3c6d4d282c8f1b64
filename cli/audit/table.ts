import { clean } from '../../lambda/core/text.ts';
import { FINDINGS, VERDICTS } from '../../lambda/core/verdict.ts';
import type { Io } from '../shared/io.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { tableLines } from '../shared/table.ts';
import { usageNote } from '../../lambda/core/words/usage.ts';
import { exemptionNote, percent, VERDICT_LABELS } from '../../lambda/core/words/compliance.ts';
import { count, instancesOf } from '../../lambda/core/words/format.ts';
import { launchSourceLabel } from '../../lambda/core/words/launch-source.ts';
import { notMonitoredNote } from './monitoring.ts';
import type { Report } from './report.ts';
import type { AuditRow } from './row.ts';
import { Shortlist } from './shortlist.ts';
import type { Audit, LaunchSourceAudit } from './summary.ts';
import type { ComplianceSummary } from '../../lambda/core/compliance-summary.ts';

/** The result as text: counts, IMDSv1 usage, launch sources with their fixes, exemptions. */
export class TableReport implements Report {
  readonly #io: Io;
  readonly #top: number;
  readonly #unreadable: Shortlist<AuditRow>;
  readonly #exempt: Shortlist<AuditRow>;
  readonly #invalidExemption: Shortlist<AuditRow>;
  readonly #inUse: Shortlist<AuditRow>;
  readonly #usageCounts = { unused: 0, 'in-use': 0, unknown: 0 };

  /** @param top maximum length of each list. */
  public constructor(top: number, io: Io) {
    this.#io = io;
    this.#top = top;
    this.#unreadable = new Shortlist(top, byRegionAndId);
    this.#exempt = new Shortlist(top, (a, b) => compare(lastDay(a), lastDay(b)) || byRegionAndId(a, b));
    this.#invalidExemption = new Shortlist(
      top,
      (a, b) => compare(a.exemption.kind, b.exemption.kind) || byRegionAndId(a, b),
    );
    this.#inUse = new Shortlist(top, (a, b) => calls(b.usage) - calls(a.usage) || byRegionAndId(a, b));
  }

  public add(rows: readonly AuditRow[]): void {
    for (const row of rows) {
      if (row.usage !== undefined) this.#usageCounts[row.usage.kind] += 1;
      if (row.usage?.kind === 'in-use') this.#inUse.add(row);
      if (row.verdict === 'exempt') this.#exempt.add(row);
      else if (row.verdict === 'unreadable') this.#unreadable.add(row);
      else if (row.verdict === 'non-compliant' && row.exemption.kind !== 'none') this.#invalidExemption.add(row);
    }
  }

  public end(audit: Audit): void {
    // No Region could be read: the errors are the whole result.
    if (audit.total.instances === 0 && audit.regions.every(({ error }) => error !== undefined)) return;
    this.#counts(audit);
    this.#usage(audit);
    this.#launchSources(audit);
    this.#instances('Unreadable metadata options', this.#unreadable);
    this.#instances('Invalid or expired exemptions', this.#invalidExemption);
    this.#instances('Exempt', this.#exempt);
    this.#nextStep(audit);
  }

  #counts({ account, total, regions }: Audit): void {
    const prefix = account === undefined ? '' : `Account ${account}: `;
    const compliance = this.#io.style('bold', percent(total));
    this.#io.out(`${prefix}${instancesOf(total.instances)}, compliance ${compliance}`);
    this.#io.out('');
    const shown = VERDICTS.filter((name) => name === 'non-compliant' || name === 'compliant' || total.counts[name] > 0);
    const cells = (name: string, compliance: ComplianceSummary) => [
      name,
      count(compliance.instances),
      ...shown.map((verdict) => this.#number(compliance.counts[verdict], FINDINGS.includes(verdict))),
      percent(compliance),
    ];
    const rows = regions.map(({ region, compliance, error, notMonitored }) => [
      ...cells(region, compliance),
      error === undefined
        ? this.#io.style('yellow', notMonitoredNote(notMonitored))
        : this.#io.style('red', compliance.instances > 0 ? 'partially read' : 'not read'),
    ]);
    const all = regions.length > 1 ? [[...cells('all Regions', total), '']] : [];
    const head = ['region', 'instances', ...shown.map((name) => VERDICT_LABELS[name]), 'compliance', ''];
    this.#table(head, [...all, ...rows], [0, head.length - 1]);
  }

  #usage({ usage, total }: Audit): void {
    if (usage === undefined || total.counts['non-compliant'] === 0) return;
    const { unused, 'in-use': inUse, unknown } = this.#usageCounts;
    this.#heading(
      `IMDSv1 usage of non-compliant instances, last ${count(usage.lookBackDays)} days: ${count(unused)} unused, ${count(inUse)} in use, ${count(unknown)} unknown`,
    );
    if (inUse === 0) return void this.#io.out('No IMDSv1 usage was measured.');
    const rows = this.#inUse.first.map(({ region, instanceId, name = '', usage: measured }) => [
      region,
      instanceId,
      clean(name, 40),
      measured === undefined ? '' : usageNote(measured),
    ]);
    this.#table(['region', 'instance', 'name', 'IMDSv1 usage'], rows, [0, 1, 2, 3]);
    this.#more(this.#inUse);
  }

  #launchSources({ launchSources }: Audit): void {
    const withFindings = launchSources.filter(({ compliance }) => compliance.findings > 0);
    const first = withFindings.slice(0, this.#top);
    if (first.length === 0) return;
    const rows = first.map(({ region, compliance, ...launchSource }, index) => [
      String(index + 1),
      this.#number(compliance.findings, true),
      count(compliance.instances),
      region,
      launchSourceLabel(launchSource),
    ]);
    this.#heading(`Launch sources: ${count(withFindings.length)} of ${count(launchSources.length)} have findings`);
    this.#table(['', 'findings', 'of', 'region', 'launch source'], rows, [3, 4]);
    const rest = withFindings.slice(this.#top);
    if (rest.length > 0) {
      const findings = rest.reduce((sum, { compliance }) => sum + compliance.findings, 0);
      this.#io.out(
        `and ${count(rest.length)} more with ${count(findings)} ${findings === 1 ? 'finding' : 'findings'}; --top shows more, --json and --html all`,
      );
    }
    this.#heading('How to fix the launch sources');
    for (const [index, launchSource] of first.entries()) this.#fix(index + 1, launchSource);
  }

  #fix(number: number, { region, compliance, examples, fix }: LaunchSourceAudit): void {
    const more = compliance.findings - examples.length;
    const instances = `${examples.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
    this.#io.out(`${String(number).padStart(3)}  ${fix?.text ?? ''}`);
    this.#io.out(this.#io.style('dim', `     ${region}: ${instances}`));
    for (const command of fix?.commands ?? []) this.#io.out(`     ${command}`);
  }

  #instances(title: string, list: Shortlist<AuditRow>): void {
    if (list.first.length === 0) return;
    this.#heading(`${title}: ${count(list.first.length + list.more)}`);
    const rows = list.first.map(({ region, instanceId, name = '', exemption }) => [
      region,
      instanceId,
      clean(name, 40),
      exemptionNote(exemption),
    ]);
    this.#table(['region', 'instance', 'name', 'exemption'], rows, [0, 1, 2, 3]);
    this.#more(list);
  }

  #more({ more }: Shortlist<AuditRow>): void {
    if (more > 0) this.#io.out(`and ${count(more)} more; --top shows more, --json, --csv and --html all`);
  }

  #nextStep({ regions, total }: Audit): void {
    if (total.counts['non-compliant'] === 0) return;
    const affected = regions.filter(({ compliance }) => compliance.counts['non-compliant'] > 0);
    this.#heading('To require IMDSv2 on these instances (shows a plan and asks first)');
    this.#io.out(`     imdsv2 enforce --regions ${affected.map(({ region }) => region).join(',')}`);
  }

  #heading(text: string): void {
    this.#io.out('');
    this.#io.out(this.#io.style('bold', text));
    this.#io.out('');
  }

  #number(value: number, bad: boolean): string {
    if (value === 0) return this.#io.style('dim', '0');
    return bad ? this.#io.style('red', count(value)) : count(value);
  }

  /** @param texts as in `tableLines`. */
  #table(head: readonly string[], rows: readonly (readonly string[])[], texts: readonly number[]): void {
    for (const line of tableLines(head, rows, texts, this.#io)) this.#io.out(line);
  }
}

const lastDay = ({ exemption }: AuditRow): string => ('until' in exemption ? exemption.until : '');

const calls = (usage: Usage | undefined): number => (usage?.kind === 'in-use' ? usage.callsPerDay : 0);

const byRegionAndId = (a: AuditRow, b: AuditRow): number =>
  compare(a.region, b.region) || compare(a.instanceId, b.instanceId);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
