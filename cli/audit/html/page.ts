import { createHash } from 'node:crypto';
import { htmlText } from '../../../lambda/core/text.ts';
import { VERDICTS } from '../../../lambda/core/verdict.ts';
import { notMonitoredNote } from '../monitoring.ts';
import { count, instancesOf, LAUNCH_SOURCES_LABELS, launchSourceLabel, percent, VERDICT_LABELS } from '../labels.ts';
import { LAUNCH_SOURCES_KINDS } from '../launch-source-group.ts';
import type { Audit, LaunchSourceAudit } from '../summary.ts';
import { ComplianceSummary } from '../../../lambda/core/compliance-summary.ts';
import { type Bar, chart } from './charts.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** Longest command or sentence of an advice; its parts are cut where they are put in. */
const LONG = 4_000;

/** LaunchSources that are shown before one asks for the rest. */
const FIRST = 15;

const COLUMNS = ['Verdict', 'Region', 'Instance', 'Name', 'State', 'LaunchSource', 'Exemption'];

/** Only where it was measured. */
const USE = 'IMDSv1 use';

/**
 * The page. It loads nothing: the policy allows one style sheet and one script, each by its hash, and no request.
 *
 * @param data JSON for the script, fit to stand in a `script` element.
 */
export function toPage(audit: Audit, data: string): string {
  const policy = `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>IMDSv2 audit ${htmlText(audit.account ?? '')} ${day(audit.at)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${header(audit)}
${problems(audit)}
${tiles(audit)}
${charts(audit)}
${fixes(audit)}
${instances(audit)}
<footer>Compliance is the share of instances with tokens required and the change applied (CIS AWS Foundations 5.7), of all that no AWS
service operates; it is never rounded up. Security Hub EC2.8 also reports instances with IMDS off while their tokens are optional.
Exemptions count up to ${audit.maxExemptionDays} days ahead.</footer>
</main>
<script type="application/json" id="data">${data}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const day = (at: Date): string => at.toISOString().slice(0, 10);

function header({ account, at, regions, total }: Audit): string {
  const whose = account === undefined ? '' : `Account ${htmlText(account)} · `;
  const where = regions.length === 1 ? '1 region' : `${count(regions.length)} regions`;
  const when = `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `<header><h1>Which instances answer IMDSv1</h1>
<p class="dim">${whose}${instancesOf(total.instances)} in ${where} · ${when}</p></header>`;
}

function problems({ regions, usage }: Audit): string {
  const unread = [
    ...regions.map(({ region, error }) => line(region, error)),
    ...[...(usage?.errors ?? [])].map(([region, error]) => line(region, `the use of IMDSv1 is not known: ${error}`)),
  ];
  const notMonitored = regions.map(({ region, notMonitored }) => line(region, notMonitoredNote(notMonitored)));
  return (
    problem('Not complete: not every region could be read', unread) +
    problem('Not watched: what opens there is not closed by itself', notMonitored)
  );
}

/** A line of a problem; nothing if there is none. */
const line = (region: string, text = ''): string =>
  text === '' ? '' : `<li><b>${htmlText(region)}</b>: ${htmlText(text, LONG)}</li>`;

function problem(title: string, lines: readonly string[]): string {
  const list = lines.join('');
  return list === '' ? '' : `<section class="card problem"><h2>${title}</h2><ul>${list}</ul></section>`;
}

function tiles({ total }: Audit): string {
  const tile = (className: string, value: string, label: string) =>
    `<div class="tile ${className}"><b>${value}</b><span>${label}</span></div>`;
  const verdicts = VERDICTS.map((name) => {
    const value = total.counts[name];
    const bad = (name === 'non-compliant' || name === 'unreadable') && value > 0;
    return tile(bad ? 'bad' : '', count(value), `<i class="swatch v-${name}"></i>${VERDICT_LABELS[name]}`);
  });
  const compliance = tile(total.findings === 0 ? 'good' : '', percent(total), 'compliance');
  return `<section class="tiles" aria-label="Totals">${compliance}${verdicts.join('')}</section>`;
}

function charts({ regions, launchSources }: Audit): string {
  const kinds = LAUNCH_SOURCES_KINDS.flatMap((kind): Bar[] => {
    const those = launchSources.filter((launchSource) => launchSource.kind === kind);
    return those.length === 0
      ? []
      : [
          {
            label: LAUNCH_SOURCES_LABELS[kind],
            compliance: ComplianceSummary.of(those.map(({ compliance }) => compliance)),
          },
        ];
  });
  const places = regions.map(({ region, compliance }) => ({ label: region, compliance }));
  const card = (title: string, bars: readonly Bar[]) =>
    `<section class="card"><h2>${title}</h2>${chart(title, bars)}</section>`;
  return `<div class="charts">${card('Compliance by region', places)}${card('Compliance by launchSource', kinds)}</div>`;
}

function fixes({ launchSources }: Audit): string {
  const wrong = launchSources.filter(({ fix }) => fix !== undefined);
  if (wrong.length === 0) return '';
  return `<section class="card" id="fixes"><h2>What to change, worst first</h2>
<p class="dim">So that the next instance of the same launchSource does not come up with IMDSv1. What is open now,
<code>imdsv2 enforce</code> closes.</p>
${toFixes(wrong.slice(0, FIRST))}${further(wrong.slice(FIRST))}</section>`;
}

const toFixes = (launchSources: readonly LaunchSourceAudit[]): string =>
  launchSources.map((launchSource) => toFix(launchSource)).join('\n');

function further(launchSources: readonly LaunchSourceAudit[]): string {
  if (launchSources.length === 0) return '';
  const { findings } = ComplianceSummary.of(launchSources.map(({ compliance }) => compliance));
  return `<details><summary><b>${count(findings)}</b><span class="name">from ${count(launchSources.length)} more launchSources</span></summary>${toFixes(launchSources)}</details>`;
}

function toFix({ region, compliance, fix, ...launchSource }: LaunchSourceAudit): string {
  const commands = (fix?.commands ?? []).map((command) => `<pre>${htmlText(command, LONG)}</pre>`);
  return `<details><summary><b>${count(compliance.findings)}</b><span class="name">${htmlText(launchSourceLabel(launchSource), 512)}</span><span class="dim">of ${count(compliance.instances)} · ${htmlText(region)}</span></summary>
<div class="fix">${htmlText(fix?.text ?? '', LONG)}${commands.join('')}</div></details>`;
}

function instances({ usage }: Audit): string {
  const columns = usage === undefined ? COLUMNS : [...COLUMNS, USE];
  const heads = columns.map((name) => `<th scope="col"><button type="button">${name}</button></th>`);
  const options = VERDICTS.map(
    (name, index) => `<option value="${index}" data-name="${name}">${VERDICT_LABELS[name]}</option>`,
  );
  return `<section class="card" id="instances"><h2>Every instance</h2>
<div class="tools"><input id="search" type="search" placeholder="Id, name, region, launchSource …" aria-label="Search">
<select id="verdict" aria-label="Verdict"><option value="">all verdicts</option>${options.join('')}</select>
<button type="button" id="before">Back</button><span id="position" class="dim"></span><button type="button" id="after">Next</button></div>
<div class="scroll"><table><thead><tr>${heads.join('')}</tr></thead><tbody id="rows"></tbody></table></div>
<noscript><p class="dim">The table needs scripts, which are switched off here.</p></noscript></section>`;
}
