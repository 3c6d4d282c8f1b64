import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseScan } from '../../lambda/triggers/scan.ts';

test('the message of the runbook starts a scan', () => {
  const runbook = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
  const [, form = ''] = /^body=\$\(printf '(.*)'/m.exec(runbook) ?? [];
  const values = ['111122223333', 'eu-west-1', '2026-11-22T12:00:00Z'];
  const body = form.replaceAll('%s', () => values.shift() ?? '');
  expect(parseScan(JSON.parse(body))).toEqual({
    step: 'start',
    account: '111122223333',
    region: 'eu-west-1',
    startedAt: new Date('2026-11-22T12:00:00Z'),
  });
});
