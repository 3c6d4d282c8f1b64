import { ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import {
  awsError,
  doctor,
  findings,
  FUNCTION,
  healthy,
  MAPPING,
  NOTIFY,
  OUTPUTS,
  services,
  SCAN,
} from './doctor-aws.ts';

const { lambda, sqs } = services;

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

it.each([
  ['Disabled', 'fail'],
  ['Enabling', 'warn'],
])('reports a work queue whose event source mapping is %s', async (State, level) => {
  const mapping = { UUID: MAPPING, State, EventSourceArn: OUTPUTS.WorkQueueArn };
  const byFunction = { FunctionName: FUNCTION };
  lambda.on(ListEventSourceMappingsCommand, byFunction).resolves({ EventSourceMappings: [mapping] });
  expect(await findings()).toMatchObject({ exitCode: 2, found: [{ check: 'event source', level }] });
});

it.each([
  [FUNCTION, 'WorkQueue'],
  [SCAN, 'ScanQueue.fifo'],
  [NOTIFY, 'UrgentQueue'],
])('reports a deleted event source mapping of %s', async (FunctionName, queue) => {
  lambda.on(ListEventSourceMappingsCommand, { FunctionName }).resolves({ EventSourceMappings: [] });
  const text = expect.stringContaining(`${queue}: event source mapping was deleted`) as string;
  expect((await findings()).found).toMatchObject([{ check: 'event source', level: 'fail', text }]);
});

it('reports messages in dead-letter queues with the redrive command, and visible messages of the work queue', async () => {
  sqs.on(GetQueueAttributesCommand).resolves({
    Attributes: { ApproximateNumberOfMessages: '4', ApproximateNumberOfMessagesNotVisible: '1' },
  });
  expect((await findings()).found).toMatchObject([
    { level: 'warn', text: 'WorkQueue: 4 visible, 0 delayed, 1 in flight' },
    {
      level: 'fail',
      text: expect.stringContaining('DeadLetterQueue: 5 messages'),
      action: expect.stringContaining(OUTPUTS.RedriveCommand ?? ''),
    },
    {
      level: 'fail',
      text: expect.stringContaining('ScanDeadLetterQueue.fifo: 5 messages'),
      action: `runbook, "A scan step failed"; then ${OUTPUTS.ScanRedriveCommand}`,
    },
    { level: 'warn', text: 'UrgentQueue: 4 visible, 0 delayed, 1 in flight' },
    {
      level: 'fail',
      text: expect.stringContaining('NotifierDeadLetterQueue: 5 messages'),
      action: `runbook, "Alerts are not sent"; then ${OUTPUTS.NotifierRedriveCommand}`,
    },
  ]);
});

it('reports deleted queues', async () => {
  sqs.on(GetQueueAttributesCommand).rejects(awsError('QueueDoesNotExist'));
  expect((await findings()).found).toHaveLength(7);
});

it.each([
  ['0', '0', 'ok', 'no scan in progress'],
  ['7', '1', 'ok', 'scan in progress, 7 messages waiting'],
  ['7', '0', 'warn', '7 messages waiting, none in flight'],
])('scan queue with %s visible and %s in-flight messages: %s', async (visible, inFlight, level, text) => {
  const Attributes = { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: inFlight };
  sqs.on(GetQueueAttributesCommand, { QueueUrl: OUTPUTS.ScanQueueUrl }).resolves({ Attributes });
  const { out, exitCode } = await doctor();
  expect(exitCode).toBe(level === 'ok' ? 0 : 2);
  expect(out).toContainEqual(expect.stringMatching(new RegExp(`^${level} +queues +ScanQueue.fifo: ${text}`)));
});
