import { ComplianceSummary } from '../../../lambda/core/compliance-summary.ts';
import type { Exemption } from '../../../lambda/core/exemption.ts';
import { VERDICTS } from '../../../lambda/core/verdict.ts';
import { exemptionNote, percent, VERDICT_LABELS } from '../../../lambda/core/words/compliance.ts';

test('VERDICT_LABELS differ', () => {
  expect(new Set(Object.values(VERDICT_LABELS)).size).toBe(VERDICTS.length);
});

test('percent() has one decimal, is rounded down, and is a dash if there are no instances', () => {
  const summary = new ComplianceSummary();
  expect(percent(summary)).toBe('–');
  summary.add('non-compliant');
  expect(percent(summary)).toBe('0.0%');
  for (let index = 0; index < 1_999; index += 1) summary.add('compliant');
  expect(percent(summary)).toBe('99.9%');
});

test.each<readonly [Exemption, string]>([
  [{ kind: 'none' }, ''],
  [{ kind: 'active', until: '2026-12-31' }, 'until 2026-12-31 (no reason given)'],
  [{ kind: 'active', until: '2026-12-31', reason: 'agent X' }, 'until 2026-12-31: agent X'],
  [{ kind: 'expired', until: '2026-11-21' }, 'exemption expired 2026-11-21'],
  [{ kind: 'malformed', value: 'so"on' }, 'exemption is not a date: "so\\"on"'],
  [{ kind: 'exceeds-maximum', until: '2036-11-21' }, 'exemption exceeds the maximum duration: 2036-11-21'],
])('exemptionNote(%j) is %s', (exemption, note) => {
  expect(exemptionNote(exemption)).toBe(note);
});
