import { toCheckMessage, type PostChangeCheck } from '../../lambda/triggers/post-change-check.ts';
import { ACCOUNT, INSTANCE, instanceId, REGION } from '../support/builders.ts';
import { launchEvent } from '../support/events.ts';
import { batchOf, detailsIn, functionOnLoopback } from '../support/function.ts';
import { json } from '../support/loopback.ts';

const { aws, fn } = functionOnLoopback();

const IMDSV2_REQUIRED = { httpTokens: 'required' };
const checkOf = (over: Partial<PostChangeCheck> = {}): PostChangeCheck => ({
  account: ACCOUNT,
  region: REGION,
  instanceId: INSTANCE,
  remediatedAt: new Date(Date.now() - 900_000),
  checksDone: 0,
  ...over,
});
const rejections = (...counts: readonly number[]) =>
  json({
    MetricDataResults: counts.map((count, index) => ({
      Id: `q${index}`,
      StatusCode: 'Complete',
      Timestamps: [Math.floor(Date.now() / 1000)],
      Values: [count],
    })),
  });
const throttled = json({ __type: 'com.amazonaws.cloudwatch#ThrottlingException', message: 'slow down' }, 400);

it('checks a remediated instance after 15 minutes', async () => {
  aws.instances.set(INSTANCE, {});
  await fn.invoke(batchOf(launchEvent()));
  const [put] = aws.take('SendMessageBatch');
  const [entry] = put?.parameters.Entries as [{ MessageBody: string; DelaySeconds: number }];
  expect(entry.DelaySeconds).toBe(900);
  aws.prepare('GetMetricData', rejections(4));

  const { result, metrics } = await fn.invoke(batchOf(JSON.parse(entry.MessageBody)));

  expect(result).toEqual({ batchItemFailures: [] });
  expect(metrics).toEqual({ RejectedInstances: 1 });
});

it('notifies rejected calls in one event with the rollback command, and schedules no further check', async () => {
  const other = instanceId(2);
  aws.instances.set(INSTANCE, IMDSV2_REQUIRED).set(other, IMDSV2_REQUIRED);
  aws.prepare('GetMetricData', rejections(12, 3));

  const { result, metrics } = await fn.invoke(
    batchOf(toCheckMessage(checkOf()), toCheckMessage(checkOf({ instanceId: other }))),
  );

  expect(result).toEqual({ batchItemFailures: [] });
  expect(metrics).toEqual({ RejectedInstances: 2 });
  const calls = aws.take();
  expect(calls.map(({ action }) => action)).toEqual(['DescribeInstances', 'GetMetricData', 'PutEvents']);
  expect(detailsIn(calls)).toMatchObject([
    {
      schema: 'imdsv2-enforcer.workload-impact/v1',
      severity: 'HIGH',
      instances: [
        { instanceId: INSTANCE, rollback: `imdsv2 rollback ${INSTANCE} --region ${REGION} --for 14d --reason '...'` },
        { instanceId: other },
      ],
    },
  ]);
});

it('schedules another check without rejected calls, up to four', async () => {
  aws.instances.set(INSTANCE, IMDSV2_REQUIRED);

  await fn.invoke(batchOf(toCheckMessage(checkOf({ checksDone: 2 }))));
  const [put] = aws.take('SendMessageBatch');
  expect(put?.parameters).toMatchObject({
    QueueUrl: `${aws.url}/${ACCOUNT}/checks`,
    Entries: [{ DelaySeconds: 900, MessageBody: expect.stringContaining('"checksDone":3') }],
  });

  await fn.invoke(batchOf(toCheckMessage(checkOf({ checksDone: 3 }))));
  expect(aws.take().map(({ action }) => action)).toEqual(['DescribeInstances', 'GetMetricData']);
});

it('logs a warning if rejected calls may not be read, and does not return the message', async () => {
  aws.instances.set(INSTANCE, IMDSV2_REQUIRED);
  aws.prepare('GetMetricData', json({ __type: 'com.amazonaws.cloudwatch#AccessDeniedException', message: 'no' }, 403));

  const { result, log } = await fn.invoke(batchOf(toCheckMessage(checkOf({ checksDone: 3 }))));

  expect(result).toEqual({ batchItemFailures: [] });
  expect(log).toMatchObject([{ level: 'WARN', message: `rejected IMDSv1 calls in ${REGION} could not be read` }]);
});

it('returns the message of the check if CloudWatch throttles until the deadline', async () => {
  aws.instances.set(INSTANCE, IMDSV2_REQUIRED);
  aws.prepare('GetMetricData', ...Array<typeof throttled>(50).fill(throttled));

  const { error, result } = await fn.invoke(
    batchOf(toCheckMessage(checkOf()), launchEvent({ items: [{ httpTokens: 'optional' }] })),
    16_900,
  );

  expect(error).toBeUndefined();
  expect(result).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
  expect(aws.take('SendMessageBatch')).toEqual([]);
});
