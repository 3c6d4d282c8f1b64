import { scheduleChecks } from '../../lambda/app/schedule-post-change-checks.ts';
import { STATUSES } from '../../lambda/contract.ts';
import { after, failure, world } from '../support/ports.ts';
import { ACCOUNT, instanceId, outcome, REGION, target } from '../support/builders.ts';

const each = STATUSES.map((status, index) => outcome({ status, target: target({ instanceId: instanceId(index) }) }));

it('what was changed is looked after, and nothing else', async () => {
  const ports = world();

  await scheduleChecks([...each, outcome({ target: target({ region: 'us-east-1' }), at: after(7) })], ports);

  expect(ports.checks).toEqual([
    { account: ACCOUNT, region: REGION, instanceId: instanceId(0), remediatedAt: after(0), checksDone: 0 },
    { account: ACCOUNT, region: 'us-east-1', instanceId: target().instanceId, remediatedAt: after(7), checksDone: 0 },
  ]);
});

it('where nothing was changed there is no call', async () => {
  const ports = world();

  await scheduleChecks(each.slice(1), ports);

  expect(ports.calls).toEqual([]);
});

it('a queue that refuses in passing is checksDone again; for good, it is a warning and no more', async () => {
  const ports = world();
  ports.fail('check', failure('throttled'));
  await scheduleChecks([outcome()], ports);
  expect(ports.checks).toHaveLength(1);

  ports.fail('check', failure('denied'));
  await scheduleChecks([outcome()], ports);
  expect(ports.checks).toHaveLength(1);
  expect(ports.warnings).toEqual(['what was closed is not checked']);
});
