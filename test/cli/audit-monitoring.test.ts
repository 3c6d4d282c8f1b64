import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HtmlReport } from '../../cli/audit/html/report.ts';
import { auditOf, auditRow } from '../support/audit.ts';
import { REGION } from '../support/builders.ts';
import { monitoredIn, notMonitoredNote } from '../../cli/audit/monitoring.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { TriggerName } from '../../lambda/contract.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import { recordingIo } from '../support/io.ts';

const names = TRIGGERS.map(({ name }) => name);

/** What no rule listens to in each region, or the error that is answered. */
const look = (answers: Readonly<Record<string, readonly TriggerName[] | Error>>) =>
  monitoredIn(
    Object.keys(answers),
    async (region) => {
      const answer = answers[region] ?? [];
      if (answer instanceof Error) throw answer;
      return Promise.resolve(answer);
    },
    recordingIo().io,
  );

test('regions where no rule listens, or not for everything, beside one where all is heard', async () => {
  const { notMonitored, errors } = await look({ 'us-east-1': [], 'eu-west-1': names, 'eu-south-1': ['launch'] });
  expect([...notMonitored]).toEqual([
    ['eu-west-1', names],
    ['eu-south-1', ['launch']],
  ]);
  expect([...errors]).toEqual([]);
  expect([...notMonitored.values()].map(notMonitoredNote)).toEqual(['no rule listens', 'no rule listens for launch']);
  expect(notMonitoredNote()).toBe('');
});

test('nothing listens anywhere → nothing is deployed, and nothing to say', async () => {
  expect((await look({ 'us-east-1': names, 'eu-west-1': names })).notMonitored).toEqual(new Map());
});

test('a missing permission is said, not guessed', async () => {
  const denied = Object.assign(new Error('User: x is not authorized to perform: events:ListRules'), {
    name: 'AccessDeniedException',
  });
  const { notMonitored, errors } = await look({
    'us-east-1': [],
    'eu-west-1': new FailureError('denied', 'no', { cause: denied }),
  });
  expect([...notMonitored]).toEqual([]);
  expect([...errors]).toEqual([['eu-west-1', expect.stringMatching(/^missing permission events:ListRules/)]]);
});

describe('the HTML page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-heard-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The page of two regions. */
  function pageOf(notMonitored: ReadonlyMap<string, readonly ('launch' | 'drift')[]>): string {
    const audit = auditOf([auditRow()], new Map(), [REGION, 'eu-south-1']);
    const regions = audit.regions.map((each) => ({ ...each, notMonitored: notMonitored.get(each.region) }));
    const path = join(folder, 'page');
    new HtmlReport(path).end({ ...audit, regions });
    return readFileSync(path, 'utf8');
  }

  test('names the regions in which no rule listens, and no others', () => {
    const page = pageOf(new Map([['eu-south-1', ['launch', 'drift']]]));
    expect(/<h2>Not watched[^<]*<\/h2><ul>(.*?)<\/ul>/.exec(page)?.[1]).toBe(
      '<li><b>eu-south-1</b>: no rule listens for launch, drift</li>',
    );
    expect(page).not.toContain('Not complete');
  });

  test('says nothing of it where rules listen everywhere', () => {
    expect(pageOf(new Map())).not.toContain('Not watched');
  });
});
