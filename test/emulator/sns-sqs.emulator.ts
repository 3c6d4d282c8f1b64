import { snsClient, sqsClient } from '../../lambda/adapters/clients.ts';
import { snsPublisher } from '../../lambda/adapters/sns-publisher.ts';
import { sqsWorkQueue } from '../../lambda/adapters/sqs-work-queue.ts';
import { toAlerts } from '../../lambda/core/alert/message.ts';
import type { Message } from '../../lambda/core/message.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { toFinding } from '../../lambda/triggers/finding.ts';
import { IMDSV1, instanceId, NOW, outcome, REGION, target } from '../support/builders.ts';
import { createQueue, createTopic, receive, subscribe } from './support/account.ts';

const alertOf = (...outcomes: readonly Outcome[]): Message => {
  const details = outcomes.map((one) => toOutcomeDetail(one));
  const [message] = toAlerts(details, { maxExemptionDays: 90, now: NOW });
  if (message === undefined) throw new Error('no message for these outcomes');
  return message;
};

/** A value without properties that are `undefined`. */
const asSent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const ABSENT = `${REGION}:111122223333:absent`;

describe('the publisher', () => {
  it('delivers the subject, the JSON and every attribute for filter policies', async () => {
    const [topic, queue] = [await createTopic(), await createQueue()];
    await subscribe(topic, queue);
    const message = alertOf(
      outcome(),
      outcome({ status: 'needs-review', target: target({ instanceId: instanceId(2) }) }),
    );
    await snsPublisher(snsClient(), topic).publish(message);
    const [received] = await receive(queue, 1);
    const { Subject, Message: body, MessageAttributes } = JSON.parse(received?.Body ?? '{}') as Record<string, string>;
    expect(Subject).toBe(message.subject);
    expect(JSON.parse(body ?? '')).toEqual(asSent(message.json));
    expect(MessageAttributes).toEqual({
      severity: { Type: 'String', Value: 'HIGH' },
      status: { Type: 'String.Array', Value: '["needs-review","remediated"]' },
      account: { Type: 'String', Value: '111122223333' },
      region: { Type: 'String', Value: REGION },
      trigger: { Type: 'String.Array', Value: '["launch"]' },
    });
  });

  it('delivers only to subscribers with a matching filter policy', async () => {
    const topic = await createTopic();
    const [remediated, failed, high] = [await createQueue(), await createQueue(), await createQueue()];
    await subscribe(topic, remediated, { status: ['remediated'] });
    await subscribe(topic, failed, { status: ['failed'] });
    await subscribe(topic, high, { severity: ['HIGH', 'CRITICAL'] });
    await snsPublisher(snsClient(), topic).publish(alertOf(outcome()));
    expect(await receive(remediated, 1)).toHaveLength(1);
    expect(await receive(failed, 0)).toEqual([]);
    expect(await receive(high, 0)).toEqual([]);
  });

  it('fails if the topic does not exist', async () => {
    const publisher = snsPublisher(snsClient(), `arn:aws:sns:${ABSENT}`);
    await expect(publisher.publish(alertOf(outcome()))).rejects.toMatchObject({ name: 'FailureError' });
  });
});

describe('the work queue', () => {
  const workQueueAt = (url: string) => sqsWorkQueue(sqsClient(), { workQueueUrl: url, checkQueueUrl: url });

  it('sends more findings than one call accepts, each once', async () => {
    const queue = await createQueue();
    const findings = Array.from({ length: 23 }, (_, number) =>
      toFinding(target({ instanceId: instanceId(number) }), IMDSV1),
    );
    await workQueueAt(queue).putFindings(findings);
    const received = (await receive(queue, 23)).map(({ Body = '' }) => JSON.parse(Body) as unknown);
    expect(received).toHaveLength(23);
    expect(received).toEqual(expect.arrayContaining(findings.map((finding) => asSent(finding))));
  });

  it('sends findings without delay, whatever the delay of the queue', async () => {
    const queue = await createQueue({ DelaySeconds: '900' });
    await workQueueAt(queue).putFindings([toFinding(target(), IMDSV1)]);
    expect(await receive(queue, 1)).toHaveLength(1);
  });

  it('fails if the queue does not exist', async () => {
    const queue = workQueueAt(`${process.env.AWS_ENDPOINT_URL}/111122223333/absent`);
    await expect(queue.putFindings([toFinding(target(), IMDSV1)])).rejects.toMatchObject({ name: 'FailureError' });
  });
});
