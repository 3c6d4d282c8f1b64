import type { UnknownUsage, Usage } from '../../../lambda/core/usage.ts';
import { rejectedNote, usageNote } from '../../../lambda/core/words/usage.ts';

const inUse = (count: number, callsPerDay: number): Usage => ({
  kind: 'in-use',
  count,
  callsPerDay,
  lastSeen: new Date('2026-11-20T14:00:00Z'),
});

test.each<readonly [Usage, string, string]>([
  [
    { kind: 'unused', hours: 47.9 },
    'unused: no call without a token in 47 h of data',
    'no rejected call in 47 h of data',
  ],
  [
    { kind: 'unused', hours: 335.9 },
    'unused: no call without a token in 13 days of data',
    'no rejected call in 13 days of data',
  ],
  [
    inUse(1, 0.99),
    'in use: 1 call without a token, less than 1 per day, last seen 2026-11-20T14:00Z',
    '1 call without a token rejected, less than 1 per day, last seen 2026-11-20T14:00Z; a workload may be affected',
  ],
  [
    inUse(1234, 1),
    'in use: 1,234 calls without a token, about 1 per day, last seen 2026-11-20T14:00Z',
    '1,234 calls without a token rejected, about 1 per day, last seen 2026-11-20T14:00Z; a workload may be affected',
  ],
  [{ kind: 'unknown', why: 'stopped' }, 'unknown: not running', 'unknown: not running'],
])('shows %j as text', (usage, note, rejected) => {
  expect([usageNote(usage), rejectedNote(usage)]).toEqual([note, rejected]);
});

test('has different texts for all reasons why the usage is unknown', () => {
  const REASONS = {
    'not-read': true,
    stopped: true,
    'age-unknown': true,
    'too-young': true,
    'no-data': true,
    'too-little-data': true,
    gaps: true,
  } satisfies Record<UnknownUsage, true>;
  const notes = Object.keys(REASONS).map((why) => usageNote({ kind: 'unknown', why: why as UnknownUsage }));
  for (const note of notes) expect(note).toMatch(/^unknown: [ -~]{8,}$/);
  expect(new Set(notes).size).toBe(notes.length);
});
