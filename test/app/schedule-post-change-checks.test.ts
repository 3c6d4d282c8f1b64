import { schedulePostChangeChecks } from '../../lambda/app/schedule-post-change-checks.ts';
import { STATUSES } from '../../lambda/contract.ts';
import { after, failure, world } from '../support/ports.ts';
import { ACCOUNT, instanceId, outcome, REGION, target } from '../support/builders.ts';

const each = STATUSES.map((status, index) => outcome({ status, target: target({ instanceId: instanceId(index) }) }));

it('schedules a check of each remediated instance and of no other', async () => {
  const ports = world();

  await schedulePostChangeChecks([...each, outcome({ target: target({ region: 'us-east-1' }), at: after(7) })], ports);

  expect(ports.checks).toEqual([
    { account: ACCOUNT, region: REGION, instanceId: instanceId(0), remediatedAt: after(0), checksDone: 0 },
    { account: ACCOUNT, region: 'us-east-1', instanceId: target().instanceId, remediatedAt: after(7), checksDone: 0 },
  ]);
});

it('makes no call if nothing was remediated', async () => {
  const ports = world();

  await schedulePostChangeChecks(each.slice(1), ports);

  expect(ports.calls).toEqual([]);
});

it.each(['unavailable', 'denied'] as const)('logs a failure of kind %s as a warning, without a retry', async (kind) => {
  const ports = world();
  ports.fail('putChecks', failure(kind));

  await schedulePostChangeChecks([outcome()], ports);

  expect(ports.calls).toHaveLength(1);
  expect(ports.checks).toEqual([]);
  expect(ports.warnings).toEqual(['post-change checks could not be scheduled']);
});
