import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { csvReport } from '../../cli/audit/csv.ts';
import type { AuditRow } from '../../cli/audit/row.ts';
import { auditOf, auditRow, exemptFor, hostileRow } from '../support/audit.ts';
import { ACCOUNT } from '../support/builders.ts';
import { hostileText, INVISIBLE } from '../support/hostile.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'report');

function csvOf(...pages: readonly (readonly AuditRow[])[]): string {
  const report = csvReport(path, ACCOUNT);
  for (const page of pages) report.add(page);
  report.end(auditOf(pages.flat()));
  return readFileSync(path, 'utf8');
}

describe('CSV', () => {
  test('begins with a byte order mark, has a header, and a line per instance', () => {
    const exempt = exemptFor('agent, old');
    expect(csvOf([auditRow({ tags: { Name: 'web' } })], [exempt])).toBe(
      [
        '\uFEFFaccount,region,instance_id,name,verdict,state,http_tokens,http_endpoint,hop_limit,options_state,exemption,exempt_until,exemption_note,launch_source_kind,launch_source,launch_time,first_launch,imdsv1_usage,imdsv1_calls_per_day,imdsv1_last_seen,imdsv1_usage_note',
        '111122223333,eu-west-1,i-0a1b2c3d4e5f60718,web,non-compliant,running,optional,enabled,1,applied,,,,No launch source tag,,2026-11-22T11:59:20.000Z,2026-11-22T11:59:20.000Z,,,,',
        '111122223333,eu-west-1,i-0a1b2c3d4e5f60718,,exempt,running,optional,enabled,1,applied,active,2026-12-01,"until 2026-12-01: agent, old",No launch source tag,,2026-11-22T11:59:20.000Z,2026-11-22T11:59:20.000Z,,,,',
        '',
      ].join('\r\n'),
    );
  });

  test('has no formula, and the same number of cells in each line, for any untrusted text', () => {
    fc.assert(
      fc.property(hostileText(), (text) => {
        const [, line = '', rest] = csvOf([hostileRow(text)]).split('\r\n');
        const cells = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g)?.slice(0, 21) ?? [];
        expect(rest).toBe('');
        expect(cells.join('')).toBe(line);
        for (const cell of cells) expect(cell).not.toMatch(/^"?\s*[=+\-@]/);
        expect(line).not.toMatch(INVISIBLE);
      }),
    );
  });

  test('overwrites an existing file', () => {
    csvOf([auditRow(), auditRow()]);
    expect(csvOf([auditRow()]).split('\r\n')).toHaveLength(3);
  });
});
