import { createHash } from 'node:crypto';
import { CONTROL_SEVERITY } from '../../../lambda/contract.ts';
import { htmlText } from '../../../lambda/core/text.ts';
import { VERDICTS } from '../../../lambda/core/verdict.ts';
import { notMonitoredNote } from '../monitoring.ts';
import { CONTROLS_NOTE, percent, VERDICT_LABELS } from '../../../lambda/core/words/compliance.ts';
import { count, instancesOf, plural } from '../../../lambda/core/words/format.ts';
import { LAUNCH_SOURCE_LABELS, launchSourceLabel } from '../../../lambda/core/words/launch-source.ts';
import { LAUNCH_SOURCE_KINDS } from '../../../lambda/core/launch-source.ts';
import {
  accountLabel,
  type Audit,
  enforceCommand,
  incompleteNote,
  type LaunchSourceAudit,
  regionGap,
  scopeOf,
  subjectOf,
} from '../summary.ts';
import { ComplianceSummary } from '../../../lambda/core/compliance-summary.ts';
import { type Bar, barChart, swatch } from './charts.ts';
import { SCRIPT } from './script.ts';
import { usageSection } from './software.ts';
import { STYLE } from './style.ts';

/** The longest command or sentence of a fix; the names in it have been shortened before. */
const LONG = 4_000;

/** How many launch sources are shown outside the collapsed rest. */
const FIRST = 15;

const COLUMNS = ['Verdict', 'Region', 'Instance', 'Name', 'State', 'Launch source', 'Exemption'];

/**
 * The HTML page. Its content security policy allows its own style sheet and script only, by hash.
 *
 * @param data JSON for the script, escaped for a `script` element.
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
<title>${title(audit)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${header(audit)}
${problems(audit)}
${tiles(audit)}
${charts(audit)}
${usageSection(audit)}
${fixes(audit)}
${instances(audit)}
<footer>Compliance is the share of instances that require IMDSv2 with the change applied (CIS AWS Foundations
Benchmark v5.0.0 5.7, v3.0.0 5.6), not counting those managed by an AWS service; it is rounded down. Security Hub EC2.8 also reports instances with IMDS disabled while HttpTokens is optional.
The maximum exemption duration is ${audit.maxExemptionDays} days.</footer>
</main>
<script type="application/json" id="data">${data}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

function title(audit: Audit): string {
  const parts = ['IMDSv2 compliance report', accountLabel(audit) ?? '', audit.at.toISOString().slice(0, 10)];
  return htmlText(`${parts.filter(Boolean).join(' ')}: ${subjectOf(audit)}`, LONG);
}

/** Why it matters, in two sentences. */
const RISK =
  "IMDSv1 answers any request that reaches 169.254.169.254, so that one server-side request forgery or open proxy is enough to read the credentials of the instance's role. IMDSv2 requires a session token, which such a request does not get.";

/** A text that breaks between words only: browsers also break after the hyphens of Regions and options. */
const wholeWords = (text: string): string =>
  htmlText(text, LONG)
    .split(' ')
    .map((word) => (word.includes('-') ? `<span class="word">${word}</span>` : word))
    .join(' ');

/** What was audited, and what an auditor needs to repeat it. */
function header(audit: Audit): string {
  const { callerArn, at, version, regions, command, total } = audit;
  const missing = incompleteNote(audit);
  const entries: readonly (readonly [string, string | undefined])[] = [
    ['Account', accountLabel(audit)],
    ['Audited by', callerArn],
    ['Time', `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`],
    ['Regions', regions.join(', ')],
    ['Command', command],
    ['Version', `imdsv2-enforcer ${version}`],
    ['Controls', CONTROLS_NOTE],
    ['Severity', `${CONTROL_SEVERITY} for each instance with IMDSv1 enabled, as Security Hub rates EC2.8`],
  ];
  const list = entries.flatMap(([name, text]) =>
    text === undefined
      ? []
      : `<div${name === 'Command' ? ' class="wide"' : ''}><dt>${name}</dt><dd>${wholeWords(text)}</dd></div>`,
  );
  return `<header><h1>IMDSv2 compliance of ${wholeWords(subjectOf(audit))}</h1>
<p>${instancesOf(total.instances)} in ${plural(regions.length, 'Region')}${missing === undefined ? '' : `, <b class="missing">${missing}</b>`}</p>
<p class="dim">${htmlText(RISK, LONG)}</p>
<dl>${list.join('')}</dl></header>`;
}

function problems({ byRegion, usage }: Audit): string {
  const unread = [
    ...byRegion.map(({ region, error }) => line(region, error)),
    ...[...(usage?.errors ?? [])].map(([region, error]) => line(region, `IMDSv1 usage unknown: ${error}`)),
  ];
  const unmonitored = byRegion.map(({ region, notMonitored }) => line(region, notMonitoredNote(notMonitored)));
  return (
    problem('Incomplete: these Regions could not be read', unread) +
    problem('Not monitored: launches are found by the scheduled scan only', unmonitored)
  );
}

/** A list item; `''` without a text. */
const line = (region: string, text = ''): string =>
  text === '' ? '' : `<li><b>${htmlText(region)}</b>: ${htmlText(text, LONG)}</li>`;

function problem(title: string, lines: readonly string[]): string {
  const list = lines.join('');
  return list === '' ? '' : `<section class="card problem"><h2>${title}</h2><ul>${list}</ul></section>`;
}

function tiles(audit: Audit): string {
  const { total } = audit;
  const missing = incompleteNote(audit);
  const tile = (className: string, value: string, label: string) =>
    `<div class="tile ${className}"><b>${value}</b><span>${label}</span></div>`;
  const verdicts = VERDICTS.map((name) => {
    const value = total.counts[name];
    const bad = (name === 'non-compliant' || name === 'unreadable') && value > 0;
    return tile(bad ? 'bad' : '', count(value), swatch(name) + VERDICT_LABELS[name]);
  });
  const compliance = tile(
    total.findings === 0 ? 'good' : '',
    percent(total),
    `compliance of ${count(total.assessed)}${missing === undefined ? '' : ` ${missing}`}`,
  );
  return `<section class="tiles" aria-label="Totals">${compliance}${verdicts.join('')}</section>`;
}

const sumOf = (launchSources: readonly LaunchSourceAudit[]): ComplianceSummary =>
  ComplianceSummary.of(launchSources.map(({ compliance }) => compliance));

function charts({ byRegion, launchSources }: Audit): string {
  const byKind = LAUNCH_SOURCE_KINDS.map((kind): Bar => {
    const ofKind = launchSources.filter((launchSource) => launchSource.kind === kind);
    return { label: LAUNCH_SOURCE_LABELS[kind], compliance: sumOf(ofKind) };
  }).filter(({ compliance }) => compliance.instances > 0);
  const ofRegions = byRegion.map((one): Bar => ({
    label: one.region,
    compliance: one.compliance,
    gap: regionGap(one),
  }));
  const card = (title: string, bars: readonly Bar[]) =>
    `<section class="card"><h2>${title}</h2>${barChart(bars)}</section>`;
  return `<div class="charts">${card('Compliance by Region', ofRegions)}${card('Compliance by launch source', byKind)}</div>`;
}

function fixes(audit: Audit): string {
  const { launchSources } = audit;
  const fixable = launchSources.filter(({ fix }) => fix !== undefined);
  if (fixable.length === 0) return '';
  return `<section class="card" id="fixes"><h2>Launch sources to fix, most findings first</h2>
<p class="dim">These changes make new instances require IMDSv2. For existing instances, run <code>${htmlText(enforceCommand(audit), 1000)}</code>.</p>
${toFixes(fixable.slice(0, FIRST))}${further(fixable.slice(FIRST))}</section>`;
}

const toFixes = (launchSources: readonly LaunchSourceAudit[]): string => launchSources.map(toFix).join('\n');

function further(launchSources: readonly LaunchSourceAudit[]): string {
  if (launchSources.length === 0) return '';
  const { findings } = sumOf(launchSources);
  return `<details><summary><b>${count(findings)}</b><span class="name">from ${count(launchSources.length)} more launch sources</span></summary>${toFixes(launchSources)}</details>`;
}

function toFix({ region, compliance, fix, ...launchSource }: LaunchSourceAudit): string {
  const commands = (fix?.commands ?? []).map((command) => `<pre>${htmlText(command, LONG)}</pre>`);
  const inCode = Object.entries(fix?.inCode ?? {}).map(
    ([tool, form]) => `<p class="form"><b>${tool}</b> <code>${htmlText(form, LONG)}</code></p>`,
  );
  return `<details><summary><b>${count(compliance.findings)}</b><span class="name">${htmlText(launchSourceLabel(launchSource), 512)}</span><span class="dim">of ${count(compliance.instances)} · ${htmlText(region)}</span></summary>
<div class="fix">${htmlText(fix?.text ?? '', LONG)}${commands.join('')}${inCode.join('')}</div></details>`;
}

function instances(audit: Audit): string {
  const { usage, filters } = audit;
  const columns = usage === undefined ? COLUMNS : [...COLUMNS, 'IMDSv1 usage'];
  const heads = columns.map((name) => `<th scope="col"><button type="button">${name}</button></th>`);
  const options = VERDICTS.map(
    (name, index) => `<option value="${index}" data-name="${name}">${VERDICT_LABELS[name]}</option>`,
  );
  return `<section class="card" id="instances"><h2>${filters.length === 0 ? 'All instances' : htmlText(`Only ${scopeOf(audit)}`, LONG)}</h2>
<div class="tools"><input id="search" type="search" placeholder="Id, name, Region, launch source …" aria-label="Search">
<select id="verdict" aria-label="Verdict"><option value="">all verdicts</option>${options.join('')}</select>
<select id="region" aria-label="Region"><option value="">all Regions</option></select>
<select id="source" aria-label="Launch source"><option value="">all launch sources</option></select>
<button type="button" id="before">Back</button><span id="position" class="dim"></span><button type="button" id="after">Next</button></div>
<div class="scroll"><table><thead><tr>${heads.join('')}</tr></thead><tbody id="rows"></tbody></table></div>
<noscript><p class="dim">The table requires JavaScript.</p></noscript></section>`;
}
