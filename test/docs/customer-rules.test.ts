import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DETAIL_TYPES, SOURCE, STATUSES } from '../../lambda/contract.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { toOutcomeEvent } from '../../lambda/core/outcome-event.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { compilePattern } from '../../sandbox/aws/eventbridge/pattern.ts';
import { ACCOUNT, NOW, outcome, REGION, target } from '../support/builders.ts';

/** The patterns in docs/integrations.md, by heading, on the pattern matcher of the local AWS. */
const text = readFileSync(join(import.meta.dirname, '../../docs/integrations.md'), 'utf8');
const rules = new Map(
  [...text.matchAll(/^## (.+)\n[^]*?^```json\n([^]*?)^```/gm)].map(([, heading = '', json = '']) => [
    heading,
    compilePattern(JSON.parse(json) as unknown),
  ]),
);
const matching = (over: Partial<Outcome>, test?: true): string[] => {
  const { detailType, resources, detail } = toOutcomeEvent({ ...toOutcomeDetail(outcome(over)), test }, NOW);
  const event = {
    version: '0',
    id: 'e-1',
    'detail-type': detailType,
    source: SOURCE,
    account: ACCOUNT,
    time: NOW.toISOString(),
    region: REGION,
    resources: [...resources],
    detail: JSON.parse(JSON.stringify(detail)) as Record<string, unknown>,
  };
  return [...rules].flatMap(([heading, matches]) => (matches(event) ? [heading.split(' ').slice(0, 2).join(' ')] : []));
};

test('the page has three rules', () => {
  expect([...rules.keys()]).toHaveLength(3);
});

test.each<readonly [string, Partial<Outcome>, readonly string[]]>([
  ['a remediated launch', {}, ['Findings in']],
  ['drift', { target: target({ trigger: 'drift' }) }, ['A pager', 'Findings in']],
  ['a need for review', { status: 'needs-review', reason: 'exemption-malformed' }, ['A ticket', 'Findings in']],
  ['a failure for good', { status: 'failed', reason: 'denied' }, ['A ticket', 'A pager', 'Findings in']],
  ['an exemption', { status: 'exempt', reason: 'exempt' }, []],
])('%s matches the rules that are for it', (_, over, expected) => {
  expect(matching(over)).toEqual(expected);
});

test.each(STATUSES)('a test event with status %s matches none of them', (status) => {
  expect(matching({ status, target: target({ trigger: 'drift' }) }, true)).toEqual([]);
});

test('the page names every kind of event with its schema', () => {
  for (const [schema, detailType] of Object.entries(DETAIL_TYPES)) {
    const file = `${schema.replace('imdsv2-enforcer.', '').replace('/', '.')}.json`;
    expect(text).toMatch(new RegExp(`\`${detailType}\` +\\| \\[${file}\\]\\(../schemas/${file}\\)`));
  }
});
