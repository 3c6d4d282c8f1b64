import type { Decision } from '../../../lambda/core/decide.ts';
import { decisionName, decisionNote } from '../../../lambda/core/words/decision.ts';

test.each<readonly [Decision, string, string]>([
  [{ kind: 'remediate' }, 'remediate', 'remediate'],
  [{ kind: 'skip', reason: 'compliant' }, 'skip: compliant', 'skip: compliant'],
  [{ kind: 'needs-review', problem: 'in-use' }, 'needs-review: in-use', 'needs-review: in-use'],
  [
    { kind: 'needs-review', problem: 'exemption-malformed', value: 'so"on\n' },
    'needs-review: exemption-malformed',
    'needs-review: exemption-malformed "so\\"on "',
  ],
  [{ kind: 'exempt', until: '2026-12-31', selfGranted: false }, 'exempt', 'exempt until 2026-12-31'],
  [
    { kind: 'exempt', until: '2026-12-31', grantReason: 'agent\u202e X', selfGranted: true },
    'exempt',
    'exempt until 2026-12-31 (agent X)',
  ],
])('shows %j as text', (decision, name, note) => {
  expect([decisionName(decision), decisionNote(decision)]).toEqual([name, note]);
});
