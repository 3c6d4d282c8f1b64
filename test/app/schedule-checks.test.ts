import { watch } from '../../lambda/app/schedule-checks.ts';
import { STATUSES } from '../../lambda/contract.ts';
import { after, failure, world } from '../support/ports.ts';
import { ACCOUNT, instanceId, outcome, REGION, target } from '../support/builders.ts';

const each = STATUSES.map((status, index) => outcome({ status, target: target({ instanceId: instanceId(index) }) }));

it('what was changed is looked after, and nothing else', async () => {
  const ports = world();

  await watch([...each, outcome({ target: target({ region: 'us-east-1' }), at: after(7) })], ports);

  expect(ports.watches).toEqual([
    { account: ACCOUNT, region: REGION, instanceId: instanceId(0), closedAt: after(0), asked: 0 },
    { account: ACCOUNT, region: 'us-east-1', instanceId: target().instanceId, closedAt: after(7), asked: 0 },
  ]);
});

it('where nothing was changed there is no call', async () => {
  const ports = world();

  await watch(each.slice(1), ports);

  expect(ports.calls).toEqual([]);
});

it('a queue that refuses in passing is asked again; for good, it is a warning and no more', async () => {
  const ports = world();
  ports.fail('watch', failure('throttled'));
  await watch([outcome()], ports);
  expect(ports.watches).toHaveLength(1);

  ports.fail('watch', failure('denied'));
  await watch([outcome()], ports);
  expect(ports.watches).toHaveLength(1);
  expect(ports.warnings).toEqual(['what was closed is not watched']);
});
