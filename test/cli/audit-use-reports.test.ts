import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CsvReport } from '../../cli/audit/csv.ts';
import { HtmlReport } from '../../cli/audit/html/report.ts';
import { type AuditJson, JsonReport } from '../../cli/audit/json.ts';
import type { Report } from '../../cli/audit/report.ts';
import type { AuditRow } from '../../cli/audit/row.ts';
import type { UsageAudit } from '../../cli/audit/summary.ts';
import { TableReport } from '../../cli/audit/table.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { auditOf, auditRow } from '../support/audit.ts';
import { ACCOUNT, instanceId, NOW, REGION } from '../support/builders.ts';
import { recordingIo } from '../support/io.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-use-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'report');
const ABOUT = { account: ACCOUNT, at: NOW, maxExemptionDays: 90 };

/** One of each kind. */
const USES: readonly Usage[] = [
  { kind: 'unused', hours: 336 },
  { kind: 'in-use', count: 42, callsPerDay: 3.2, lastSeen: new Date('2026-11-21T08:00:00Z') },
  { kind: 'unknown', why: 'stopped' },
];

const rowsOf = (uses: readonly (Usage | undefined)[]): AuditRow[] =>
  uses.map((usage, index) => ({
    ...auditRow({ instanceId: instanceId(index), tags: { Name: `web ${index}` } }),
    usage,
  }));

/** Gives a report some rows, and how their use was measured. */
function made(report: Report, rows: readonly AuditRow[], usage?: UsageAudit): void {
  report.add(rows);
  report.end({ ...auditOf(rows), usage });
}

const measured = (errors: UsageAudit['errors'] = new Map()): UsageAudit => ({
  lookBackDays: 14,
  minimumAgeDays: 1,
  metricsAsked: 3,
  errors,
});

test('CSV says how each uses IMDSv1, and nothing where that was not measured', () => {
  made(new CsvReport(path, ACCOUNT), rowsOf([...USES, undefined]), measured());
  const lines = readFileSync(path, 'utf8').split('\r\n').slice(1, -1);
  expect(lines.map((line) => line.split(',2026-11-22T11:59:20.000Z,2026-11-22T11:59:20.000Z,')[1])).toEqual([
    'unused,,,unused: no call without a token in 14 days measured',
    'in-use,4,2026-11-21T08:00:00.000Z,"in use: 42 calls without a token, about 3 a day, none seen after 2026-11-21T08:00Z"',
    'unknown,,,unknown: it is not running',
    ',,,',
  ]);
});

test('JSON says how each uses IMDSv1, and how that was measured', () => {
  const { io, out } = recordingIo();
  made(new JsonReport(ABOUT, io), rowsOf([...USES, undefined]), measured(new Map([[REGION, 'denied']])));
  const { instances, usage } = JSON.parse(out.join('\n')) as AuditJson;
  expect(instances.map((instance) => instance.usage)).toEqual([
    { kind: 'unused', hours: 336 },
    { kind: 'in-use', count: 42, callsPerDay: 3.2, lastSeen: '2026-11-21T08:00:00.000Z' },
    { kind: 'unknown', why: 'stopped' },
    undefined,
  ]);
  expect(usage).toEqual({ lookBackDays: 14, minimumAgeDays: 1, metricsAsked: 3, errors: { [REGION]: 'denied' } });
});

describe('HTML', () => {
  const pageOf = (uses: readonly (Usage | undefined)[], usage?: UsageAudit): string => {
    made(new HtmlReport(path), rowsOf(uses), usage);
    return readFileSync(path, 'utf8');
  };
  const cellsOf = (page: string) => {
    const { rows } = JSON.parse(/id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? '') as { rows: unknown[][] };
    return rows;
  };

  test('has a column for it', () => {
    const page = pageOf(USES, measured());
    expect(page).toContain('IMDSv1 use</button></th></tr>');
    expect(cellsOf(page).map((row) => row[7])).toEqual([
      expect.stringMatching(/^unused: /),
      expect.stringMatching(/^in use: 42 calls/),
      'unknown: it is not running',
    ]);
  });

  test('has none where it was not measured', () => {
    const page = pageOf([undefined]);
    expect(page).not.toContain('IMDSv1 use');
    expect(cellsOf(page)[0]).toHaveLength(7);
  });

  test('says where it could not be measured', () => {
    const page = pageOf(USES, measured(new Map([[REGION, 'denied by <b>']])));
    expect(page).toContain(`<b>${REGION}</b>: the use of IMDSv1 is not known: denied by &lt;b&gt;`);
  });
});

describe('table', () => {
  const linesOf = (uses: readonly (Usage | undefined)[], usage?: UsageAudit): string[] => {
    const { io, out } = recordingIo();
    made(new TableReport(1, io), rowsOf(uses), usage);
    return out;
  };

  test('names the open ones in use, most calls first, and counts the others', () => {
    const more: Usage = { kind: 'in-use', count: 900, callsPerDay: 64, lastSeen: NOW };
    const out = linesOf([...USES, more], measured());
    const at = out.indexOf('Use of IMDSv1 on the open ones, last 14 days: 1 unused, 2 in use, 1 unknown');
    expect(out.slice(at + 2, at + 6)).toEqual([
      expect.stringMatching(/^region +instance +name +use$/),
      expect.stringMatching(/web 3 +in use: 900 calls without a token, about 64 a day/),
      'and 1 more; --top shows more, --json, --csv and --html all',
      '',
    ]);
  });

  test('says that nothing was seen, which is not that nothing is there', () => {
    const out = linesOf([{ kind: 'unknown', why: 'no-data' }], measured());
    const at = out.indexOf('Use of IMDSv1 on the open ones, last 14 days: 0 unused, 0 in use, 1 unknown');
    expect(out[at + 2]).toBe('nothing was seen that still needs it');
  });

  test('does not speak of it where it was not measured', () => {
    expect(linesOf([undefined]).join('\n')).not.toContain('Use of IMDSv1');
  });
});
