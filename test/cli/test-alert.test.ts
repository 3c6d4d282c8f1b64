import { ListSubscriptionsByTopicCommand, PublishCommand } from '@aws-sdk/client-sns';
import { main } from '../../cli/main.ts';
import { testAlerts } from '../../cli/test-alert/alerts.ts';
import { STATUSES } from '../../lambda/contract.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';
import { ACCOUNT, NOW, REGION } from '../support/builders.ts';
import { type IoChange, recordingIo } from '../support/io.ts';
import { awsError, healthy, services, subscription, topicArn } from './doctor-aws.ts';

const { sns } = services;

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

describe('the alerts', () => {
  const alerts = testAlerts({ account: ACCOUNT, region: REGION, partition: 'aws' }, { maxExemptionDays: 90 }, NOW);

  it('have one of each status that is notified', () => {
    const kinds = alerts.map(({ attributes: { trigger, status, severity } }) => [trigger, ...status, severity].join());
    expect(kinds).toEqual([
      'launch,remediated,MEDIUM',
      'drift,remediated,HIGH',
      'revoke,remediated,MEDIUM',
      'running,remediated,MEDIUM',
      'launch,would-remediate,MEDIUM',
      'launch,already-remediated,INFORMATIONAL',
      'grant,exempt,MEDIUM',
      'launch,exempt,HIGH',
      'launch,needs-review,HIGH',
      'running,needs-review,INFORMATIONAL',
      'launch,failed,CRITICAL',
      'scan,digest,MEDIUM',
      'command,workload-impact,HIGH',
    ]);
    const notified = STATUSES.filter((status) => status !== 'skipped');
    expect(new Set(alerts.flatMap(({ attributes }) => attributes.status))).toEqual(
      new Set([...notified, 'digest', 'workload-impact']),
    );
    expect(JSON.stringify(alerts.map(({ json }) => json))).toContain('"reason":"exempt-self-granted"');
    for (const { attributes } of alerts) expect(ALL_TRIGGERS.map(({ name }) => name)).toContain(attributes.trigger);
  });

  it.each(alerts.map((alert) => [alert.subject, alert] as const))(
    '%s is marked as a test in subject, JSON and text',
    (_, alert) => {
      expect(alert.subject).toMatch(/^TEST \[IMDSv2 [\x20-\x7e]+$/);
      expect(alert.subject.length).toBeLessThan(100);
      const [status] = alert.attributes.status;
      const schema = status === 'digest' || status === 'workload-impact' ? status : 'outcome';
      expect(alert.json).toMatchObject({ schema: `imdsv2-enforcer.${schema}/v1`, test: true });
      const lines = alert.email.split('\n');
      expect(lines[0]).toMatch(/^THIS IS A TEST/);
      expect(lines.at(-1)).toBe(lines[0]);
    },
  );

  it('include a digest with one instance of each kind, for any maximum exemption duration', () => {
    for (const maxExemptionDays of [1, 90]) {
      const all = testAlerts({ account: ACCOUNT, region: REGION, partition: 'aws' }, { maxExemptionDays }, NOW);
      const digest = all.find(({ attributes }) => attributes.status.includes('digest'));
      expect(digest?.json).toMatchObject({
        counts: { compliant: 1, 'non-compliant': 2, exempt: 1 },
        compliancePercent: 25,
        instances: [{ usage: { kind: 'unused' } }, { usage: { kind: 'in-use' } }, { verdict: 'exempt' }],
      });
    }
  });

  it('include a workload impact alert with the rollback command', () => {
    expect(alerts.at(-1)?.email).toMatch(/imdsv2 rollback i-0{15}10 --region/);
  });

  it('name instances and templates that do not exist', () => {
    for (const { email } of alerts) {
      const ids = [...email.matchAll(/\b(?:i|lt)-[0-9a-z]{8,}/g)].map(([id]) => id);
      expect(ids).not.toEqual([]);
      for (const id of ids) expect(id).toMatch(/^(i|lt)-0{15}/);
      expect(email).not.toContain('modify-instance-metadata-defaults');
    }
  });
});

describe('the command', () => {
  const run = async (args: readonly string[] = [], change: IoChange = {}) => {
    const { io, out, notes, questions } = recordingIo(change);
    const exitCode = await main(['test-alert', '--region', REGION, ...args], io);
    return {
      exitCode,
      out,
      notes,
      questions,
      sent: sns.commandCalls(PublishCommand).map(({ args: [{ input }] }) => input),
    };
  };

  it('prints the subscriptions, asks, and publishes to the topic Outcomes', async () => {
    const Subscriptions = [subscription('a@example.com'), subscription('b@example.com', 'PendingConfirmation')];
    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions });

    const { exitCode, notes, questions, sent, out } = await run([], { confirm: [true] });

    expect(exitCode).toBe(0);
    expect(questions).toEqual([`Send 13 alerts to ${topicArn('Outcomes')}?`]);
    expect(notes).toEqual([
      'To: email a@example.com',
      'Not confirmed: email b@example.com',
      expect.stringContaining(
        `aws sns confirm-subscription --region ${REGION} --topic-arn ${topicArn('Outcomes')} --authenticate-on-unsubscribe true --token TOKEN`,
      ),
    ]);
    expect(new Set(sent.map(({ TopicArn }) => TopicArn))).toEqual(new Set([topicArn('Outcomes')]));
    expect(sent.map(({ Subject }) => Subject)).toEqual(out.slice(0, -1));
    expect(out.at(-1)).toBe(`Sent 13 of 13 alerts to ${topicArn('Outcomes')}`);
    const forms = JSON.parse(sent[0]?.Message ?? '{}') as { default: string; email: string };
    expect(JSON.parse(forms.default)).toMatchObject({ test: true });
    expect(forms.email).toMatch(/^THIS IS A TEST/);
  });

  it.each<readonly [string, IoChange, RegExp]>([
    ['after the answer no', { confirm: [false] }, /Nothing was changed/],
    ['without a terminal', {}, /Re-run with --yes/],
  ])('sends nothing %s', async (_, change, note) => {
    const { exitCode, notes, sent } = await run([], change);
    expect([exitCode, sent]).toEqual([1, []]);
    expect(notes.at(-1)).toMatch(note);
  });

  it('prints a note without a confirmed subscription', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves({});
    expect((await run(['--yes'])).notes[0]).toBe('No confirmed subscription: no one receives alerts.');
  });

  it('sends without permission to list subscriptions', async () => {
    sns.on(ListSubscriptionsByTopicCommand).rejects(awsError('AuthorizationError'));
    const { exitCode, notes, sent } = await run(['--yes']);
    expect([exitCode, sent.length]).toEqual([0, 13]);
    expect(notes).toEqual([expect.stringMatching(/^Subscriptions could not be read: missing permission/)]);
  });

  it('prints what was sent and the error if SNS refuses an alert', async () => {
    sns.on(PublishCommand).resolvesOnce({}).resolvesOnce({}).rejects(awsError('KMSAccessDeniedException', 'no key'));
    const { exitCode, out, notes } = await run(['--yes']);
    expect(exitCode).toBe(1);
    expect(out.at(-1)).toMatch(/^Sent 2 of 13 alerts/);
    expect(notes.at(-1)).toMatch(/^imdsv2: KMSAccessDeniedException: no key/);
  });

  it('prints one document with --json', async () => {
    const { out } = await run(['--yes', '--json']);
    expect(JSON.parse(out.join('\n'))).toMatchObject({
      topicArn: topicArn('Outcomes'),
      sent: expect.arrayContaining([expect.stringMatching(/^TEST /)]),
      confirmed: ['email security@example.com'],
      pending: [],
    });
  });
});
