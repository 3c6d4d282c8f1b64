import { ModifyInstanceMetadataOptionsCommand, StartInstancesCommand } from '@aws-sdk/client-ec2';
import { describeInstances, ec2Of, idsWith, launch, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

test('a filter matches any of its values, with wildcards, and all filters must match', async () => {
  const sandbox = await sandboxOf({ startAt: new Date('2026-03-04T05:06:07.890Z'), timeScale: 1 });
  const ec2 = ec2Of(sandbox);
  const tagged = (Value: string) => [{ ResourceType: 'instance' as const, Tags: [{ Key: 'team', Value }] }];
  const [a = ''] = await launch(ec2, { ClientToken: 'one', TagSpecifications: tagged('web*1') });
  const [b = '', c = ''] = await launch(ec2, { MinCount: 2, MetadataOptions: { HttpTokens: 'required' } });
  const [d = ''] = await launch(ec2, { TagSpecifications: tagged('webx1') });
  const reservation = sandbox.fleet().get(b)?.reservationId ?? '';

  expect(await idsWith(ec2, { 'instance-id': [a, c, 'i-0123456789abcdef0'] })).toEqual([a, c]);
  expect(await idsWith(ec2, { 'client-token': ['one'] })).toEqual([a]);
  expect(await idsWith(ec2, { 'reservation-id': [reservation] })).toEqual([b, c]);
  expect(await idsWith(ec2, { 'metadata-options.http-tokens': ['optional'] })).toEqual([a, d]);
  expect(await idsWith(ec2, { 'metadata-options.http-tokens': ['optional', 'required'] })).toHaveLength(4);
  expect(await idsWith(ec2, { 'metadata-options.http-endpoint': ['disabled'] })).toEqual([]);
  expect(await idsWith(ec2, { 'instance-state-name': ['pend?ng'], 'tag:team': ['web*'] })).toEqual([a, d]);
  expect(await idsWith(ec2, { 'tag:team': ['web\\*1'] })).toEqual([a]);
  expect(await idsWith(ec2, { 'tag-key': ['te*'] })).toEqual([a, d]);
  expect(await idsWith(ec2, { 'launch-time': ['2026-03-04T05:*'] })).toHaveLength(4);
  expect(await idsWith(ec2, { 'launch-time': ['2026-03-05*'] })).toEqual([]);
});

test('filters by key, instance profile and protocols', async () => {
  const ec2 = ec2Of(await sandboxOf());
  const Arn = 'arn:aws:iam::111122223333:instance-profile/web';
  const MetadataOptions = { HttpProtocolIpv6: 'enabled' as const };
  const [id = ''] = await launch(ec2, { KeyName: 'ana', IamInstanceProfile: { Arn }, MetadataOptions });
  const [other] = await launch(ec2);

  expect(await idsWith(ec2, { 'key-name': ['ana'] })).toEqual([id]);
  expect(await idsWith(ec2, { 'iam-instance-profile.arn': ['*/web'] })).toEqual([id]);
  expect(await idsWith(ec2, { 'metadata-options.http-protocol-ipv6': ['disabled'] })).toEqual([other]);
  expect(await idsWith(ec2, { 'metadata-options.http-protocol-ipv4': ['enabled'] })).toEqual([id, other]);
});

test('returns all instances in pages, which may split a reservation', async () => {
  const ec2 = ec2Of(await sandboxOf());
  const ids = [...(await launch(ec2, { MinCount: 4 })), ...(await launch(ec2, { MinCount: 9 }))];

  const first = await describeInstances(ec2, { MaxResults: 5 });
  const second = await describeInstances(ec2, { MaxResults: 5, NextToken: first.NextToken });
  const third = await describeInstances(ec2, { MaxResults: 5, NextToken: second.NextToken });

  expect([first, second, third].map(({ instances, reservations }) => [instances.length, reservations])).toEqual([
    [5, 2],
    [5, 1],
    [3, 1],
  ]);
  const seen = [first, second, third].flatMap(({ instances }) => instances.map(({ InstanceId }) => InstanceId));
  expect(seen).toEqual(ids);
  expect(third.NextToken).toBeUndefined();
});

test('a change of metadata options is pending on a stopped instance until its next start (11)', async () => {
  const sandbox = await sandboxOf();
  const ec2 = ec2Of(sandbox);
  const { id } = sandbox.fleet().add({ launchedAt: new Date('2026-01-01T00:00:00Z'), state: 'stopped' });
  const stateOf = async () =>
    (await describeInstances(ec2, { InstanceIds: [id] })).instances[0]?.MetadataOptions?.State;

  await ec2.send(
    new ModifyInstanceMetadataOptionsCommand({ InstanceId: id, HttpTokens: 'required', HttpEndpoint: 'enabled' }),
  );
  await sandbox.clock.sleep(3_600_000);
  expect(await stateOf()).toBe('pending');

  await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  await sandbox.idle();
  expect(await stateOf()).toBe('applied');
});
