import { clean } from '../../lambda/core/text.ts';
import { FINDINGS, VERDICTS } from '../../lambda/core/verdict.ts';
import type { Io } from '../shared/io.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { tableLines } from '../shared/table.ts';
import { usageNote } from '../shared/usage.ts';
import { count, instancesOf, exemptionNote, launchSourceLabel, percent, VERDICT_LABELS } from './labels.ts';
import { notMonitoredNote } from './monitoring.ts';
import type { Report } from './report.ts';
import type { AuditRow } from './row.ts';
import { Shortlist } from './shortlist.ts';
import type { Audit, LaunchSourceAudit } from './summary.ts';
import type { ComplianceSummary } from '../../lambda/core/compliance-summary.ts';

/** The result for people: counts first, then what to do about the worst launchSources, then exemptions. */
export class TableReport implements Report {
  readonly #io: Io;
  readonly #top: number;
  readonly #unreadable: Shortlist<AuditRow>;
  readonly #exempt: Shortlist<AuditRow>;
  readonly #void: Shortlist<AuditRow>;
  readonly #used: Shortlist<AuditRow>;
  readonly #use = { unused: 0, 'in-use': 0, unknown: 0 };

  /** @param top how many of each list are shown at most. */
  public constructor(top: number, io: Io) {
    this.#io = io;
    this.#top = top;
    this.#unreadable = new Shortlist(top, byPlace);
    this.#exempt = new Shortlist(top, (a, b) => compare(lastDay(a), lastDay(b)) || byPlace(a, b));
    this.#void = new Shortlist(top, (a, b) => compare(a.exemption.kind, b.exemption.kind) || byPlace(a, b));
    this.#used = new Shortlist(top, (a, b) => calls(b.usage) - calls(a.usage) || byPlace(a, b));
  }

  public add(rows: readonly AuditRow[]): void {
    for (const row of rows) {
      if (row.usage !== undefined) this.#use[row.usage.kind] += 1;
      if (row.usage?.kind === 'in-use') this.#used.add(row);
      if (row.verdict === 'exempt') this.#exempt.add(row);
      else if (row.verdict === 'unreadable') this.#unreadable.add(row);
      else if (row.verdict === 'non-compliant' && row.exemption.kind !== 'none') this.#void.add(row);
    }
  }

  public end(audit: Audit): void {
    // Then there is nothing to say but the errors.
    if (audit.total.instances === 0 && audit.regions.every(({ error }) => error !== undefined)) return;
    this.#counts(audit);
    this.#uses(audit);
    this.#launchSources(audit);
    this.#instances('Metadata options that cannot be read', this.#unreadable);
    this.#instances('Exemptions that do not count', this.#void);
    this.#instances('Exempt', this.#exempt);
    this.#next(audit);
  }

  #counts({ account, total, regions }: Audit): void {
    const whose = account === undefined ? '' : `account ${account}, `;
    const compliance = this.#io.style('bold', percent(total));
    this.#io.out(`${whose}${instancesOf(total.instances)}, compliance ${compliance}`);
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
        : this.#io.style('red', compliance.instances > 0 ? 'not read to the end' : 'not read'),
    ]);
    const all = regions.length > 1 ? [[...cells('all regions', total), '']] : [];
    const head = ['region', 'instances', ...shown.map((name) => VERDICT_LABELS[name]), 'compliance', ''];
    this.#table(head, [...all, ...rows], [0, head.length - 1]);
  }

  #uses({ usage, total }: Audit): void {
    if (usage === undefined || total.counts['non-compliant'] === 0) return;
    const { unused, 'in-use': used, unknown } = this.#use;
    this.#heading(
      `Use of IMDSv1 on the open ones, last ${count(usage.lookBackDays)} days: ${count(unused)} unused, ${count(used)} in use, ${count(unknown)} unknown`,
    );
    if (used === 0) return void this.#io.out('nothing was seen that still needs it');
    const rows = this.#used.first.map(({ region, instanceId, name = '', usage: use }) => [
      region,
      instanceId,
      clean(name, 40),
      use === undefined ? '' : usageNote(use),
    ]);
    this.#table(['region', 'instance', 'name', 'use'], rows, [0, 1, 2, 3]);
    this.#rest(this.#used);
  }

  #launchSources({ launchSources }: Audit): void {
    const wrong = launchSources.filter(({ compliance }) => compliance.findings > 0);
    const first = wrong.slice(0, this.#top);
    if (first.length === 0) return;
    const rows = first.map(({ region, compliance, ...launchSource }, index) => [
      String(index + 1),
      this.#number(compliance.findings, true),
      count(compliance.instances),
      region,
      launchSourceLabel(launchSource),
    ]);
    this.#heading(
      `Where they come from: ${count(wrong.length)} of ${count(launchSources.length)} launchSources have findings`,
    );
    this.#table(['', 'findings', 'of', 'region', 'launchSource'], rows, [3, 4]);
    const rest = wrong.slice(this.#top);
    if (rest.length > 0) {
      const findings = rest.reduce((sum, { compliance }) => sum + compliance.findings, 0);
      this.#io.out(
        `and ${count(rest.length)} more launchSources with ${count(findings)} findings; --top shows more, --json and --html all`,
      );
    }
    this.#heading('How to keep them from coming back');
    for (const [index, launchSource] of first.entries()) this.#fix(index + 1, launchSource);
  }

  #fix(number: number, { region, compliance, examples, fix }: LaunchSourceAudit): void {
    const more = compliance.findings - examples.length;
    const which = `${examples.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
    this.#io.out(`${String(number).padStart(3)}  ${fix?.text ?? ''}`);
    this.#io.out(this.#io.style('dim', `     ${region}: ${which}`));
    for (const command of fix?.commands ?? []) this.#io.out(`     ${command}`);
  }

  #instances(title: string, those: Shortlist<AuditRow>): void {
    if (those.first.length === 0) return;
    this.#heading(`${title}: ${count(those.first.length + those.more)}`);
    const rows = those.first.map(({ region, instanceId, name = '', exemption }) => [
      region,
      instanceId,
      clean(name, 40),
      exemptionNote(exemption),
    ]);
    this.#table(['region', 'instance', 'name', 'exemption'], rows, [0, 1, 2, 3]);
    this.#rest(those);
  }

  #rest({ more }: Shortlist<AuditRow>): void {
    if (more > 0) this.#io.out(`and ${count(more)} more; --top shows more, --json, --csv and --html all`);
  }

  #next({ regions, total }: Audit): void {
    if (total.counts['non-compliant'] === 0) return;
    const open = regions.filter(({ compliance }) => compliance.counts['non-compliant'] > 0).map(({ region }) => region);
    this.#heading(`To close what is open now (shows its plan, and asks):`);
    this.#io.out(`     imdsv2 enforce --regions ${open.join(',')}`);
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

  /** @param texts columns that are not numbers. */
  #table(head: readonly string[], rows: readonly (readonly string[])[], texts: readonly number[]): void {
    for (const line of tableLines(head, rows, texts, this.#io)) this.#io.out(line);
  }
}

const lastDay = ({ exemption }: AuditRow): string => ('until' in exemption ? exemption.until : '');

const calls = (usage: Usage | undefined): number => (usage?.kind === 'in-use' ? usage.callsPerDay : 0);

const byPlace = (a: AuditRow, b: AuditRow): number =>
  compare(a.region, b.region) || compare(a.instanceId, b.instanceId);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
