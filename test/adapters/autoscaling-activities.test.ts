import { ModifyInstanceMetadataDefaultsCommand } from '@aws-sdk/client-ec2';
import { refusedGroups } from '../../lambda/adapters/autoscaling-activities.ts';
import { byId, scene } from '../sandbox/auto-scaling.ts';
import { stopAll } from '../sandbox/support.ts';

afterEach(stopAll);

test('names the groups whose launches were refused because of IMDSv1, since a time', async () => {
  const { sandbox, ec2, groups, create, configure } = await scene();
  const refused = () => refusedGroups(() => groups).since('us-east-1', new Date(sandbox.clock.now() - 600_000));
  await create('before', { ...byId(), DesiredCapacity: 1 });
  await sandbox.idle();
  expect(await refused()).toEqual([]);

  await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokensEnforced: 'enabled' }));
  sandbox.fleet().addImage('ami-0dd00dd00dd00dd00', { deregistered: true });
  await configure({ ImageId: 'ami-0dd00dd00dd00dd00' });
  await create('web', { ...byId(), DesiredCapacity: 1 });
  await create('batch', { ...byId('$Latest'), DesiredCapacity: 2 });
  await create('without-image', { LaunchConfigurationName: 'old', DesiredCapacity: 1 });
  await sandbox.idle();

  expect(await refused()).toEqual(['batch', 'web']);
  const later = new Date(sandbox.clock.now() + 3_600_000);
  expect(await refusedGroups(() => groups).since('us-east-1', later)).toEqual([]);
});

test('throws a failure that says what was denied', async () => {
  const { sandbox, groups } = await scene();
  sandbox.callers.serviceControlPolicies.push({ Effect: 'Deny', Action: 'autoscaling:*', Resource: '*' });
  const read = refusedGroups(() => groups).since('us-east-1', new Date(sandbox.clock.now()));
  await expect(read).rejects.toMatchObject({ name: 'FailureError', kind: 'denied' });
});
