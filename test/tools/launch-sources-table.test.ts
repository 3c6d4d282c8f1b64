import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LAUNCH_SOURCE_KINDS, launchSourceOf } from '../../lambda/core/launch-source.ts';
import { launchSourceGroupOf } from '../../lambda/core/launch-source-group.ts';
import { LAUNCH_SOURCE_LABELS } from '../../lambda/core/words/launch-source.ts';
import { SAMPLE_TAGS, withLaunchSources } from '../../tools/docs/launch-sources-table.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/prevention.md'), 'utf8');

test('docs/prevention.md has what to change in each launch source (npm run docs:launch-sources)', () => {
  expect(page).toBe(withLaunchSources(page));
  for (const kind of LAUNCH_SOURCE_KINDS) expect(page).toContain(`| ${LAUNCH_SOURCE_LABELS[kind]} `);
});

test.each(LAUNCH_SOURCE_KINDS)('the sample of %s is one', (kind) => {
  expect(launchSourceGroupOf(launchSourceOf(new Map(Object.entries(SAMPLE_TAGS[kind])))).kind).toBe(kind);
});
