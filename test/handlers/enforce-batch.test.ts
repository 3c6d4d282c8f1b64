import { toFinding } from '../../lambda/triggers/finding.ts';
import { IMDSV1, instanceId, target } from '../support/builders.ts';
import { runningEvent } from '../support/events.ts';
import { batchOf as batch, functionOnLoopback, unfinished as failures } from '../support/function.ts';

const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];

const { aws, fn } = functionOnLoopback();

const running = (instanceId: string) =>
  runningEvent({ instanceId, time: new Date(Date.now() - 100_000).toISOString() });
const actions = (): string[] => aws.take().map(({ action }) => action);

describe('a batch of the work queue', () => {
  it('of compliant instances causes one describe and returns no message', async () => {
    [A, B, C].forEach((id) => aws.instances.set(id, { httpTokens: 'required' }));

    const { result, log } = await fn.invoke(batch(running(A), running(B), running(C)));

    expect(result).toEqual(failures());
    expect(log.map(({ reason }) => reason)).toEqual(['compliant', 'compliant', 'compliant']);
    expect(actions()).toEqual(['DescribeInstances']);
  });

  it('hands back an instance that is not visible, and handles the others', async () => {
    aws.instances.set(A, {}).set(C, { httpTokens: 'required' });
    const recorded = toFinding(target({ instanceId: A, trigger: 'running' }), IMDSV1);

    const { result, metrics } = await fn.invoke(batch(recorded, running(B), running(C)));

    expect(result).toEqual(failures());
    expect(metrics).toMatchObject({ Remediated: 1, HandedBack: 1 });
    expect(actions().sort()).toEqual([
      'DescribeInstances',
      'ModifyInstanceMetadataOptions',
      'PutEvents',
      'SendMessageBatch',
      'SendMessageBatch',
    ]);
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

  it('reports each body that is not an event, and returns none of them', async () => {
    aws.instances.set(A, { httpTokens: 'required' });

    const { result, log, metrics } = await fn.invoke(batch('{"id":', '', running(A), 'null', '[[]]', {}));

    expect(result).toEqual(failures());
    expect(log.filter(({ level }) => level === 'WARN')).toHaveLength(5);
    expect(metrics).toEqual({ NotUnderstood: 5 });
    expect(actions()).toEqual(['DescribeInstances']);
  });

  it('returns the message if the event bus does not accept the outcome', async () => {
    aws.instances.set(A, {});
    aws.prepare('PutEvents', { status: 400, body: '{"__type":"AccessDeniedException","message":"no"}' });
    const recorded = toFinding(target({ instanceId: A }), IMDSV1);

    expect((await fn.invoke(batch(recorded))).result).toEqual(failures('m1'));
  });
});
