import { toMessages } from '../../lambda/core/message.ts';
import { toUndelivered } from '../../lambda/core/undelivered-alert.ts';
import { toFinding } from '../../lambda/triggers/finding.ts';
import { IMDSV1, instanceId, outcome, target } from '../support/builders.ts';
import { launchEvent, runningEvent } from '../support/events.ts';
import { functionOnLoopback } from '../support/function.ts';
import { snsError } from '../support/loopback.ts';

const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];

const { aws, fn } = functionOnLoopback();

/** A batch of the work queue with messages m1, m2, ... */
const batch = (...contents: readonly unknown[]) => ({
  Records: contents.map((content, index) => ({
    messageId: `m${index + 1}`,
    receiptHandle: 'handle',
    body: typeof content === 'string' ? content : JSON.stringify(content),
    attributes: { ApproximateReceiveCount: '1' },
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:111122223333:work',
  })),
});

const running = (instanceId: string) => runningEvent({ instanceId, time: new Date().toISOString() });
const actions = (): string[] => aws.take().map(({ action }) => action);
const failures = (...ids: readonly string[]) => ({ batchItemFailures: ids.map((id) => ({ itemIdentifier: id })) });

describe('a batch of the work queue', () => {
  it('of compliant instances causes one describe and returns no message', async () => {
    [A, B, C].forEach((id) => aws.instances.set(id, { httpTokens: 'required' }));

    const { result, log } = await fn.invoke(batch(running(A), running(B), running(C)));

    expect(result).toEqual(failures());
    expect(log.map(({ reason }) => reason)).toEqual(['compliant', 'compliant', 'compliant']);
    expect(actions()).toEqual(['DescribeInstances']);
  });

  it('returns the message of an instance that is not visible, and handles the others', async () => {
    aws.instances.set(A, {}).set(C, { httpTokens: 'required' });
    const recorded = toFinding(target({ instanceId: A, trigger: 'running' }), IMDSV1);

    const { result, error } = await fn.invoke(batch(recorded, running(B), running(C)), 15_900);

    expect(error).toBeUndefined();
    expect(result).toEqual(failures('m2'));
    const calls = actions().filter((action) => action !== 'DescribeInstances'); // B is described until the deadline
    expect(calls).toEqual(['ModifyInstanceMetadataOptions', 'Publish', 'SendMessageBatch']);
  });

  it('of findings that the function sent leads to the change', async () => {
    aws.instances.set(A, { launchedAt: new Date() });
    await fn.invoke(batch(running(A)));
    const [put] = aws.take('SendMessageBatch');
    const [{ MessageBody: written }] = put?.parameters.Entries as [{ MessageBody: string }];

    const { result, log } = await fn.invoke(batch(written));

    expect(result).toEqual(failures());
    expect(log).toMatchObject([{ status: 'remediated', trigger: 'running' }]);
    expect(aws.instances.get(A)).toMatchObject({ httpTokens: 'required' });
  });

  it('publishes undelivered alerts, and returns those that SNS refuses again', async () => {
    const alerts = toMessages([outcome()], { maxExemptionDays: 90 }).map(toUndelivered);

    expect((await fn.invoke(batch(...alerts))).result).toEqual(failures());
    expect(actions()).toEqual(['Publish']);

    aws.prepare('Publish', snsError('AuthorizationError', 'no', 403));
    expect((await fn.invoke(batch(...alerts))).result).toEqual(failures('m1'));
    expect(actions()).toEqual(['Publish']);
  });

  it('handles the event in a record of the on-failure destination', async () => {
    aws.instances.set(A, {});
    const requestPayload = launchEvent({ items: [{ instanceId: A, httpTokens: 'optional' }] });

    const { result, log } = await fn.invoke(batch({ version: '1.0', requestContext: {}, requestPayload }));

    expect(result).toEqual(failures());
    expect(log).toMatchObject([{ status: 'remediated', trigger: 'launch' }]);
  });

  it('reports each body that is not an event, and returns none of them', async () => {
    aws.instances.set(A, { httpTokens: 'required' });

    const { result, log, metrics } = await fn.invoke(batch('{"id":', '', running(A), 'null', '[[]]', {}));

    expect(result).toEqual(failures());
    expect(log.filter(({ level }) => level === 'WARN')).toHaveLength(5);
    expect(metrics).toEqual({ NotUnderstood: 5 });
    expect(actions()).toEqual(['DescribeInstances']);
  });

  it('fails if neither SNS nor the work queue accepts the alert', async () => {
    aws.instances.set(A, {});
    aws.prepare('Publish', snsError('AuthorizationError', 'no', 403));
    aws.prepare('SendMessage', { status: 403, body: '{"__type":"AccessDeniedException","message":"no"}' });
    const recorded = toFinding(target({ instanceId: A }), IMDSV1);

    expect((await fn.invoke(batch(recorded))).error).toMatchObject({ name: 'FailureError', kind: 'denied' });
  });
});
