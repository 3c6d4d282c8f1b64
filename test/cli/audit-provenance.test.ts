import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { csvReport } from '../../cli/audit/csv.ts';
import { htmlReport } from '../../cli/audit/html/report.ts';
import { jsonReport } from '../../cli/audit/json.ts';
import { NOT_VISIBLE } from '../../cli/audit/read.ts';
import type { Audit, Report } from '../../cli/audit/summary.ts';
import { tableReport } from '../../cli/audit/table.ts';
import { audit as command } from '../../cli/audit/command.ts';
import { main } from '../../cli/main.ts';
import { version } from '../../package.json';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import { auditOf, auditRow, HEAD } from '../support/audit.ts';
import { NOW, REGION } from '../support/builders.ts';
import { recordingIo } from '../support/io.ts';
import { CREDENTIALS } from '../support/loopback.ts';

// What an auditor needs to judge and to repeat an audit is in every form of it.

const folder = mkdtempSync(join(tmpdir(), 'audit-provenance-'));
const before = { ...process.env };
const path = join(folder, 'report');
const plain = (html: string) => html.replace(/<[^>]*>/g, '');

beforeAll(async () => {
  const sandbox = await sandboxOf({ regions: [REGION], fleet: 12, startAt: NOW });
  Object.assign(process.env, CREDENTIALS, { AWS_ENDPOINT_URL: sandbox.endpoint, AWS_REGION: REGION });
});

afterAll(async () => {
  await stopAll();
  process.env = before;
  rmSync(folder, { recursive: true });
});

/** The audit in each form, as text. */
function formsOf(audit: Audit): Readonly<Record<'text' | 'json' | 'csv' | 'html', string>> {
  const { io, out } = recordingIo({ columns: 1000 });
  const json = recordingIo();
  const end = (report: Report) => {
    report.add([auditRow()]);
    report.end(audit);
    return readFileSync(path, 'utf8');
  };
  const [csv, html] = [end(csvReport(path, HEAD.account)), end(htmlReport(path))];
  end(tableReport(10, io));
  end(jsonReport({ ...HEAD, ...audit }, json.io));
  return { text: out.join('\n'), json: json.out.join('\n'), csv, html: plain(html) };
}

test('text, JSON and HTML have account, caller, time, version, Regions, command and controls', () => {
  const { text, json, html } = formsOf(auditOf([auditRow()]));
  for (const form of [text, html, json]) {
    for (const part of [
      '111122223333',
      'prod',
      'arn:aws:iam::111122223333:user/auditor',
      '1.2.3',
      REGION,
      HEAD.command,
    ])
      expect(form).toContain(part);
  }
  expect(text).toContain('2026-11-22T12:00Z');
  expect(html).toContain('2026-11-22 12:00 UTC');
  for (const form of [text, html])
    expect(form).toContain('Security Hub EC2.8; CIS AWS Foundations Benchmark v5.0.0 5.7 and v3.0.0 5.6');
  expect((JSON.parse(json) as { provenance: object }).provenance).toEqual({
    account: '111122223333',
    alias: 'prod',
    callerArn: 'arn:aws:iam::111122223333:user/auditor',
    at: '2026-11-22T12:00:00.000Z',
    version: '1.2.3',
    regions: [REGION],
    filters: [],
    command: HEAD.command,
    controls: [
      'aws-foundational-security-best-practices/v/1.0.0/EC2.8',
      'cis-aws-foundations-benchmark/v/5.0.0/5.7',
      'cis-aws-foundations-benchmark/v/3.0.0/5.6',
    ],
    severity: 'HIGH',
  });
});

test('the page says what was audited, how severe a finding is, and what the risk is', () => {
  const { html } = formsOf(auditOf([auditRow()], new Map(), [REGION, 'us-east-1']));
  expect(html).toContain(
    `IMDSv2 compliance report 111122223333 (prod) 2026-11-22: all instances in ${REGION}, us-east-1`,
  );
  expect(html).toContain('HIGH for each instance with IMDSv1 enabled, as Security Hub rates EC2.8');
  expect(html).toMatch(
    /IMDSv1 answers any request that reaches 169\.254\.169\.254, .*\. IMDSv2 requires a session token, .*\./,
  );
  const many = ['a-b-1', 'a-b-2', 'a-b-3', 'a-b-4'];
  expect(formsOf(auditOf([auditRow({}, 'a-b-1')], new Map(), many)).html).toContain('all instances in 4 Regions');
});

test('a report of some instances says of which ones', () => {
  const filters = [{ name: 'instance-id', values: ['i-0a1b2c3d4e5f60718'] }];
  const { text, json, html } = formsOf(auditOf([auditRow()], new Map(), [REGION], filters));
  expect(text).toMatch(
    /^Account \d+ \(prod\), only instances that match Name=instance-id,Values=i-0a1b2c3d4e5f60718: 1 instance, compliance/,
  );
  expect(JSON.parse(json)).toMatchObject({ provenance: { filters } });
  expect(html).toContain(
    `IMDSv2 compliance of instances that match Name=instance-id,Values=i-0a1b2c3d4e5f60718 in ${REGION}`,
  );
  expect(html).not.toMatch(/all instances|every instance/i);
});

test.each<[string, Map<string, string>, string, string]>([
  [
    'not visible',
    new Map([['us-east-1', `${NOT_VISIBLE}: denied`]]),
    '1 Region that is not visible from here',
    NOT_VISIBLE,
  ],
  ['not read', new Map([['us-east-1', 'timeout']]), '1 Region that could not be read', 'not read'],
  ['partially read', new Map([[REGION, 'timeout']]), '1 Region of which a part could not be read', 'partially read'],
])('totals without a Region that was %s say so in every form', (_, errors, note, cell) => {
  const { text, json, csv, html } = formsOf(auditOf([auditRow()], errors, [REGION, 'us-east-1']));
  const [region = ''] = errors.keys();
  expect(text.split('\n')[0]).toContain(`without ${note}`);
  expect(html).toContain(`of 1 without ${note}`);
  expect(JSON.parse(json)).toMatchObject({ total: { incomplete: `without ${note}` } });
  expect(csv).toMatch(new RegExp(`^111122223333,${region},,,${cell},+\\r\\n$`, 'm'));
  const cells = csv
    .trim()
    .split('\r\n')
    .map((line) => line.split(',').length);
  expect(new Set(cells).size).toBe(1);
});

test('a complete audit says nothing of the kind', () => {
  const forms = formsOf(auditOf([auditRow()]));
  for (const form of Object.values(forms)) expect(form).not.toMatch(/without \d|incomplete/);
});

test('every option in effect is recorded, defaults included, as a command that repeats the audit', async () => {
  const args = ['--filter', 'Name=tag:Name,Values=comp*,x', '--usage', '--top', '3', '--html', path];
  const { io, out } = recordingIo();
  await main(['audit', '--regions', REGION, '--json', ...args], io);
  const { provenance } = JSON.parse(out.join('\n')) as { provenance: Record<string, string> };
  expect(provenance).toMatchObject({ version, callerArn: expect.stringMatching(/^arn:aws:/), regions: [REGION] });
  expect(provenance.command).toBe(
    `imdsv2 audit --regions ${REGION} --filter 'Name=tag:Name,Values=comp*,x' --max-exemption-days 90 --usage --look-back-days 14 --minimum-age-days 1 --top 3 --json --html ${path}`,
  );
  expect(plain(readFileSync(path, 'utf8'))).toContain('comp*,x&#39; --max-exemption-days 90 --usage');
  // Whatever option is added, it is recorded: all have a long name.
  for (const { flags } of command.options) expect(flags).toMatch(/^--[a-z-]+( <[a-z]+>)?$/);
});
