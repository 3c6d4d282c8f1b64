import { ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { awsError, doctor, results, FUNCTION, healthy, MAPPING, OUTPUTS, services, SCAN } from './doctor-aws.ts';

const { lambda, sqs } = services;

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

it.each([
  ['Disabled', 'fail'],
  ['Enabling', 'warn'],
])('a work queue whose source is %s', async (State, level) => {
  const mapping = { UUID: MAPPING, State, EventSourceArn: OUTPUTS.WorkQueueArn };
  const of = { FunctionName: FUNCTION };
  lambda.on(ListEventSourceMappingsCommand, of).resolves({ EventSourceMappings: [mapping] });
  expect(await results()).toMatchObject({ exitCode: 2, found: [{ check: 'source', level }] });
});

it.each([
  [FUNCTION, 'WorkQueue'],
  [SCAN, 'ScanQueue.fifo'],
])('a source that was deleted: %s', async (FunctionName, queue) => {
  lambda.on(ListEventSourceMappingsCommand, { FunctionName }).resolves({ EventSourceMappings: [] });
  const text = expect.stringContaining(`nothing is taken from ${queue}:`) as string;
  expect((await results()).found).toMatchObject([{ check: 'source', level: 'fail', text }]);
});

it('dead letters, with the redrive; work that is due, without', async () => {
  sqs.on(GetQueueAttributesCommand).resolves({
    Attributes: { ApproximateNumberOfMessages: '4', ApproximateNumberOfMessagesNotVisible: '1' },
  });
  expect((await results()).found).toMatchObject([
    { level: 'warn', text: 'WorkQueue: 4 due (0 delayed, 1 being worked on)' },
    {
      level: 'fail',
      text: expect.stringContaining('DeadLetterQueue: 5 dead letters'),
      todo: expect.stringContaining(OUTPUTS.RedriveCommand ?? ''),
    },
    {
      level: 'fail',
      text: expect.stringContaining('ScanDeadLetterQueue.fifo: 5 dead letters'),
      todo: `runbook, "A scan step failed"; then ${OUTPUTS.ScanRedriveCommand}`,
    },
  ]);
});

it('a queue that was deleted', async () => {
  sqs.on(GetQueueAttributesCommand).rejects(awsError('QueueDoesNotExist'));
  expect((await results()).found).toHaveLength(4);
});

it.each([
  ['0', '0', 'ok', 'no scan is under way'],
  ['7', '1', 'ok', 'a scan is under way, 7 steps wait'],
  ['7', '0', 'warn', '7 steps wait, and none is being taken'],
])('%s steps that wait and %s that are being taken → %s', async (waiting, taken, level, text) => {
  const Attributes = { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: taken };
  sqs.on(GetQueueAttributesCommand, { QueueUrl: OUTPUTS.ScanQueueUrl }).resolves({ Attributes });
  const { out, exitCode } = await doctor();
  expect(exitCode).toBe(level === 'ok' ? 0 : 2);
  expect(out).toContainEqual(expect.stringMatching(new RegExp(`^${level} +queues +ScanQueue.fifo: ${text}`)));
});
