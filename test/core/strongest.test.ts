import { decide } from '../../lambda/core/decide.ts';
import { contextFor } from '../../lambda/core/exposure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { strongest } from '../../lambda/core/strongest.ts';
import type { Target } from '../../lambda/core/target.ts';
import { existing, NOW, policy, snapshot, target } from '../support/builders.ts';
import { after } from '../support/ports.ts';

const EXEMPT = { 'imdsv2:exempt-until': '2026-12-31' };
const COMPLIANT = { HttpTokens: 'required' };
const recorded = { HttpTokens: 'optional', HttpEndpoint: 'enabled' };
const enabledBefore = { ...recorded, before: 'imdsv1-enabled' } as const;

const running = target({ trigger: 'running', eventId: 'running' });
const launch = target({ eventId: 'launch' });
const drift = target({ trigger: 'drift', eventId: 'drift' });
const revoke = target({ trigger: 'revoke', eventId: 'revoke' });
const harmless = target({ trigger: 'drift', eventId: 'harmless', recorded: enabledBefore });
const allTags = target({ trigger: 'revoke', eventId: 'all tags', recorded: { allTags: true } });
const finding = target({ trigger: 'running', eventId: 'finding', recorded });

/** The id of the event that stands for two, in either order. */
function winner(a: Target, b: Target, given: Parameters<typeof strongest>[1]): string {
  const ids = [[a, b] as const, [b, a] as const].map(
    ([one, other]) => strongest([one, other], given, policy(), NOW).context.eventId,
  );
  expect(ids[0]).toBe(ids[1]);
  return ids[0] ?? '';
}

test.each<readonly [string, Target, Target, Parameters<typeof strongest>[1], string]>([
  ['a revoke over a start of an old instance', running, revoke, existing(), 'revoke'],
  ['a revoke over a launch record that names an old instance', launch, revoke, existing(), 'revoke'],
  ['a revoke over a harmless change', harmless, revoke, existing(), 'revoke'],
  ['a revoke over a call that removed all tags', allTags, revoke, existing(), 'revoke'],
  ['drift over a launch', launch, drift, snapshot(), 'drift'],
  ['drift over a harmless change', drift, harmless, existing(), 'drift'],
  ['drift over a revoke', drift, revoke, existing(), 'drift'],
  ['a launch over a start', launch, running, snapshot(), 'launch'],
  ['a recorded start over one without a record', running, finding, snapshot(), 'finding'],
  ['what is notified over what is not', allTags, harmless, existing(), 'all tags'],
  ['what names the caller', running, allTags, existing(), 'all tags'],
  ['drift over a start of an exempt instance', running, drift, existing({ tags: EXEMPT }), 'drift'],
  [
    'a record that IMDSv1 was enabled, of a compliant instance',
    running,
    launch,
    snapshot({ options: COMPLIANT }),
    'launch',
  ],
  ['drift, if EC2 does not return the instance', running, drift, undefined, 'drift'],
])('prefers %s', (_, a, b, given, expected) => {
  expect(winner(a, b, given)).toBe(expected);
});

test('prefers a launch that brought the exemption over another event of the exempt instance', () => {
  const brought = target({ eventId: 'brought', recorded: { ...recorded, grantedByCall: true } });
  expect(winner(brought, drift, snapshot({ tags: EXEMPT }))).toBe('brought');
});

test('prefers the earlier of two equal events, and the later one while EC2 does not return the instance', () => {
  const [early, late] = [-60, -30].map((seconds) =>
    target({ trigger: 'drift', eventId: String(seconds), occurredAt: after(seconds) }),
  ) as [Target, Target];
  expect(winner(early, late, existing())).toBe('-60');
  expect(winner(early, late, undefined)).toBe('-30');
});

test('leads to a change if any of the events does, anybody who made the others', () => {
  const caller = { principal: 'arn:aws:iam::111122223333:user/kim' };
  const named = [running, launch, drift, revoke, harmless, allTags, finding].map(({ context, ...rest }) => ({
    ...rest,
    context: { ...context, eventId: `${context.eventId} of a caller`, caller },
  }));
  const events = [running, launch, drift, revoke, harmless, allTags, finding, ...named];
  const given = [existing(), snapshot(), existing({ tags: EXEMPT }), snapshot({ options: COMPLIANT })];
  const changes = (of: Target, about: Snapshot) =>
    decide(about, contextFor(about, of.context), policy(), NOW).kind === 'remediate';
  for (const about of given) {
    for (const a of events) {
      for (const b of events) {
        const best = strongest([a, b], about, policy(), NOW);
        expect(changes(best, about)).toBe(changes(a, about) || changes(b, about));
      }
    }
  }
});

test('settles on one of two events that differ in their ids only', () => {
  expect(winner(target({ eventId: 'a' }), target({ eventId: 'b' }), snapshot())).toBe('b');
});

test('returns the only event', () => {
  expect(strongest([revoke], existing(), policy(), NOW)).toBe(revoke);
});
