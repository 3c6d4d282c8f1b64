import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { ACCOUNT, existing, INSTANCE, outcome, REGION, target } from '../support/builders.ts';
import { type LambdaFunction, loadNotifier } from '../support/function.ts';
import { type Loopback, md5, startLoopback } from '../support/loopback.ts';

const CHAT = `arn:aws:sns:${REGION}:${ACCOUNT}:chat`;

let aws: Loopback;
let notifier: LambdaFunction;

beforeAll(async () => {
  aws = await startLoopback();
  notifier = await loadNotifier(aws, { chatTopicArns: [CHAT] });
});
afterAll(async () => {
  notifier.restoreEnvironment();
  await aws.close();
});
beforeEach(() => aws.reset());

const drift = (eventId: string) => ({
  id: 'e-1',
  source: 'imdsv2-enforcer',
  'detail-type': 'IMDSv2 Outcome',
  detail: toOutcomeDetail(outcome({ target: target({ trigger: 'drift', eventId }), snapshot: existing() })),
});
const SCHEDULE = { source: 'aws.events', 'detail-type': 'Scheduled Event' };
const batch = (...bodies: readonly unknown[]) => ({
  Records: bodies.map((body, index) => ({
    messageId: `m${index + 1}`,
    eventSource: 'aws:sqs',
    body: JSON.stringify(body),
  })),
});

/** Denied, which is not repeated within the invocation. */
const DENIED = {
  status: 403,
  body: '<ErrorResponse><Error><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>',
};

it('publishes an urgent alert to its topic, and its chat form to the topic of chat', async () => {
  const { result } = await notifier.invoke(batch(drift('a')));
  expect(result).toEqual({ batchItemFailures: [] });
  const [history, alert, chat, ...others] = aws.take();
  expect(others).toEqual([]);
  expect(history?.parameters).toMatchObject({
    LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'ModifyInstanceMetadataOptions' }],
  });
  expect(alert?.parameters).toMatchObject({ Subject: `[IMDSv2 HIGH] ${ACCOUNT} ${REGION}: 1 remediated ${INSTANCE}` });
  expect(chat?.parameters).toMatchObject({ TopicArn: CHAT });
  expect(JSON.parse(String(chat?.parameters.Message))).toMatchObject({ version: '1.0', source: 'custom' });
});

it('sends a repeated alert to the summary queue', async () => {
  const { result } = await notifier.invoke(batch(drift('b')));
  expect(result).toEqual({ batchItemFailures: [] });
  expect(aws.take().map(({ action }) => action)).toEqual(['LookupEvents', 'SendMessageBatch']);
});

it('returns the messages of an alert that SNS denies', async () => {
  aws.prepare('Publish', DENIED);
  const other = { ...drift('c'), detail: { ...drift('c').detail, region: 'us-east-1' } };
  const { result, log } = await notifier.invoke(batch(other));
  expect(result).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
  expect(log).toContainEqual(
    expect.objectContaining({ message: 'SNS did not accept an alert; it will be sent again', level: 'WARN' }),
  );
});

it('sends the summaries when the schedule asks, and deletes them', async () => {
  const body = JSON.stringify(drift('d'));
  const message = { MessageId: 'q-1', ReceiptHandle: 'r-1', Body: body, MD5OfBody: md5(body) };
  aws.prepare('ReceiveMessage', { status: 200, body: JSON.stringify({ Messages: [message] }) });
  await notifier.invoke(batch(SCHEDULE));
  const actions = aws.take().map(({ action }) => action);
  expect(actions.filter((action) => action !== 'ReceiveMessage')).toEqual([
    'LookupEvents',
    'Publish',
    'Publish',
    'DeleteMessageBatch',
  ]);
});

it('counts what it cannot read', async () => {
  const { result, metrics } = await notifier.invoke(batch({ source: 'aws.ec2' }));
  expect(result).toEqual({ batchItemFailures: [] });
  expect(metrics).toEqual({ NotUnderstood: 1 });
});
