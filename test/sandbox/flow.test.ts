import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { Sandbox, SandboxOptions } from '../../sandbox/index.ts';
import type { BusEvent } from '../../sandbox/aws/cloudtrail/recorder.ts';
import { templateOf, type TemplateOptions } from './stack.ts';
import { BRISK, ec2Of, FIXTURE, launch, sandboxOf, stopAll } from './support.ts';

afterEach(stopAll);

const start = ({ behaviour, timeout, ...more }: TemplateOptions & SandboxOptions = {}) =>
  sandboxOf({
    timeScale: BRISK,
    stacks: [{ template: templateOf({ behaviour, timeout }) }],
    bundles: FIXTURE,
    prewarm: 1,
    ...more,
  });
const body = (text: string | undefined) => JSON.parse(text ?? '{}') as Record<string, Record<string, unknown>>;

/** The bodies of the messages of every invocation. */
const bodies = (sandbox: Sandbox) =>
  sandbox.invocations.flatMap(({ payload }) =>
    (payload as { Records: { body: string }[] }).Records.map((record) => body(record.body)),
  );

test('a launch leads to a CloudTrail event, an invocation, a change and a message', async () => {
  const sandbox = await start();
  const [id = ''] = await launch(ec2Of(sandbox));

  await sandbox.idle();

  expect(sandbox.fleet().get(id)?.options.HttpTokens).toBe('required');
  expect(sandbox.topic('Topic').messages[0]?.raw.message).toContain(id);
  expect(sandbox.invocations.every(({ result }) => result.ok)).toBe(true);
  expect(bodies(sandbox).map((event) => event['detail-type'])).toEqual(
    expect.arrayContaining(['AWS API Call via CloudTrail', 'EC2 Instance State-change Notification']),
  );
  const [change] = sandbox.calls.of('ModifyInstanceMetadataOptions');
  expect(change).toMatchObject({
    params: { InstanceId: id, HttpTokens: 'required' },
    caller: 'arn:aws:sts::111122223333:assumed-role/Local-FunctionRole/Local-Function22222222',
    invocation: sandbox.invocations[0]?.requestId,
  });
  expect(sandbox.logs()[0]).toMatchObject({ json: { message: 'invoked', warm: 0 } });
  const { remaining } = sandbox.logs()[0]?.json ?? {};
  expect(remaining).toBeLessThanOrEqual(60_000);
  expect(remaining).toBeGreaterThan(30_000);
  expect(sandbox.deliveries.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']);
});

test('a message with which a function fails is received twice, then it is in the dead-letter queue', async () => {
  const sandbox = await start({ behaviour: 'throw', timing: { stateChange: 1e9 } });
  await launch(ec2Of(sandbox));

  await expect(sandbox.idle(1)).rejects.toThrow(/still in progress/);
  while (sandbox.queue('DeadLetterQueue').size === 0) await sandbox.clock.sleep(1000);

  const [one, two, ...more] = sandbox.invocations;
  expect(more).toEqual([]);
  expect([one, two].map((invocation) => invocation?.attempt)).toEqual([1, 2]);
  expect(one?.messages).toEqual(two?.messages);
  expect((two?.startedAt ?? 0) - (one?.startedAt ?? 0)).toBeGreaterThanOrEqual(390_000);
  const [deadLetter] = sandbox.queue('DeadLetterQueue').messages();
  expect(body(deadLetter?.body)).toEqual(
    sandbox.events.find(({ source, detail }) => source === 'aws.ec2' && detail['eventName'] === 'RunInstances'),
  );
});

test('a retry that succeeds is the last one', async () => {
  const sandbox = await start({ behaviour: 'throw once', timing: { stateChange: 1e9 } });
  await launch(ec2Of(sandbox));
  while (sandbox.invocations.length < 2) await sandbox.clock.sleep(1000);
  expect(sandbox.invocations.map(({ result }) => result.ok)).toEqual([false, true]);
  expect(sandbox.queue('DeadLetterQueue').size).toBe(0);
});

test.each([
  ['exit', 60, 'Runtime.ExitError', /exited with error: exit status 3/],
  ['hang', 5, 'Sandbox.Timedout', /Task timed out after 5\.00 seconds/],
])('behaviour %s ends the execution environment', async (behaviour, timeout, errorType, errorMessage) => {
  const sandbox = await start({ behaviour, timeout, timing: { stateChange: 1e9 } });
  await launch(ec2Of(sandbox));
  while (sandbox.invocations.length < 2) await sandbox.clock.sleep(1000);
  for (const { result } of sandbox.invocations.slice(0, 2)) {
    expect(result).toMatchObject({
      ok: false,
      error: { errorType, errorMessage: expect.stringMatching(errorMessage) },
    });
  }
});

test('a function runs on the simulated clock', async () => {
  const sandbox = await start({ behaviour: 'sleep', startAt: new Date('2031-02-03T00:00:00Z') });
  await launch(ec2Of(sandbox), { MetadataOptions: { HttpTokens: 'required' } });
  while (sandbox.invocations.length === 0) await sandbox.clock.sleep(1000);
  const result = sandbox.invocations[0]?.result;
  const { slept, measured, year } = (result?.ok === true ? result.payload : {}) as Record<string, number>;
  expect(slept).toBeGreaterThanOrEqual(19_000);
  expect(slept).toBeLessThan(60_000);
  expect(Math.abs((measured ?? 0) - (slept ?? 0))).toBeLessThan(1000);
  expect(year).toBe(2031);
});

describe('faults', () => {
  test('a function that crashes after a call is retried', async () => {
    const sandbox = await start({
      timing: { stateChange: 1e9 },
      faults: { crashes: ({ attempt }) => (attempt === 1 ? { afterCalls: 1, how: 'exit' } : undefined) },
    });
    await launch(ec2Of(sandbox), { MinCount: 2 });
    while (sandbox.invocations.length < 2) await sandbox.clock.sleep(1000);
    expect(sandbox.invocations.map(({ result, calls }) => [result.ok, calls])).toEqual([
      [false, 1],
      [true, 3],
    ]);
    expect(
      sandbox
        .fleet()
        .instances()
        .map(({ options }) => options.HttpTokens),
    ).toEqual(['required', 'required']);
  });

  test('a function without a response to its call hangs until its timeout', async () => {
    const sandbox = await start({
      timing: { stateChange: 1e9 },
      faults: { crashes: ({ attempt }) => (attempt === 1 ? { afterCalls: 1, how: 'hang' } : undefined) },
    });
    await launch(ec2Of(sandbox));
    while (sandbox.invocations.length === 0) await sandbox.clock.sleep(1000);
    expect(sandbox.invocations[0]?.result).toMatchObject({ ok: false, error: { errorType: 'Sandbox.Timedout' } });
    expect(sandbox.calls.of('ModifyInstanceMetadataOptions')).toHaveLength(1);
  });

  test('events are lost, duplicated and delayed', async () => {
    const sandbox = await start({
      faults: {
        loses: ({ kind }) => kind === 'cloudtrail',
        duplicates: ({ name }) => (name === 'running' ? 1 : 0),
        delays: ({ name }, copy) => (name === 'running' && copy === 1 ? 5_000 : 0),
      },
    });
    const [id = ''] = await launch(ec2Of(sandbox));
    await sandbox.idle();
    const running = sandbox.events.filter(({ detail }) => detail['state'] === 'running');
    expect(running).toHaveLength(2);
    expect(running[0]?.id).toBe(running[1]?.id);
    expect(sandbox.events.some(({ detail }) => 'eventName' in detail)).toBe(false);
    expect(sandbox.fleet().get(id)?.options.HttpTokens).toBe('required');
    expect(sandbox.invocations).toHaveLength(1);
  });

  test('a failed delivery is retried as the rule says, then the event is sent to the dead-letter queue', async () => {
    const sandbox = await start({
      timing: { stateChange: 1e9 },
      faults: { undeliverable: () => 'retry' },
    });
    await launch(ec2Of(sandbox));
    while (sandbox.queue('DeadLetterQueue').size === 0) await sandbox.clock.sleep(1000);
    const [deadLetter] = sandbox.queue('DeadLetterQueue').messages();
    expect(body(deadLetter?.body)['detail']).toMatchObject({ eventName: 'RunInstances' });
    expect(deadLetter?.attributes).toMatchObject({
      RULE_ARN: { StringValue: 'arn:aws:events:us-east-1:111122223333:rule/Local-LaunchRule33333333' },
      TARGET_ARN: { StringValue: 'arn:aws:sqs:us-east-1:111122223333:Local-WorkQueue11111111' },
      EXHAUSTED_RETRY_CONDITION: { StringValue: 'MaximumRetryAttempts' },
      RETRY_ATTEMPTS: { StringValue: '2' },
    });
    expect(sandbox.deliveries.map(({ outcome }) => outcome)).toEqual(['dead-lettered']);
  });
});

describe('CloudTrail', () => {
  const recordsOf = (events: readonly BusEvent[], name: string) =>
    events.map(({ detail }) => detail).filter(({ eventName }) => eventName === name) as Record<
      string,
      Record<string, unknown>
    >[];

  test('records the caller of a launch, and the options that took effect', async () => {
    const callers = {
      AKIAANA: { arn: 'arn:aws:iam::111122223333:user/ana', sourceIp: '198.51.100.7', userAgent: 'aws-cli/2' },
    };
    const sandbox = await sandboxOf({ callers });
    const ec2 = ec2Of(sandbox, { accessKeyId: 'AKIAANA' });
    const [id = ''] = await launch(ec2, {
      ClientToken: 'token',
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'k', Value: 'v' }] }],
    });
    await sandbox.idle();
    const [event] = sandbox.events.filter(({ detail }) => detail['eventName'] === 'RunInstances');
    expect(event).toMatchObject({
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.ec2',
      region: 'us-east-1',
      resources: [],
    });
    expect(event?.detail).toMatchObject({
      eventSource: 'ec2.amazonaws.com',
      eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      userIdentity: { type: 'IAMUser', userName: 'ana', arn: callers.AKIAANA.arn, accessKeyId: 'AKIAANA' },
      sourceIPAddress: '198.51.100.7',
      userAgent: 'aws-cli/2',
      requestParameters: { instancesSet: { items: [{ minCount: 1, maxCount: 1 }] }, clientToken: 'token' },
      responseElements: {
        groupSet: {},
        instancesSet: {
          items: [
            {
              instanceId: id,
              launchTime: sandbox.fleet().get(id)?.launchedAt,
              tagSet: { items: [{ key: 'k', value: 'v' }] },
              metadataOptions: { state: 'pending', httpTokens: 'optional', httpPutResponseHopLimit: 1 },
              networkInterfaceSet: { items: [{ privateIpAddressesSet: { item: [{ primary: true }] } }] },
            },
          ],
        },
      },
    });
  });

  test('records errors without response elements', async () => {
    const sandbox = await sandboxOf();
    await expect(launch(ec2Of(sandbox), { ImageId: 'ami-nonsense' })).rejects.toThrow();
    await sandbox.idle();
    expect(recordsOf(sandbox.events, 'RunInstances')).toMatchObject([
      { errorCode: 'Client.InvalidAMIID.Malformed', responseElements: null },
    ]);
  });

  test('omits the response elements of a large launch', async () => {
    const sandbox = await sandboxOf();
    const ec2 = ec2Of(sandbox);
    await launch(ec2, { MinCount: 30 });
    await launch(ec2, { MinCount: 60 });
    await sandbox.idle();
    const [small, large] = recordsOf(sandbox.events, 'RunInstances').map(({ responseElements }) => responseElements);
    expect(small).toHaveProperty('instancesSet');
    expect(large).toEqual({ omitted: true, originalSize: expect.any(Number), reason: 'responseElements too large' });
  });

  test('records the AWS service that makes a call', async () => {
    const arn = 'arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling';
    const sandbox = await sandboxOf({ callers: { AKIAASG: { arn, invokedBy: 'autoscaling.amazonaws.com' } } });
    const ec2 = ec2Of(sandbox, { accessKeyId: 'AKIAASG' });
    const ids = await launch(ec2);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
    await sandbox.idle();
    expect(recordsOf(sandbox.events, 'TerminateInstances')).toMatchObject([
      {
        userIdentity: { type: 'AssumedRole', invokedBy: 'autoscaling.amazonaws.com' },
        sourceIPAddress: 'autoscaling.amazonaws.com',
        requestParameters: { instancesSet: { items: [{ instanceId: ids[0] }] } },
      },
    ]);
  });

  test('records nothing without a trail', async () => {
    const sandbox = await sandboxOf({ trail: false });
    await launch(ec2Of(sandbox));
    await sandbox.idle();
    expect(sandbox.events.map(({ detail }) => detail['state'])).toEqual(['pending', 'running']);
  });
});
