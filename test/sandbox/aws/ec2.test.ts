import {
  CreateTagsCommand,
  DeleteTagsCommand,
  type EC2Client,
  ModifyInstanceMetadataDefaultsCommand,
  ModifyInstanceMetadataOptionsCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { Buckets } from '../../../sandbox/aws/ec2/buckets.ts';
import { describeInstances, ec2Of, idsWith, IMAGE, launch, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const modify = (ec2: EC2Client, InstanceId: string, options: object) =>
  ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...options }));

describe('metadata options of a launch', () => {
  test('come from the launch, the template, the account, the image or the default, in this order', async () => {
    const sandbox = await sandboxOf();
    const ec2 = ec2Of(sandbox);
    const V2 = 'ami-0ff00ff00ff00ff00';
    sandbox.fleet().addImage(V2, { imdsSupport: 'v2.0' });
    const { id: LaunchTemplateId } = sandbox
      .fleet()
      .addLaunchTemplate({ id: 'lt-0aa', name: 'web', imageId: V2, options: { HttpTokens: 'optional' } });
    const optionsOf = async (input: object) => {
      const [id = ''] = await launch(ec2, input);
      const { HttpTokens, HttpPutResponseHopLimit, HttpEndpoint } = sandbox.fleet().get(id)?.options ?? {};
      return [HttpTokens, HttpPutResponseHopLimit, HttpEndpoint];
    };

    expect(await optionsOf({})).toEqual(['optional', 1, 'enabled']);
    expect(await optionsOf({ ImageId: V2 })).toEqual(['required', 2, 'enabled']);
    await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpPutResponseHopLimit: 5, HttpEndpoint: 'disabled' }));
    expect(await optionsOf({ ImageId: V2 })).toEqual(['required', 5, 'disabled']);
    expect(await optionsOf({ LaunchTemplate: { LaunchTemplateId } })).toEqual(['optional', 5, 'disabled']);
    expect(
      await optionsOf({ LaunchTemplate: { LaunchTemplateId }, MetadataOptions: { HttpTokens: 'required' } }),
    ).toEqual(['required', 5, 'disabled']);
  });

  test('must require tokens where HttpTokensEnforced is enabled', async () => {
    const sandbox = await sandboxOf();
    const ec2 = ec2Of(sandbox);
    const [id = ''] = await launch(ec2);
    await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokensEnforced: 'enabled' }));

    expect(await refusal(launch(ec2))).toEqual(['UnsupportedOperation', 400]);
    expect(await refusal(modify(ec2, id, { HttpTokens: 'optional' }))).toEqual(['UnsupportedOperation', 400]);
    expect(await launch(ec2, { MetadataOptions: { HttpTokens: 'required' } })).toHaveLength(1);
    expect(sandbox.fleet().get(id)?.options.HttpTokens).toBe('optional');
  });
});

describe('modifying metadata options', () => {
  test('keeps omitted options and is applied after a moment', async () => {
    const sandbox = await sandboxOf();
    const ec2 = ec2Of(sandbox);
    const [id = ''] = await launch(ec2, {
      MetadataOptions: { HttpPutResponseHopLimit: 3, InstanceMetadataTags: 'enabled' },
    });
    await sandbox.idle();

    await modify(ec2, id, { HttpTokens: 'required' });

    const expectedOptions = { HttpPutResponseHopLimit: 3, InstanceMetadataTags: 'enabled', HttpTokens: 'required' };
    expect((await describeInstances(ec2, { InstanceIds: [id] })).instances[0]?.MetadataOptions).toMatchObject(
      expectedOptions,
    );
    await sandbox.idle();
    const [after] = (await describeInstances(ec2, { InstanceIds: [id] })).instances;
    expect(after?.MetadataOptions).toMatchObject({ ...expectedOptions, State: 'applied' });
  });

  test('is refused while IMDS is disabled, unless the call enables it', async () => {
    const sandbox = await sandboxOf();
    const ec2 = ec2Of(sandbox);
    const [id = ''] = await launch(ec2, { MetadataOptions: { HttpEndpoint: 'disabled' } });

    expect(await refusal(modify(ec2, id, { HttpTokens: 'required' }))).toEqual(['InvalidParameterValue', 400]);
    await modify(ec2, id, { HttpTokens: 'required', HttpEndpoint: 'enabled' });
    expect(sandbox.fleet().get(id)?.options).toMatchObject({ HttpEndpoint: 'enabled', HttpTokens: 'required' });
  });

  test('is refused for terminated and for managed instances', async () => {
    const sandbox = await sandboxOf();
    const ec2 = ec2Of(sandbox);
    const [terminated = ''] = await launch(ec2);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [terminated] }));
    const [managed = ''] = await launch(ec2, { Operator: { Principal: 'eks.amazonaws.com' } });

    const change = modify(ec2, terminated, { HttpTokens: 'required' });
    expect(await refusal(change)).toEqual(['IncorrectInstanceState', 400]);
    expect(await refusal(modify(ec2, managed, { HttpTokens: 'required' }))).toEqual(['OperationNotPermitted', 400]);
    expect(await idsWith(ec2, { 'instance-id': [managed] })).toEqual([]);
    const Filters = [{ Name: 'operator.managed', Values: ['true'] }];
    const { instances } = await describeInstances(ec2, { Filters, IncludeManagedResources: true });
    expect(instances).toMatchObject([
      { Operator: { Managed: true, Principal: 'eks.amazonaws.com', HiddenByDefault: true } },
    ]);
  });
});

test('a hidden instance is not found until its time has passed', async () => {
  const sandbox = await sandboxOf({ timeScale: 100, faults: { hides: () => 10_000 } });
  const ec2 = ec2Of(sandbox);
  const [id = ''] = await launch(ec2);

  expect(await idsWith(ec2, { 'instance-id': [id] })).toEqual([]);
  expect(await refusal(describeInstances(ec2, { InstanceIds: [id] }))).toEqual(['InvalidInstanceID.NotFound', 400]);
  expect(await refusal(modify(ec2, id, { HttpTokens: 'required' }))).toEqual(['InvalidInstanceID.NotFound', 400]);
  await sandbox.clock.sleep(10_000);
  expect(await idsWith(ec2, { 'instance-id': [id] })).toEqual([id]);
});

test('an instance that vanishes terminates and is not returned any more', async () => {
  let launches = 0;
  const vanishes = () => (launches++ === 0 ? 3_000 : undefined);
  const sandbox = await sandboxOf({ faults: { vanishes } });
  const ec2 = ec2Of(sandbox);
  const [vanished = '', healthy = ''] = await launch(ec2, { MinCount: 2 });
  await sandbox.idle();

  expect(await idsWith(ec2, { 'instance-id': [vanished, healthy] })).toEqual([healthy]);
  expect(await refusal(describeInstances(ec2, { InstanceIds: [vanished, healthy] }))).toEqual([
    'InvalidInstanceID.NotFound',
    400,
  ]);
  expect(sandbox.fleet().get(vanished)).toMatchObject({
    state: 'terminated',
    stateReason: { code: 'Server.InternalError' },
  });
  const states = sandbox.events
    .filter(({ detail }) => detail['instance-id'] === vanished)
    .map(({ detail }) => detail['state']);
  expect(states.at(-1)).toBe('terminated');
});

test('an instance that is terminated by a call before does not vanish', async () => {
  const sandbox = await sandboxOf({ faults: { vanishes: () => 60_000 } });
  const ec2 = ec2Of(sandbox);
  const [id = ''] = await launch(ec2);
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await sandbox.idle();

  expect(await idsWith(ec2, { 'instance-id': [id] })).toEqual([id]);
});

test('a start changes LaunchTime, but not the attach times of the first launch', async () => {
  const sandbox = await sandboxOf({ timeScale: 20_000 });
  const ec2 = ec2Of(sandbox);
  const [id = ''] = await launch(ec2);
  await sandbox.idle();
  await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await sandbox.idle();
  await sandbox.clock.sleep(3_600_000);
  await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  await sandbox.idle();

  const [instance] = (await describeInstances(ec2, { InstanceIds: [id] })).instances;
  const first = sandbox.fleet().get(id)?.launchedAt ?? NaN;
  expect(instance?.LaunchTime?.getTime()).toBeGreaterThan(first + 3_600_000);
  expect(instance?.NetworkInterfaces?.[0]?.Attachment).toMatchObject({ AttachTime: new Date(first), DeviceIndex: 0 });
  expect(instance?.BlockDeviceMappings?.[0]?.Ebs?.AttachTime).toEqual(new Date(first));
  const states = sandbox.events
    .filter(({ detail }) => detail['instance-id'] === id)
    .map(({ detail }) => detail['state']);
  expect(states).toEqual(['pending', 'running', 'stopping', 'stopped', 'pending', 'running']);
});

test('a client token launches once', async () => {
  const sandbox = await sandboxOf();
  const ec2 = ec2Of(sandbox);

  const once = await launch(ec2, { ClientToken: 'token-1', MinCount: 2 });

  expect(await launch(ec2, { ClientToken: 'token-1', MinCount: 2 })).toEqual(once);
  expect(await refusal(launch(ec2, { ClientToken: 'token-1', MinCount: 3 }))).toEqual([
    'IdempotentParameterMismatch',
    400,
  ]);
  expect(sandbox.fleet().instances()).toHaveLength(2);
});

test('only AWS services can set tags that begin with aws:', async () => {
  const autoscaling = {
    arn: 'arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling',
    invokedBy: 'autoscaling.amazonaws.com',
  };
  const sandbox = await sandboxOf({ callers: { AKIAASG: autoscaling } });
  const [user, service] = [ec2Of(sandbox), ec2Of(sandbox, { accessKeyId: 'AKIAASG' })];
  sandbox.fleet().addLaunchTemplate({ id: 'lt-0aa', name: 'web', imageId: IMAGE });
  const { version } = sandbox.fleet().addLaunchTemplate({ id: 'lt-0aa', name: 'web', imageId: IMAGE });
  const group = { ResourceType: 'instance' as const, Tags: [{ Key: 'aws:autoscaling:groupName', Value: 'web' }] };
  const input = { LaunchTemplate: { LaunchTemplateName: 'web', Version: '$Latest' }, TagSpecifications: [group] };

  expect(await refusal(user.send(new RunInstancesCommand({ ...input, MinCount: 1, MaxCount: 1 })))).toEqual([
    'InvalidParameterValue',
    400,
  ]);
  const [id = ''] = await launch(service, input);
  const tags = sandbox.fleet().get(id)?.tags ?? new Map<string, string>();
  expect(Object.fromEntries(tags)).toEqual({
    'aws:autoscaling:groupName': 'web',
    'aws:ec2launchtemplate:id': 'lt-0aa',
    'aws:ec2launchtemplate:version': version,
  });

  await user.send(
    new CreateTagsCommand({
      Resources: [id],
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    }),
  );
  await user.send(
    new DeleteTagsCommand({
      Resources: [id],
      Tags: [
        { Key: 'a', Value: 'other' },
        { Key: 'b', Value: '2' },
      ],
    }),
  );
  expect(tags.get('a')).toBe('1');
  await user.send(new DeleteTagsCommand({ Resources: [id] }));
  expect([...tags.keys()]).toHaveLength(3);
});

describe('token buckets', () => {
  test('throttle when empty and refill with time', () => {
    const buckets = new Buckets({ Mutate: { capacity: 3, refill: 1 } });
    const taken = (now: number) => {
      try {
        buckets.take('CreateTags', now);
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'RequestLimitExceeded', status: 503 });
        return false;
      }
    };

    expect([0, 0, 0, 0, 900, 1000, 1100].map(taken)).toEqual([true, true, true, false, false, true, false]);
    expect([60_000, 60_000, 60_000, 60_000].map(taken)).toEqual([true, true, true, false]);
    expect(() => buckets.take('StopInstances', 60_000, 2)).not.toThrow();
  });

  test('are per region and also count instances, with the limits of AWS by default', async () => {
    const sandbox = await sandboxOf({ timeScale: 1, regions: ['us-east-1', 'eu-west-1'] });
    const ec2 = ec2Of(sandbox);
    expect(await refusal(launch(ec2, { MinCount: 1001 }))).toEqual(['RequestLimitExceeded', 503]);
    for (let call = 2; call <= 5; call++) await launch(ec2);
    expect(await refusal(launch(ec2))).toEqual(['RequestLimitExceeded', 503]);
    expect(await launch(ec2Of(sandbox, { region: 'eu-west-1' }))).toHaveLength(1);
  });
});

test('ids depend on seed and client token, not on the order of calls', async () => {
  const tokens = ['a', 'b', 'c'];
  const idsBy = async (seed: string, order: readonly string[]) => {
    const ec2 = ec2Of(await sandboxOf({ seed }));
    const ids = new Map<string, string[]>();
    for (const ClientToken of order) ids.set(ClientToken, await launch(ec2, { ClientToken }));
    return tokens.map((token) => ids.get(token));
  };

  const ids = await idsBy('one', tokens);
  expect(await idsBy('one', tokens.toReversed())).toEqual(ids);
  expect(await idsBy('two', tokens)).not.toEqual(ids);
});
