import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { htmlReport } from '../../cli/audit/html/report.ts';
import { auditOf, auditRow } from '../support/audit.ts';
import { REGION } from '../support/builders.ts';
import { monitoringOf, notMonitoredNote } from '../../cli/audit/monitoring.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import { recordingIo } from '../support/io.ts';

const names = TRIGGERS.map(({ name }) => name);

/** Reads regions; each has triggers without a rule, or an error. */
const monitoring = (regions: Readonly<Record<string, readonly string[] | Error>>) =>
  monitoringOf(
    Object.keys(regions),
    async (region) => {
      const result = regions[region] ?? [];
      if (result instanceof Error) throw result;
      return Promise.resolve(result);
    },
    recordingIo().io,
  );

test('lists regions without a rule, or without a rule for some triggers', async () => {
  const { notMonitored, errors } = await monitoring({ 'us-east-1': [], 'eu-west-1': names, 'eu-south-1': ['launch'] });
  expect([...notMonitored]).toEqual([
    ['eu-west-1', names],
    ['eu-south-1', ['launch']],
  ]);
  expect([...errors]).toEqual([]);
  expect([...notMonitored.values()].map(notMonitoredNote)).toEqual([
    'no EventBridge rule',
    'no EventBridge rule for launch',
  ]);
  expect(notMonitoredNote()).toBe('');
});

test('lists nothing if no region has a rule, because nothing is deployed', async () => {
  expect((await monitoring({ 'us-east-1': names, 'eu-west-1': names })).notMonitored).toEqual(new Map());
});

test('reports a region whose rules cannot be read as an error', async () => {
  const denied = Object.assign(new Error('User: x is not authorized to perform: events:ListRules'), {
    name: 'AccessDeniedException',
  });
  const { notMonitored, errors } = await monitoring({
    'us-east-1': [],
    'eu-west-1': new FailureError('denied', 'no', { cause: denied }),
  });
  expect([...notMonitored]).toEqual([]);
  expect([...errors]).toEqual([['eu-west-1', expect.stringMatching(/^missing permission events:ListRules/)]]);
});

describe('the HTML page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-monitoring-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The page of two regions. */
  function pageOf(notMonitored: ReadonlyMap<string, readonly ('launch' | 'drift')[]>): string {
    const audit = auditOf([auditRow()], new Map(), [REGION, 'eu-south-1']);
    const byRegion = audit.byRegion.map((each) => ({ ...each, notMonitored: notMonitored.get(each.region) }));
    const path = join(folder, 'page');
    htmlReport(path).end({ ...audit, byRegion });
    return readFileSync(path, 'utf8');
  }

  test('lists the regions without a rule', () => {
    const page = pageOf(new Map([['eu-south-1', ['launch', 'drift']]]));
    expect(/<h2>Not monitored[^<]*<\/h2><ul>(.*?)<\/ul>/.exec(page)?.[1]).toBe(
      '<li><b>eu-south-1</b>: no EventBridge rule for launch, drift</li>',
    );
    expect(page).not.toContain('Incomplete');
  });

  test('has no such section if every region has rules', () => {
    expect(pageOf(new Map())).not.toContain('Not monitored');
  });
});
