import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { csvReport } from '../../cli/audit/csv.ts';
import { htmlReport } from '../../cli/audit/html/report.ts';
import { jsonReport } from '../../cli/audit/json.ts';
import { tableReport } from '../../cli/audit/table.ts';
import { VERDICTS, type VerdictName } from '../../lambda/core/verdict.ts';
import { VERDICT_LABELS } from '../../lambda/core/words/compliance.ts';
import { auditOf, auditRow, HEAD } from '../support/audit.ts';
import { instanceId, type SnapshotChange } from '../support/builders.ts';
import { recordingIo } from '../support/io.ts';

// An auditor adds up the numbers of one form and holds them against those of another.

const REGIONS = ['eu-west-1', 'us-east-1'];

const CHANGES: Readonly<Record<VerdictName, SnapshotChange>> = {
  'non-compliant': {},
  unreadable: { options: { HttpTokens: undefined } },
  pending: { options: { HttpTokens: 'required', State: 'pending' } },
  exempt: { tags: { 'imdsv2:exempt-until': '2026-12-01' } },
  'imds-off': { options: { HttpEndpoint: 'disabled' } },
  'aws-managed': { awsManaged: true },
  compliant: { options: { HttpTokens: 'required' }, tags: { 'aws:autoscaling:groupName': 'web' } },
};

/** Instances of every verdict in two Regions: 3 of a verdict are in the first Region for 2 in the second. */
const ROWS = VERDICTS.flatMap((verdict, kind) =>
  Array.from({ length: 5 * (kind + 1) }, (_, index) =>
    auditRow({ ...CHANGES[verdict], instanceId: instanceId(100 * kind + index) }, REGIONS[index % 5 < 3 ? 0 : 1]),
  ),
);

type Counts = Record<VerdictName, number>;

interface Figures {
  readonly instances: number;
  readonly counts: Counts;
  /** Such as `33.6%`. */
  readonly percent: string;
  /** The number of instances that it is a share of. */
  readonly of: number;
}

const folder = mkdtempSync(join(tmpdir(), 'audit-figures-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'report');
const audit = auditOf(ROWS, new Map(), REGIONS);
const numberOf = (text = '') => Number(text.replaceAll(',', ''));
const countsOf = (entries: readonly (readonly [string, number])[]) =>
  Object.fromEntries([...VERDICTS.map((name) => [name, 0] as const), ...entries]) as Counts;

/** The figures of `name` in what is printed, by the heads of the columns. */
function textFigures(name: string): Figures {
  const { io, out } = recordingIo({ columns: 200 });
  const report = tableReport(10, io);
  report.add(ROWS);
  report.end(audit);
  const cells = (line = '') => line.split(/ {2,}/);
  const heads = cells(out.find((line) => line.startsWith('region')));
  const row = cells(out.find((line) => line.startsWith(name)));
  const [percent = '', of] = (row[heads.indexOf('compliance')] ?? '').split(' of ');
  const counts = VERDICTS.map((verdict) => [verdict, numberOf(row[heads.indexOf(VERDICT_LABELS[verdict])])] as const);
  return { instances: numberOf(row[heads.indexOf('instances')]), counts: countsOf(counts), percent, of: numberOf(of) };
}

interface JsonFigures {
  readonly region?: string;
  readonly instances: number;
  readonly assessed: number;
  readonly compliance: number;
  readonly compliancePercent: number;
  readonly counts: Counts;
}

function jsonFigures(name?: string): Figures {
  const { io, out } = recordingIo();
  const report = jsonReport(HEAD, io);
  report.add(ROWS);
  report.end(audit);
  const { total, regions } = JSON.parse(out.join('\n')) as { total: JsonFigures; regions: JsonFigures[] };
  const figures = regions.find(({ region }) => region === name) ?? total;
  const { instances, assessed, compliance, compliancePercent, counts } = figures;
  // The share is exact; the percentage is the one of all forms.
  expect(Math.floor(compliance * 1000) / 10).toBe(compliancePercent);
  expect(compliance).toBe(counts.compliant / assessed);
  return { instances, counts, percent: `${compliancePercent.toFixed(1)}%`, of: assessed };
}

/** CSV has no sums: its lines are added up. */
function csvFigures(name?: string): Figures {
  const report = csvReport(path, HEAD.account);
  report.add(ROWS);
  report.end(audit);
  const lines = readFileSync(path, 'utf8').trim().split('\r\n').slice(1);
  const verdicts = lines
    .map((line) => line.split(','))
    .filter((cells) => name === undefined || cells[1] === name)
    .map((cells) => cells[4] ?? '');
  const counts = countsOf(
    [...new Set(verdicts)].map((verdict) => [verdict, verdicts.filter((one) => one === verdict).length]),
  );
  const of = verdicts.length - counts['aws-managed'];
  return {
    instances: verdicts.length,
    counts,
    percent: `${(Math.floor((counts.compliant / of) * 1000) / 10).toFixed(1)}%`,
    of,
  };
}

const pageText = () => {
  const report = htmlReport(path);
  report.add(ROWS);
  report.end(audit);
  return readFileSync(path, 'utf8');
};

const withoutTags = (html: string) =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

function partsOf(html: string): Counts {
  const parts = [...html.matchAll(/class="swatch v-([\w-]+)"><\/i>([\d,]+) /g)];
  return countsOf(parts.map(([, verdict = '', value]) => [verdict, numberOf(value)]));
}

/** The figures of a bar, which are text beside it. */
function barFigures(name: string): Figures {
  const bar =
    pageText()
      .split('<div class="bar">')
      .find((html) => withoutTags(html).startsWith(`${name} `)) ?? '';
  const [, percent = '', of] = /([\d.]+%) of ([\d,]+)/.exec(withoutTags(bar)) ?? [];
  const counts = partsOf(bar);
  return { instances: VERDICTS.reduce((sum, verdict) => sum + counts[verdict], 0), counts, percent, of: numberOf(of) };
}

function tileFigures(): Figures {
  const html = pageText();
  const tiles = [...html.matchAll(/<div class="tile [^"]*"><b>([^<]*)<\/b><span>(.*?)<\/span><\/div>/g)];
  const [percent = '', label = ''] = [tiles[0]?.[1], tiles[0]?.[2]];
  const counts = VERDICTS.map((verdict) => {
    const tile = tiles.find(([, , text = '']) => text.endsWith(VERDICT_LABELS[verdict]));
    return [verdict, numberOf(tile?.[1])] as const;
  });
  const [, instances] = /([\d,]+) instances/.exec(withoutTags(html)) ?? [];
  return {
    instances: numberOf(instances),
    counts: countsOf(counts),
    percent,
    of: numberOf(/of ([\d,]+)/.exec(label)?.[1]),
  };
}

test('text, JSON, CSV and HTML have the same numbers, which add up, and shares of the same instances', () => {
  const total = csvFigures();
  expect(total).toMatchObject({ instances: 140, percent: '31.8%', of: 110 });
  expect(VERDICTS.map((verdict) => total.counts[verdict])).toEqual([5, 10, 15, 20, 25, 30, 35]);
  expect({ text: textFigures('all Regions'), json: jsonFigures(), html: tileFigures() }).toEqual({
    text: total,
    json: total,
    html: total,
  });
});

test.each(REGIONS)('the numbers of %s are the same in every form', (region) => {
  const csv = csvFigures(region);
  const forms = { text: textFigures(region), json: jsonFigures(region), html: barFigures(region) };
  expect(forms).toEqual({ text: csv, json: csv, html: csv });
});

test('the numbers of the Regions, and those of the launch sources, are those of the account', () => {
  const bars = pageText().split('<div class="bar">').slice(1).map(partsOf);
  const sum = (parts: readonly Counts[]) =>
    countsOf(VERDICTS.map((name) => [name, parts.reduce((s, c) => s + c[name], 0)]));
  expect(sum(bars.slice(0, 2))).toEqual(csvFigures().counts);
  expect(sum(bars.slice(2))).toEqual(csvFigures().counts);
});

test('the width of a part of a bar is its share of the instances that are assessed', () => {
  const bar =
    pageText()
      .split('<div class="bar">')
      .find((html) => withoutTags(html).startsWith('us-east-1 ')) ?? '';
  const widths = [...bar.matchAll(/<rect class="v-([\w-]+)" [^>]*width="([\d.]+)"/g)];
  const { counts, of } = csvFigures('us-east-1');
  expect(widths.map(([, name = '', width]) => [name, Number(width)])).toEqual(
    VERDICTS.toReversed()
      .filter((name) => name !== 'aws-managed')
      .map((name) => [name, Math.round((counts[name] / of) * 100_00) / 100]),
  );
});
