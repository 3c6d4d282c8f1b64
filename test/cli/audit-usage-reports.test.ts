import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { csvReport } from '../../cli/audit/csv.ts';
import { htmlReport } from '../../cli/audit/html/report.ts';
import { jsonReport } from '../../cli/audit/json.ts';
import type { AuditRow } from '../../cli/audit/row.ts';
import type { Report, UsageAudit } from '../../cli/audit/summary.ts';
import { tableReport } from '../../cli/audit/table.ts';
import { callersOf } from '../../lambda/core/callers/callers.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { type AuditJson, auditOf, auditRow, HEAD } from '../support/audit.ts';
import { ACCOUNT, instanceId, NOW, REGION } from '../support/builders.ts';
import { recordingIo } from '../support/io.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-usage-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'report');

/** One of each kind. */
const USAGES: readonly Usage[] = [
  { kind: 'unused', hours: 336 },
  { kind: 'in-use', count: 42, callsPerDay: 3.2, lastSeen: new Date('2026-11-21T08:00:00Z') },
  { kind: 'unknown', why: 'stopped' },
];

const rowsOf = (usages: readonly (Usage | undefined)[]): AuditRow[] =>
  usages.map((usage, index) => ({
    ...auditRow({ instanceId: instanceId(index), tags: { Name: `web ${index}` } }),
    usage,
  }));

/** Writes a report with rows and their usage. */
function made(report: Report, rows: readonly AuditRow[], usage?: UsageAudit): void {
  report.add(rows);
  report.end({ ...auditOf(rows), usage });
}

const measured = (errors: UsageAudit['errors'] = new Map()): UsageAudit => ({
  lookBackDays: 14,
  minimumAgeDays: 1,
  metricsRequested: 3,
  errors,
});

test('CSV has the usage of measured instances, and empty cells for others', () => {
  made(csvReport(path, ACCOUNT), rowsOf([...USAGES, undefined]), measured());
  const lines = readFileSync(path, 'utf8').split('\r\n').slice(1, -1);
  expect(lines.map((line) => line.split(',2026-11-22T11:59:20.000Z,2026-11-22T11:59:20.000Z,')[1])).toEqual([
    'unused,,,unused: no call without a token in 14 days of data',
    'in-use,3,2026-11-21T08:00:00.000Z,"in use: 42 calls without a token, about 3 per day, last seen 2026-11-21T08:00Z"',
    'unknown,,,unknown: not running',
    ',,,',
  ]);
});

test('one line of CSV has one number of calls per day, for any number', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e7, noNaN: true }), (callsPerDay) => {
      made(csvReport(path), rowsOf([{ kind: 'in-use', count: 1, callsPerDay, lastSeen: NOW }]), measured());
      const [, daily = '', about = ''] = /in-use,([\d.]+),.*, (.*) per day/.exec(readFileSync(path, 'utf8')) ?? [];
      expect(about).toBe(Number(daily) < 1 ? 'less than 1' : `about ${Number(daily).toLocaleString('en-US')}`);
      expect(Number(daily)).toBeGreaterThan(0);
    }),
  );
});

test('JSON has the usage of measured instances, and how it was measured', () => {
  const { io, out } = recordingIo();
  made(jsonReport(HEAD, io), rowsOf([...USAGES, undefined]), measured(new Map([[REGION, 'denied']])));
  const { instances, usage } = JSON.parse(out.join('\n')) as AuditJson;
  expect(instances.map((instance) => instance.usage)).toEqual([
    { kind: 'unused', hours: 336 },
    { kind: 'in-use', count: 42, callsPerDay: 3.2, lastSeen: '2026-11-21T08:00:00.000Z' },
    { kind: 'unknown', why: 'stopped' },
    undefined,
  ]);
  expect(usage).toEqual({
    lookBackDays: 14,
    minimumAgeDays: 1,
    metricsRequested: 3,
    counts: { unused: 1, 'in-use': 1, unknown: 1 },
    errors: { [REGION]: 'denied' },
  });
});

describe('HTML', () => {
  const pageOf = (usages: readonly (Usage | undefined)[], usage?: UsageAudit): string => {
    made(htmlReport(path), rowsOf(usages), usage);
    return readFileSync(path, 'utf8');
  };
  const cellsOf = (page: string) => {
    const { rows } = JSON.parse(/id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? '') as { rows: unknown[][] };
    return rows;
  };

  test('has a column for usage', () => {
    const page = pageOf(USAGES, measured());
    expect(page).toContain('IMDSv1 usage</button></th></tr>');
    expect(cellsOf(page).map((row) => row[7])).toEqual([
      expect.stringMatching(/^unused: /),
      expect.stringMatching(/^in use: 42 calls/),
      'unknown: not running',
    ]);
    // What the column is sorted by.
    expect(cellsOf(page).map((row) => row[8])).toEqual([-1, 42, 0]);
  });

  test('has the totals, and the software where it was looked up', () => {
    expect(pageOf(USAGES, measured())).toContain('last 14 days: 1 unused, 1 in use, 1 unknown');
    const rows = rowsOf(USAGES);
    const report = htmlReport(path);
    report.add(rows);
    const userAgent = 'Boto3/1.9.86 Python/2.7.16 Linux/4.14 Botocore/1.12.92';
    const call = { at: NOW, service: 's3', delivery: '1.0', userAgent, sourceAddress: '203.0.113.7' };
    const instance = { region: REGION, instanceId: 'i-0a1b2c3d4e5f60718' };
    const found = callersOf([call], instance, {});
    const callers = [{ ...instance, callers: found, calls: 1, imdsv1Calls: 1 }];
    report.end({ ...auditOf(rows), usage: measured(), callers });
    const page = readFileSync(path, 'utf8');
    expect(page).toContain('Software that uses it, on the 1 busiest instances');
    expect(page).toMatch(/Boto3 1\.9\.86 .*upgrade botocore 1\.12\.92 to 1\.13\.25 or later.*i-0a1b2c3d4e5f60718/s);
  });

  test('has no column if usage was not measured', () => {
    const page = pageOf([undefined]);
    expect(page).not.toContain('IMDSv1 usage');
    expect(page).not.toContain('id="usage"');
    expect(cellsOf(page)[0]).toHaveLength(7);
  });

  test('lists regions in which usage could not be measured', () => {
    const page = pageOf(USAGES, measured(new Map([[REGION, 'denied by <b>']])));
    expect(page).toContain(`<b>${REGION}</b>: IMDSv1 usage unknown: denied by &lt;b&gt;`);
  });
});

describe('table', () => {
  const linesOf = (usages: readonly (Usage | undefined)[], usage?: UsageAudit): string[] => {
    const { io, out } = recordingIo();
    made(tableReport(1, io), rowsOf(usages), usage);
    return out;
  };

  test('lists every instance in use by number of calls, whatever --top is', () => {
    const more: Usage = { kind: 'in-use', count: 900, callsPerDay: 64, lastSeen: NOW };
    const out = linesOf([...USAGES, more], measured());
    const at = out.indexOf('IMDSv1 usage of non-compliant instances, last 14 days: 1 unused, 2 in use, 1 unknown');
    expect(out.slice(at + 2, at + 6)).toEqual([
      expect.stringMatching(/^region +instance +name +IMDSv1 usage$/),
      expect.stringMatching(/web 3 +in use: 900 calls without a token, about 64 per day/),
      expect.stringMatching(/web 1 +in use: 42 calls without a token, about 3 per day/),
      '',
    ]);
  });

  test('states that no usage was measured', () => {
    const out = linesOf([{ kind: 'unknown', why: 'no-data' }], measured());
    const at = out.indexOf('IMDSv1 usage of non-compliant instances, last 14 days: 0 unused, 0 in use, 1 unknown');
    expect(out[at + 2]).toBe('No IMDSv1 usage was measured.');
  });

  test('has no such section if usage was not measured', () => {
    expect(linesOf([undefined]).join('\n')).not.toContain('IMDSv1 usage');
  });
});
