import { Activity } from '../../../sandbox/aws/simulation/activity.ts';
import { Clock } from '../../../sandbox/aws/simulation/clock.ts';
import { Ids } from '../../../sandbox/aws/simulation/ids.ts';
import { Queues } from '../../../sandbox/aws/sqs/queues.ts';
import { templateOf, type TemplateOptions } from '../stack.ts';
import { BRISK, FIXTURE, sandboxOf, stopAll } from '../support.ts';

describe('a queue', () => {
  const activity = new Activity();
  const clock = new Clock(1000, activity);
  const queues = new Queues('111122223333', { activity, clock, ids: new Ids('test') });
  const deadLetterQueue = queues.create('us-east-1', 'dead');
  const settings = { delaySeconds: 0, visibilityTimeout: 30, retentionSeconds: 3600 };
  const jobs = queues.create('us-east-1', 'jobs', {
    ...settings,
    redrive: { deadLetterArn: deadLetterQueue.arn, maxReceiveCount: 2 },
  });

  afterEach(() => {
    jobs.drain();
    deadLetterQueue.drain();
  });
  afterAll(() => clock.stop());

  test('delays a message by the delay of the message or of the queue', async () => {
    jobs.send('later', { delaySeconds: 60 });
    jobs.send('now');
    expect(jobs.receive(10).map(({ body }) => body)).toEqual(['now']);
    await clock.sleep(62_000);
    expect(jobs.receive(10).map(({ body }) => body)).toContain('later');
  });

  test('hides a received message until it is deleted or its visibility timeout is over', async () => {
    jobs.send('one');
    const [first] = jobs.receive(1);
    expect(jobs.receive(1)).toEqual([]);
    await clock.sleep(32_000);
    const [second] = jobs.receive(1);
    expect(second).toMatchObject({ id: first?.id, receiveCount: 2 });
    jobs.delete(second?.receiptHandle ?? '');
    expect(jobs.size).toBe(0);
  });

  test('a changed visibility timeout counts from now', () => {
    jobs.send('one');
    const [message] = jobs.receive(1);
    expect(jobs.changeVisibility(message?.receiptHandle ?? '', 0)).toBe(true);
    expect(jobs.receive(1)).toHaveLength(1);
    expect(jobs.changeVisibility('nonsense', 0)).toBe(false);
  });

  test('moves a message received too often to the dead-letter queue, from where a redrive returns it', () => {
    jobs.send('hard');
    for (let time = 1; time <= 2; time++) expect(jobs.receive(1, 0)).toHaveLength(1);
    expect(jobs.receive(1)).toEqual([]);
    expect(deadLetterQueue.messages()).toMatchObject([{ body: 'hard', source: jobs.arn, receiveCount: 0 }]);

    queues.redrive(deadLetterQueue.arn);
    expect(deadLetterQueue.size).toBe(0);
    expect(jobs.receive(1)).toMatchObject([{ body: 'hard', receiveCount: 1 }]);
  });

  test('a redrive without destination keeps messages without a source queue', () => {
    deadLetterQueue.send('direct');
    queues.redrive(deadLetterQueue.arn);
    expect(deadLetterQueue.size).toBe(1);
    queues.redrive(deadLetterQueue.arn, jobs.arn);
    expect([deadLetterQueue.size, jobs.size]).toEqual([0, 1]);
  });

  test('deletes a message after the retention period', async () => {
    const short = queues.create('us-east-1', 'short', { ...settings, retentionSeconds: 60 });
    short.send('old');
    await clock.sleep(62_000);
    expect(short.receive(1)).toEqual([]);
  });
});

describe('an event source mapping', () => {
  afterEach(stopAll);

  const start = async (options: TemplateOptions, prewarm = 1) => {
    const sandbox = await sandboxOf({
      timeScale: BRISK,
      stacks: [{ template: templateOf({ behaviour: 'partial', queue: { VisibilityTimeout: 60 }, ...options }) }],
      bundles: FIXTURE,
      prewarm,
    });
    sandbox.clock.skipIdleTime();
    return sandbox;
  };
  const batchesOf = ({ invocations }: Awaited<ReturnType<typeof start>>) =>
    invocations.map(({ payload }) => (payload as { Records: { body: string }[] }).Records.map((record) => record.body));

  test('gathers a batch within its window and passes messages in the form of SQS', async () => {
    const sandbox = await start({});
    const queue = sandbox.queue('WorkQueue');
    for (const number of [1, 2, 3]) queue.send(JSON.stringify({ number }), { delaySeconds: number });
    queue.send('{}', { delaySeconds: 0, attributes: { a: { DataType: 'String', StringValue: 'x' } } });
    await sandbox.idle();
    expect(sandbox.invocations).toHaveLength(1);
    const [{ payload } = { payload: undefined }] = sandbox.invocations;
    expect((payload as { Records: unknown[] }).Records).toHaveLength(4);
    expect(payload).toMatchObject({
      Records: [
        {
          messageId: expect.any(String),
          receiptHandle: expect.any(String),
          body: '{}',
          attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d+$/) },
          messageAttributes: { a: { stringValue: 'x', dataType: 'String' } },
          md5OfBody: '99914b932bd37a50b983c5e7c90ae93b',
          eventSource: 'aws:sqs',
          eventSourceARN: queue.arn,
          awsRegion: 'us-east-1',
        },
        {},
        {},
        {},
      ],
    });
  });

  test('only failed messages are retried, and finally move to the dead-letter queue', async () => {
    const sandbox = await start({});
    const queue = sandbox.queue('WorkQueue');
    for (const fail of [false, true]) queue.send(JSON.stringify({ fail }), { delaySeconds: 0 });
    await sandbox.idle();
    expect(batchesOf(sandbox)).toEqual([['{"fail":false}', '{"fail":true}'], ['{"fail":true}']]);
    const [one, two] = sandbox.invocations;
    expect((two?.startedAt ?? 0) - (one?.startedAt ?? 0)).toBeGreaterThan(55_000);
    expect(sandbox.queue('DeadLetterQueue').messages()).toMatchObject([{ body: '{"fail":true}', source: queue.arn }]);
  });

  test.each(['throw', 'nonsense'])('the whole batch fails if the function returns %s', async (behaviour) => {
    const sandbox = await start({ behaviour });
    for (const number of [1, 2]) sandbox.queue('WorkQueue').send(JSON.stringify({ number }), { delaySeconds: 0 });
    await sandbox.idle();
    // Messages that become visible at the same time are received in any order.
    expect(batchesOf(sandbox).map((batch) => [...batch].sort())).toEqual([
      ['{"number":1}', '{"number":2}'],
      ['{"number":1}', '{"number":2}'],
    ]);
    expect(sandbox.queue('DeadLetterQueue').size).toBe(2);
  });

  test('without ReportBatchItemFailures the response is ignored', async () => {
    const sandbox = await start({ mapping: { FunctionResponseTypes: [] } });
    sandbox.queue('WorkQueue').send('{"fail":true}', { delaySeconds: 0 });
    await sandbox.idle();
    expect(sandbox.invocations).toHaveLength(1);
    expect(sandbox.queue('DeadLetterQueue').size).toBe(0);
  });

  test('a full batch does not wait for the window, and concurrent batches are limited', async () => {
    const mapping = { BatchSize: 2, ScalingConfig: { MaximumConcurrency: 2 } };
    const sandbox = await start({ behaviour: 'sleep', mapping }, 2);
    for (let number = 0; number < 7; number++) sandbox.queue('WorkQueue').send('{}', { delaySeconds: 0 });
    await sandbox.idle();
    expect(
      batchesOf(sandbox)
        .map(({ length }) => length)
        .sort(),
    ).toEqual([1, 2, 2, 2]);
    const { invocations } = sandbox;
    const concurrent = invocations.map(
      ({ startedAt }) =>
        invocations.filter((other) => other.startedAt <= startedAt && other.endedAt > startedAt).length,
    );
    expect(Math.max(...concurrent)).toBe(2);
  });
});
