import { dayFromNow } from '../../lambda/core/exemption.ts';
import { INSTANCE, instanceId, REGION } from '../support/builders.ts';
import { createTagsEvent, deleteTagsEvent } from '../support/events.ts';
import { functionOnLoopback } from '../support/function.ts';

const { aws, fn } = functionOnLoopback();

const DEPLOYER = 'arn:aws:sts::111122223333:assumed-role/deployer/kim';
const until = (days: number) => ({ 'imdsv2:exempt-until': dayFromNow(new Date(), days) });
const actions = (): string[] => aws.take().map(({ action }) => action);

/** The alert that was published, in its two forms. */
function published(): { subject: string; email: string; json: unknown } {
  const [publish] = aws.take('Publish');
  const { Subject, Message } = publish?.parameters as { Subject: string; Message: string };
  const { email, default: json } = JSON.parse(Message) as { email: string; default: string };
  return { subject: Subject, email, json: JSON.parse(json) as unknown };
}

describe('somebody sets the exemption tag', () => {
  it.each([
    ['an instance that answers IMDSv1', {}],
    ['a compliant instance', { httpTokens: 'required' }],
    ['an instance without IMDS', { httpEndpoint: 'disabled' }],
  ])(
    'on %s → told as a warning, with the caller and the way back; nothing is changed or counted',
    async (_, instance) => {
      aws.instances.set(INSTANCE, { ...instance, tags: until(30) });

      const { error, log, metrics } = await fn.invoke(createTagsEvent());

      expect(error).toBeUndefined();
      expect(log).toMatchObject([
        {
          status: 'exempt',
          reason: 'exempt-self-granted',
          severity: 'MEDIUM',
          trigger: 'grant',
          caller: DEPLOYER,
          told: true,
        },
      ]);
      expect(metrics).toEqual({});
      const { subject, email, json } = published();
      expect(subject).toBe(`[IMDSv2 MEDIUM] ${REGION}: 1 exempt ${INSTANCE}`);
      expect(email).toContain(`who      ${DEPLOYER}`);
      expect(email).toContain(`aws ec2 delete-tags --region ${REGION} --resources ${INSTANCE}`);
      expect(json).toMatchObject({
        trigger: 'grant',
        severity: 'MEDIUM',
        outcomes: [{ caller: { principal: DEPLOYER } }],
      });
      expect(aws.instances.get(INSTANCE)).toEqual({ ...instance, tags: until(30) });
    },
  );

  it.each([
    ['a day that is over', until(-1), 'exemption-expired'],
    ['what is no day', { 'imdsv2:exempt-until': 'soon' }, 'exemption-malformed'],
    ['a day beyond the horizon', until(1000), 'exemption-exceeds-maximum'],
    ['something, and takes it off again', {}, 'existing-instance'],
  ])('to %s → held and told as a warning; setting a tag closes nothing', async (_, tags, reason) => {
    aws.instances.set(INSTANCE, { tags });

    const { log, metrics } = await fn.invoke(createTagsEvent());

    expect(log).toMatchObject([{ status: 'needs-review', reason, severity: 'MEDIUM', caller: DEPLOYER, told: true }]);
    expect(metrics).toEqual({});
    expect(actions()).toEqual(['DescribeInstances', 'Publish']);
  });

  it('to what exempts nothing, on a compliant instance → told all the same, and not as one that is open', async () => {
    aws.instances.set(INSTANCE, { httpTokens: 'required', tags: { 'imdsv2:exempt-until': 'soon' } });

    const { log, metrics } = await fn.invoke(createTagsEvent());

    expect(log).toMatchObject([
      { status: 'needs-review', reason: 'exemption-malformed', severity: 'MEDIUM', told: true },
    ]);
    expect(metrics).toEqual({});
    expect(published().email).not.toContain('IMDSv1 stays reachable');
  });

  it('on instances and volumes in one call → one describe and one alert for the instances', async () => {
    const [one, two] = [instanceId(1), instanceId(2)];
    [one, two].forEach((id) => aws.instances.set(id, { tags: until(7) }));

    const { log } = await fn.invoke(createTagsEvent({ resources: [one, 'vol-0a1b2c3d4e5f60718', two] }));

    expect(log.map(({ instanceId: id, status }) => [id, status])).toEqual([
      [one, 'exempt'],
      [two, 'exempt'],
    ]);
    expect(actions()).toEqual(['DescribeInstances', 'Publish']);
  });

  it('on a volume → nothing to do', async () => {
    expect(await fn.invoke(createTagsEvent({ resources: ['vol-0a1b2c3d4e5f60718'] }))).toMatchObject({
      log: [],
      metrics: {},
    });
    expect(actions()).toEqual([]);
  });
});

describe('somebody removes the exemption tag', () => {
  /** Puts what the function has written to its queue back into it. */
  async function deliver() {
    const [put] = aws.take('SendMessageBatch');
    const entries = put?.parameters.Entries as { MessageBody: string }[];
    const Records = entries.map(({ MessageBody }, index) => ({
      messageId: `m${index + 1}`,
      body: MessageBody,
      eventSource: 'aws:sqs',
    }));
    return fn.invoke({ Records });
  }

  it('all tags, and an exemption may never have been there → held as an existing instance, and told', async () => {
    aws.instances.set(INSTANCE, {});

    const { log } = await fn.invoke(deleteTagsEvent({ tags: [] }));

    expect(log).toMatchObject([{ status: 'needs-review', reason: 'existing-instance', trigger: 'revoke', told: true }]);
    expect(aws.instances.get(INSTANCE)).toEqual({});
  });

  it('→ a finding first; that leads to the change, told with the caller of the removal', async () => {
    aws.instances.set(INSTANCE, {});

    const { log, metrics } = await fn.invoke(deleteTagsEvent());

    expect(log).toMatchObject([{ status: 'skipped', reason: 'recorded', trigger: 'revoke', told: false }]);
    expect(metrics).toEqual({});
    expect(aws.instances.get(INSTANCE)).toEqual({});

    const second = await deliver();

    expect(second.result).toEqual({ batchItemFailures: [] });
    expect(second.log).toMatchObject([
      { status: 'remediated', trigger: 'revoke', severity: 'MEDIUM', caller: DEPLOYER, told: true },
    ]);
    expect(second.metrics).toEqual({ Remediated: 1, ExposureSeconds: expect.any(Number) });
    expect(aws.instances.get(INSTANCE)).toMatchObject({ httpTokens: 'required' });
    expect(published().email).toContain('Somebody removed its exemption tag');
  });

  it('and it is there all the same → left open, and told as a warning', async () => {
    aws.instances.set(INSTANCE, { tags: until(30) });

    const { log, metrics } = await fn.invoke(deleteTagsEvent());

    expect(log).toMatchObject([{ status: 'exempt', reason: 'exempt', severity: 'MEDIUM', told: true }]);
    expect(metrics).toEqual({ Exempt: 1 });
    expect(actions()).toEqual(['DescribeInstances', 'Publish']);
  });

  it('of a compliant instance → nobody is told', async () => {
    aws.instances.set(INSTANCE, { httpTokens: 'required' });

    expect((await fn.invoke(deleteTagsEvent())).log).toMatchObject([
      { status: 'skipped', reason: 'compliant', told: false },
    ]);
    expect(actions()).toEqual(['DescribeInstances']);
  });
});
