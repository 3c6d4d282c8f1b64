import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import { main } from '../../cli/main.ts';
import { testEvents } from '../../cli/test-alert/alerts.ts';
import { messagesOf } from '../../lambda/app/notify/deliver.ts';
import { STATUSES } from '../../lambda/contract.ts';
import { ALL_TRIGGERS, TRIGGERS } from '../../lambda/triggers/index.ts';
import { ACCOUNT, NOW, REGION } from '../support/builders.ts';
import { type IoChange, recordingIo } from '../support/io.ts';
import { awsError, healthy, services, subscription } from './doctor-aws.ts';
import { topicArn } from './doctor-stack.ts';

const { events, sns } = services;
const PLACE = { account: ACCOUNT, region: REGION, partition: 'aws' };
const BUS = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`;

/** The alerts about each event, as if it were sent alone. */
const alertsAbout = (maxExemptionDays: number) =>
  testEvents(PLACE, { maxExemptionDays }, NOW).flatMap(({ detail }) => messagesOf([detail], { maxExemptionDays }, NOW));

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

describe('the alerts', () => {
  const alerts = alertsAbout(90);

  it('have one of each status that is notified', () => {
    const kinds = alerts.map(({ attributes: { trigger, status, severity } }) =>
      [trigger, status, severity].flat().join(),
    );
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
      'refused-launch,prevention,MEDIUM',
      'weakened-defaults,prevention,HIGH',
    ]);
    const notified = STATUSES.filter((status) => status !== 'skipped');
    expect(new Set(alerts.flatMap(({ attributes }) => attributes.status))).toEqual(
      new Set([...notified, 'digest', 'workload-impact', 'prevention']),
    );
    expect(JSON.stringify(alerts.map(({ json }) => json))).toContain('"reason":"exempt-self-granted"');
    expect([...ALL_TRIGGERS, ...TRIGGERS].map(({ name }) => name)).toEqual(
      expect.arrayContaining(alerts.flatMap(({ attributes }) => attributes.trigger)),
    );
  });

  it.each(alerts.map((alert) => [alert.subject, alert] as const))(
    '%s is marked as a test in subject, JSON and text',
    (_, alert) => {
      expect(alert.subject).toMatch(/^TEST \[IMDSv2 [\x20-\x7e]+$/);
      expect(alert.subject.length).toBeLessThan(100);
      const [status] = alert.attributes.status;
      const isOutcome = STATUSES.some((one) => one === status);
      const schema = isOutcome ? 'alert' : status;
      expect(alert.json).toMatchObject({ schema: `imdsv2-enforcer.${schema}/v1`, test: true });
      const lines = alert.email.split('\n');
      expect(lines[0]).toMatch(/^THIS IS A TEST/);
      expect(lines.at(-1)).toBe(lines[0]);
    },
  );

  it('include a digest with one instance of each kind, for any maximum exemption duration', () => {
    for (const maxExemptionDays of [1, 90]) {
      const all = alertsAbout(maxExemptionDays);
      const digest = all.find(({ attributes }) => attributes.status.includes('digest'));
      expect(digest?.json).toMatchObject({
        counts: { compliant: 1, 'non-compliant': 2, exempt: 1 },
        compliancePercent: 25,
        instances: [{ usage: { kind: 'unused' } }, { usage: { kind: 'in-use' } }, { verdict: 'exempt' }],
      });
    }
  });

  it('include a workload impact alert with the rollback command', () => {
    const impact = alerts.find(({ attributes }) => attributes.status.includes('workload-impact'));
    expect(impact?.email).toMatch(/imdsv2 rollback i-0{15}10 --region/);
  });

  it('name instances and templates that do not exist', () => {
    for (const { email, attributes } of alerts) {
      const ids = [...email.matchAll(/\b(?:i|lt)-[0-9a-z]{8,}/g)].map(([id]) => id);
      expect(ids.length > 0).toBe(attributes.trigger.toString() !== 'weakened-defaults');
      for (const id of ids) expect(id).toMatch(/^(i|lt)-0{15}/);
      expect(email).not.toContain('modify-instance-metadata-defaults');
    }
  });
});

describe('the command', () => {
  const run = async (args: readonly string[] = [], change: IoChange = {}) => {
    const { io, out, notes, questions } = recordingIo(change);
    const exitCode = await main(['test-alert', '--region', REGION, ...args], io);
    const entries = events.commandCalls(PutEventsCommand).flatMap(({ args: [{ input }] }) => input.Entries ?? []);
    return { exitCode, out, notes, questions, sent: entries };
  };
  beforeEach(() => {
    events.on(PutEventsCommand).callsFake(({ Entries }: { Entries: readonly unknown[] }) => ({
      Entries: Entries.map((_, index) => ({ EventId: `e-${index}` })),
    }));
  });

  it('prints the subscriptions, asks, and puts the events on the bus of the deployment', async () => {
    const Subscriptions = [subscription('a@example.com'), subscription('b@example.com', 'PendingConfirmation')];
    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions });

    const { exitCode, notes, questions, sent, out } = await run([], { confirm: [true] });

    expect(exitCode).toBe(0);
    expect(questions).toEqual([`Put 15 test events on ${BUS}?`]);
    expect(notes).toEqual([
      'To: email a@example.com',
      'Not confirmed: email b@example.com',
      expect.stringMatching(/^Confirm subscriptions with the following command, /),
      expect.stringContaining(
        `aws sns confirm-subscription --region ${REGION} --topic-arn ${topicArn('Outcomes')} --authenticate-on-unsubscribe true --token TOKEN`,
      ),
    ]);
    expect(new Set(sent.map(({ EventBusName }) => EventBusName))).toEqual(new Set([BUS]));
    for (const { Detail = '' } of sent) expect(JSON.parse(Detail)).toMatchObject({ test: true });
    expect(out).toEqual([
      `Sent 15 of 15 events to ${BUS}`,
      'Expect alerts about 6 of them within a minute, and about the others within 15 minutes',
    ]);
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
    expect([exitCode, sent.length]).toEqual([0, 15]);
    expect(notes).toEqual([expect.stringMatching(/^Subscriptions could not be read: missing permission/)]);
  });

  it('prints what was sent and the error if EventBridge refuses the events', async () => {
    events.on(PutEventsCommand).rejects(awsError('AccessDeniedException', 'no'));
    const { exitCode, out, notes } = await run(['--yes']);
    expect(exitCode).toBe(1);
    expect(out[0]).toMatch(/^Sent 0 of 15 events/);
    expect(notes.at(-1)).toMatch(/could not be put on the event bus/);
  });

  it('prints one document with --json', async () => {
    const { out } = await run(['--yes', '--json']);
    expect(JSON.parse(out.join('\n'))).toMatchObject({
      busArn: BUS,
      topicArn: topicArn('Outcomes'),
      sent: expect.arrayContaining(['CRITICAL', 'MEDIUM']),
      confirmed: ['email security@example.com'],
      pending: [],
    });
  });
});
