import { type EventRules, handleEvents } from '../../lambda/app/handle-events.ts';
import { Budget } from '../../lambda/app/budget.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { PreventionDetail } from '../../lambda/core/prevention/event-detail.ts';
import { ACCOUNT, REGION } from '../support/builders.ts';
import { AUTO_SCALING, type BusEvent, defaultsEvent, refusedLaunchEvent } from '../support/events.ts';
import { type World, world } from '../support/ports.ts';

const rules: EventRules = { account: ACCOUNT, existing: 'audit', maxExemptionDays: 90, trail: true };

/** Handles events of the work queue. @returns the messages that are delivered again. */
async function handle(on: World, ...events: readonly BusEvent[]): Promise<string[]> {
  const messages = events.map((event, index) => ({ messageId: `m-${index}`, event, receiveCount: 1 }));
  return [...(await handleEvents(messages, rules, on, new Budget()))];
}

const details = ({ events }: World) => events.map(({ detail }) => detail as PreventionDetail);

test('weakened defaults are reported beside the defaults as they are now, read once for each region', async () => {
  const account = world();
  account.defaults = { HttpTokens: 'required' };
  const events = [defaultsEvent({ HttpTokens: 'optional' }), defaultsEvent({ HttpTokensEnforced: 'disabled' })];

  expect(await handle(account, ...events)).toEqual([]);

  expect(account.calls.filter((call) => call.startsWith('defaults'))).toEqual([`defaults ${REGION}`]);
  expect(details(account).map(({ severity, events: [event] }) => [severity, event])).toMatchObject([
    ['MEDIUM', { restored: true, now: { HttpTokens: 'required', HttpTokensEnforced: 'disabled' } }],
    ['HIGH', { restored: false }],
  ]);
  expect(account.events[0]).toMatchObject({ detailType: 'IMDSv2 Prevention', resources: [] });
});

test.each([
  ['denied', 'missing permission ec2:GetInstanceMetadataDefaults'],
  ['unsupported', 'AWS did not answer (unsupported)'],
] as const)('if reading them is %s, the alert says so', async (kind, notVisible) => {
  const account = world();
  account.fail('defaults', new FailureError(kind, 'refused'));

  expect(await handle(account, defaultsEvent({ HttpTokens: 'optional' }))).toEqual([]);

  expect(details(account)).toMatchObject([{ severity: 'HIGH', events: [{ notVisible }] }]);
  expect(account.warnings).toHaveLength(1);
});

test('only a refused launch of Auto Scaling asks for groups', async () => {
  const account = world();
  account.cannotLaunch = ['web'];

  await handle(account, refusedLaunchEvent());
  expect(account.calls.filter((call) => call.startsWith('refusedGroups'))).toEqual([]);
  await handle(account, refusedLaunchEvent({}, { detail: AUTO_SCALING }), refusedLaunchEvent());

  expect(account.calls.filter((call) => call.startsWith('refusedGroups'))).toEqual([`refusedGroups ${REGION}`]);
  expect(details(account).map(({ events: [event] }) => event)).toMatchObject([
    { kind: 'launch-refused', launch: { launchTemplateId: 'lt-0a1b2c3d4e5f60718' } },
    { autoScalingGroups: ['web'] },
    {},
  ]);
  expect(details(account)[2]?.events[0]).not.toHaveProperty('autoScalingGroups');
});

test('what the bus refuses is delivered again, and nothing else', async () => {
  const account = world();
  const bus = {
    put: async (events: Parameters<World['bus']['put']>[0]) => {
      const refused = events.filter(({ detail }) => (detail as PreventionDetail).severity === 'HIGH');
      return Promise.resolve(refused);
    },
  };
  account.defaults = {};
  const unfinished = await handle({ ...account, bus }, refusedLaunchEvent(), defaultsEvent({ HttpTokens: 'optional' }));
  expect(unfinished).toEqual(['m-1']);
});

test('an event of another account is skipped, and no event changes or evaluates an instance', async () => {
  const account = world();
  await handle(account, defaultsEvent({ HttpTokens: 'optional' }, { account: '999999999999' }), refusedLaunchEvent());
  expect(account.otherAccounts).toHaveLength(1);
  expect(account.outcomes).toEqual([]);
  expect(account.calls).toEqual(['notify IMDSv2 Prevention']);
});
