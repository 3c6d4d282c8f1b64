import { SNSClient } from '@aws-sdk/client-sns';
import { snsPublisher } from '../../lambda/adapters/sns-publisher.ts';
import { toAlerts } from '../../lambda/core/alert/message.ts';
import type { Message } from '../../lambda/core/message.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { INSTANCE, instanceId, NOW, outcome, REGION, snapshot, target } from '../support/builders.ts';
import { type Loopback, startLoopback } from '../support/loopback.ts';

const TOPIC = `arn:aws:sns:${REGION}:111122223333:outcomes`;

let aws: Loopback;
let client: SNSClient;

beforeAll(async () => {
  aws = await startLoopback();
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  client = new SNSClient({ region: REGION, endpoint: aws.url, credentials, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await aws.close();
});

const alertsOf = (...outcomes: readonly Outcome[]) =>
  toAlerts(
    outcomes.map((one) => toOutcomeDetail(one)),
    { maxExemptionDays: 90, now: NOW },
  );

async function publish(message: Message | undefined) {
  if (message !== undefined) await snsPublisher(client, TOPIC).publish(message);
  const [call, ...others] = aws.take();
  expect(others).toEqual([]);
  return call;
}

it('publishes an alert once, with subject, e-mail text, JSON and attributes', async () => {
  const failed = outcome({ status: 'failed', target: target({ instanceId: instanceId(1) }), snapshot: snapshot() });
  const [message] = alertsOf(outcome(), failed);

  const call = await publish(message);

  const attribute = (index: number, name: string, type: string, value: string) => ({
    [`MessageAttributes.entry.${index}.Name`]: name,
    [`MessageAttributes.entry.${index}.Value.DataType`]: type,
    [`MessageAttributes.entry.${index}.Value.StringValue`]: value,
  });
  expect(call).toMatchObject({ action: 'Publish' });
  expect(call?.parameters).toEqual({
    TopicArn: TOPIC,
    Subject: `[IMDSv2 CRITICAL] 111122223333 ${REGION}: 1 failed, 1 remediated ${instanceId(1)} +1`,
    MessageStructure: 'json',
    Message: expect.any(String),
    ...attribute(1, 'severity', 'String', 'CRITICAL'),
    ...attribute(2, 'status', 'String.Array', '["failed","remediated"]'),
    ...attribute(3, 'account', 'String', '111122223333'),
    ...attribute(4, 'region', 'String', REGION),
    ...attribute(5, 'trigger', 'String.Array', '["launch"]'),
  });
  const forms = JSON.parse(String(call?.parameters.Message)) as Record<'default' | 'email', string>;
  expect(forms.email).toBe(message?.email);
  expect(JSON.parse(forms.default)).toEqual(JSON.parse(JSON.stringify(message?.json)));
});

it('does not change names in any language', async () => {
  const [message] = alertsOf(outcome({ snapshot: snapshot({ tags: { Name: 'größe & 💾 "x"' } }) }));

  const { default: json } = JSON.parse(String((await publish(message))?.parameters.Message)) as { default: string };

  expect(JSON.parse(json)).toMatchObject({
    groups: [{ outcomes: [{ instanceId: INSTANCE, name: 'größe & 💾 "x"' }] }],
  });
});
