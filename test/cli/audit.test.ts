import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../cli/main.ts';
import { sandboxOf, stopAll } from '../sandbox/support.ts';
import type { AuditJson } from '../support/audit.ts';
import { NOW } from '../support/builders.ts';
import { INVISIBLE } from '../support/hostile.ts';
import { type IoChange, recordingIo } from '../support/io.ts';
import { CREDENTIALS } from '../support/loopback.ts';

const REGIONS = ['us-east-1', 'eu-west-1'];
const HOSTILE = '<img src=x onerror=alert(1)>';

const before = { ...process.env };
const folder = mkdtempSync(join(tmpdir(), 'audit-test-'));
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  const sandbox = await sandboxOf({ regions: REGIONS, fleet: 60, startAt: NOW });
  sandbox.fleet('eu-west-1').add({
    launchedAt: NOW,
    options: { HttpTokens: 'optional' },
    tags: { Name: `a\u001b[31m\u202e\n${HOSTILE}`, 'aws:autoscaling:groupName': HOSTILE },
  });
  Object.assign(process.env, CREDENTIALS, { AWS_ENDPOINT_URL: sandbox.endpoint, AWS_REGION: 'us-east-1' });
});

afterAll(async () => {
  await stopAll();
  process.env = before;
  rmSync(folder, { recursive: true });
});

async function audit(args: readonly string[], change: IoChange = {}) {
  const { io, ...recorded } = recordingIo(change);
  return { ...recorded, exitCode: await main(['audit', ...args], io) };
}

async function auditJson(...args: readonly string[]): Promise<AuditJson> {
  const { out } = await audit(['--json', ...args]);
  return JSON.parse(out.join('\n')) as AuditJson;
}

test('assigns each instance a verdict', async () => {
  const { instances, schema, account } = await auditJson('--regions', 'all');
  const verdicts = Object.fromEntries(instances.map(({ name = 'nameless', verdict }) => [name, verdict]));
  expect({ schema, account }).toEqual({ schema: 'imdsv2-enforcer.audit/v1', account: '111122223333' });
  expect(verdicts).toMatchObject({
    'imdsv1-in-use': 'non-compliant',
    'imdsv1-unused': 'non-compliant',
    'stopped-imdsv1': 'non-compliant',
    compliant: 'compliant',
    'stopped-compliant': 'compliant',
    'imds-off': 'imds-off',
    exempt: 'exempt',
    'exemption-expired': 'non-compliant',
    'exemption-malformed': 'non-compliant',
    'exemption-exceeds-maximum': 'non-compliant',
    'managed-node': 'aws-managed',
    [HOSTILE]: 'non-compliant',
  });
});

test('counts instances in total, by region and by launch source', async () => {
  const { instances, total, regions, launchSources } = await auditJson('--regions', 'all');
  const nonCompliant = instances.filter(({ verdict }) => verdict === 'non-compliant');
  expect(instances).toHaveLength(61);
  expect(new Set(instances.map(({ instanceId }) => instanceId)).size).toBe(61);
  expect(total).toMatchObject({ instances: 61, findings: nonCompliant.length });
  expect(regions.map(({ region }) => region).toSorted()).toEqual(REGIONS.toSorted());
  for (const { region, counts } of regions) {
    expect(counts['non-compliant']).toBe(nonCompliant.filter((instance) => instance.region === region).length);
  }
  for (const { region, kind, name, counts, fix } of launchSources) {
    const ofSource = nonCompliant.filter(
      ({ region: of, launchSource }) => of === region && launchSource.kind === kind && launchSource.name === name,
    );
    expect(counts['non-compliant']).toBe(ofSource.length);
    expect(fix !== undefined).toBe(ofSource.length > 0);
  }
});

test('prints counts, launch sources, fixes, exemptions and the next step, in this order', async () => {
  const { out, exitCode, progress } = await audit(['--regions', 'all', '--top', '100']);
  const text = out.join('\n');
  expect(exitCode).toBe(2);
  expect(out[0]).toMatch(/^Account 111122223333 \(local-aws\): 61 instances, compliance \d+\.\d% of 53$/);
  expect(out.findIndex((line) => line.startsWith('all Regions'))).toBeLessThan(9);
  const headings = [
    'Launch sources:',
    'How to fix the launch sources',
    'Invalid or expired exemptions',
    'Exempt:',
    'To require IMDSv2',
  ];
  const order = headings.map((heading) => text.indexOf(heading));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(order[0]).toBeGreaterThan(0);
  expect(text).toContain('imdsv2 prevent defaults --region eu-west-1');
  expect(text).toMatch(/exemption-malformed +exemption is not a date: "next summer"/);
  expect(text).toMatch(/exemption-expired +exemption expired 2026-11-12/);
  expect(text).toMatch(/exempt +until 2026-12-22: agent without IMDSv2/);
  expect(text).toContain('imdsv2 enforce --regions ');
  expect(out.filter((line) => INVISIBLE.test(line))).toEqual([]);
  expect(progress.at(0)).toBe('0 instances read, 0 of 2 Regions done');
  expect(progress).toContain('61 instances read, 2 of 2 Regions done');
  expect(progress.at(-1)).toBe('');
});

test('suggests a command for the same instances: it repeats the filter and the other options of the caller', async () => {
  const html = file('filtered.html');
  const { out } = await audit([
    ...[
      '--regions',
      'all',
      '--filter',
      'Name=tag:Name,Values=*,x',
      '--filter',
      'Name=instance-state-name,Values=running',
    ],
    ...['--max-exemption-days', '30', '--usage', '--look-back-days', '7', '--html', html],
  ]);
  const command = out.find((line) => line.startsWith('     imdsv2 enforce'))?.trim();
  expect(command).toBe(
    "imdsv2 enforce --regions eu-west-1,us-east-1 --filter 'Name=tag:Name,Values=*,x' --filter Name=instance-state-name,Values=running --max-exemption-days 30 --look-back-days 7",
  );
  expect(readFileSync(html, 'utf8')).toContain(
    'imdsv2 enforce --regions eu-west-1,us-east-1 --filter &#39;Name=tag:Name',
  );
});

test('limits the launch sources to --top and counts the others', async () => {
  const { out } = await audit(['--regions', 'all', '--top', '1']);
  expect(out.filter((line) => /^ {2}\d+ {2}/.test(line))).toHaveLength(1);
  expect(out).toContainEqual(expect.stringMatching(/^and \d+ more with \d+ findings/));
});

test('reports the other regions and returns 1 if a region cannot be read', async () => {
  const csv = file('partly.csv');
  const { out, notes, exitCode } = await audit(['--regions', 'us-east-1,ap-south-1,eu-west-1', '--csv', csv]);
  expect(exitCode).toBe(1);
  expect(out[0]).toContain('61 instances');
  expect(out).toContainEqual(expect.stringMatching(/^ap-south-1 .* not read$/));
  expect(notes).toContainEqual(expect.stringMatching(/^imdsv2: ap-south-1: .*not enabled/));
  expect(notes).toContain(`Wrote ${csv} (incomplete)`);
});

test('has the error of a region in the JSON document', async () => {
  const { regions, instances } = await auditJson('--regions', 'us-east-1,ap-south-1');
  expect(regions[1]).toMatchObject({
    region: 'ap-south-1',
    instances: 0,
    error: expect.stringContaining('not enabled'),
  });
  expect(instances.length).toBeGreaterThan(0);
});

describe('--usage', () => {
  const MEASURED = ['imdsv1-in-use', 'imdsv1-unused', 'stopped-imdsv1'];

  test('measures non-compliant instances only, and prints the cost', async () => {
    const { out, notes, exitCode } = await audit(['--regions', 'all', '--json', '--usage']);
    const { instances, usage } = JSON.parse(out.join('\n')) as AuditJson;
    const nonCompliant = instances.filter(({ verdict }) => verdict === 'non-compliant');
    const usages = Object.fromEntries(instances.map(({ name = '', usage: measured }) => [name, measured?.kind]));
    expect(exitCode).toBe(2);
    expect(MEASURED.map((name) => usages[name])).toEqual(['in-use', 'unused', 'unknown']);
    expect(instances.filter(({ usage: measured }) => measured !== undefined)).toEqual(nonCompliant);
    const { metricsRequested = 0, counts } = (usage ?? {}) as { readonly metricsRequested?: number; counts?: object };
    expect(usage).toEqual({ lookBackDays: 14, minimumAgeDays: 1, metricsRequested, counts, errors: {} });
    expect(Object.values(counts ?? {}).reduce((sum: number, value) => sum + Number(value), 0)).toBe(
      nonCompliant.length,
    );
    expect(metricsRequested).toBeLessThan(nonCompliant.length);
    expect(notes).toEqual([
      `Requested ${metricsRequested} CloudWatch metrics, one for each Auto Scaling group and each other non-compliant instance: at most $0.01`,
    ]);
  });

  test('prints usage only with --usage', async () => {
    const { out } = await audit(['--regions', 'all', '--usage', '--top', '100']);
    expect(out).toContainEqual(
      expect.stringMatching(/^IMDSv1 usage .*: [1-9]\d* unused, [1-9]\d* in use, [1-9]\d* unknown$/),
    );
    expect(out.join('\n')).toMatch(/imdsv1-in-use +in use: /);
    const plain = await audit(['--regions', 'all']);
    expect(plain.notes).toEqual([]);
    expect(plain.out.join('\n')).not.toContain('IMDSv1 usage');
  });

  test('applies the look-back window and minimum age of the options', async () => {
    const { usage, instances } = await auditJson('--usage', '--look-back-days', '60', '--minimum-age-days', '60');
    expect(usage).toMatchObject({ lookBackDays: 60, minimumAgeDays: 60 });
    expect(instances.flatMap(({ usage: measured }) => measured?.why ?? [])).toContain('too-young');
  });
});

test('reads a repeated region once', async () => {
  const once = await auditJson('--regions', 'us-east-1');
  const twice = await auditJson('--regions', 'us-east-1,us-east-1');
  expect(twice.regions).toHaveLength(1);
  expect(twice.instances).toHaveLength(once.instances.length);
});

test('applies filters, and returns 0 without findings', async () => {
  const { out, exitCode } = await audit(['--regions', 'all', '--filter', 'Name=tag:Name,Values=compliant,exempt']);
  expect(exitCode).toBe(0);
  expect(out[0]).toBe(
    'Account 111122223333 (local-aws), only instances that match Name=tag:Name,Values=compliant,exempt: 2 instances, compliance 50.0% of 2',
  );
  expect(out.join('\n')).not.toContain('To require IMDSv2');
});

test('writes CSV, HTML and JSON together', async () => {
  const [csv, html] = [file('audit.csv'), file('audit.html')];
  const { out, notes, exitCode } = await audit(['--regions', 'all', '--json', '--csv', csv, '--html', html]);
  expect(exitCode).toBe(2);
  expect(notes).toEqual([`Wrote ${csv}`, `Wrote ${html}`]);
  expect((JSON.parse(out.join('\n')) as AuditJson).instances).toHaveLength(61);
  const lines = readFileSync(csv, 'utf8').split('\r\n');
  expect(lines).toHaveLength(63);
  expect(lines[0]).toMatch(/^\uFEFFaccount,region,instance_id,name,verdict,/);
  expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/);
});

test.each([
  [['--csv', join(folder, 'no-such-folder/x.csv')], /x\.csv" cannot be written: ENOENT/],
  [['--html', folder], /cannot be written: EISDIR/],
  [['--csv', file('same'), '--html', file('same')], /both name/],
  [['--top', '0'], /accepted: a whole number from 1/],
  [['--filter', 'nonsense'], /is not a filter/],
  [
    ['--usage', '--look-back-days', '3', '--minimum-age-days', '4'],
    /--minimum-age-days 4 is more than --look-back-days 3/,
  ],
  [['--regions', 'mars'], /is not a Region/],
])('refuses %j before it reads anything', async (args, message) => {
  const { out, notes, exitCode } = await audit(args);
  expect({ out, exitCode }).toEqual({ out: [], exitCode: 1 });
  expect(notes.join('\n')).toMatch(message);
  expect(notes).toHaveLength(1);
  expect(existsSync(file('x.csv'))).toBe(false);
});

test('reports an interrupt', async () => {
  const { notes, exitCode } = await audit([], { interrupted: AbortSignal.abort() });
  expect({ notes, exitCode }).toEqual({ notes: ['imdsv2: interrupted'], exitCode: 1 });
});
