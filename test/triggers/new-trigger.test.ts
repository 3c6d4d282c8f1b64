import type { RemediatePorts } from '../../lambda/app/remediate.ts';
import { remediate } from '../../lambda/app/remediate.ts';
import { CHANGE, decide } from '../../lambda/core/decide.ts';
import { type OutcomesMessage, toAlerts } from '../../lambda/core/alert/message.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { isNotified, type Outcome } from '../../lambda/core/outcome.ts';
import { type Target, toInstanceId } from '../../lambda/core/target.ts';
import { callerOf, isCall, successful } from '../../lambda/triggers/cloudtrail.ts';
import type { Finding } from '../../lambda/triggers/finding.ts';
import { eventParser, parseEvent, TRIGGERS } from '../../lambda/triggers/index.ts';
import { text } from '../../lambda/triggers/json.ts';
import { asksFor, notUnderstood, type Trigger } from '../../lambda/triggers/trigger.ts';
import { CALLER, context, existing, IMDSV1, INSTANCE, NOW, policy, snapshot } from '../support/builders.ts';
import { launchEvent } from '../support/events.ts';

/** A trigger as it would be added, in one file. It states nothing about the exposure. */
const start: Trigger = {
  name: 'start',
  ruleId: 'Start',
  description: 'Successful StartInstances',
  pattern: successful('StartInstances'),
  accepts: (event) => isCall(event, 'StartInstances'),
  parse: (event, { account, region, eventId, occurredAt }) => {
    const instanceId = toInstanceId(text(event, 'detail', 'requestParameters', 'instanceId'));
    if (instanceId === undefined) return notUnderstood('requestParameters has no usable instanceId');
    return asksFor({
      account,
      region,
      instanceId,
      context: { trigger: start, eventId, occurredAt, caller: callerOf(event) },
    });
  },
};

const parse = eventParser([...TRIGGERS, start]);
const event = launchEvent({ detail: { eventName: 'StartInstances', requestParameters: { instanceId: INSTANCE } } });

/** Runs targets through the use case, with one existing instance that has IMDSv1 enabled. */
async function evaluate(targets: readonly Target[], setting: 'audit' | 'enforce') {
  const findings: Finding[] = [];
  const changed: string[] = [];
  const ports: RemediatePorts = {
    reader: { describe: () => Promise.resolve([existing()]), find: () => Promise.resolve([]) },
    writer: {
      requireTokens: (_, instanceId) => {
        changed.push(instanceId);
        return Promise.resolve({ ...IMDSV1, ...CHANGE });
      },
    },
    queue: {
      putFindings: (put) => {
        findings.push(...put);
        return Promise.resolve();
      },
    },
    time: {
      now: () => NOW,
      sleep: () => Promise.resolve(),
      random: () => 0,
      deadline: new Date(NOW.getTime() + 60_000),
    },
  };
  const outcomes = await remediate(targets, policy({ existing: setting }), ports);
  return { outcomes, changed, findings };
}

function messageOf(outcomes: readonly Outcome[]): OutcomesMessage {
  expect(outcomes.map((outcome) => isNotified(outcome, true))).toEqual(outcomes.map(() => true));
  const [message] = toAlerts(
    outcomes.map((outcome) => toOutcomeDetail(outcome)),
    { maxExemptionDays: 90, now: NOW },
  );
  if (message === undefined) throw new Error('no message');
  return message;
}

describe('a trigger that states nothing about the exposure', () => {
  test.each([existing(), existing({ state: 'stopped' }), snapshot()])(
    'finds existing exposure: with existing=audit, nothing is remediated (%#)',
    (given) => {
      const found = context({ trigger: start });
      expect(decide(given, found, policy(), NOW)).toEqual({ kind: 'needs-review', problem: 'existing-instance' });
      expect(decide(given, found, policy({ existing: 'enforce' }), NOW)).toEqual({ kind: 'remediate' });
    },
  );

  test('is parsed, evaluated and reported with existing=audit', async () => {
    const { targets, problems } = parse(event);
    expect(problems).toEqual([]);

    const { outcomes, changed, findings } = await evaluate(targets, 'audit');

    expect([changed, findings]).toEqual([[], []]);
    expect(outcomes).toMatchObject([{ status: 'needs-review', reason: 'existing-instance' }]);
    const { json, email, attributes } = messageOf(outcomes);
    expect(attributes).toMatchObject({ trigger: ['start'], severity: 'INFORMATIONAL' });
    expect(json).toMatchObject({
      groups: [{ trigger: 'start', outcomes: [{ instanceId: INSTANCE, caller: CALLER }] }],
    });
    expect(email).toContain('Existing instances are reported only');
  });

  test('is remediated and reported with existing=enforce, through a finding on the queue', async () => {
    const { findings } = await evaluate(parse(event).targets, 'enforce');
    const [finding] = findings.map((put) => JSON.parse(JSON.stringify(put)) as unknown);

    const { outcomes, changed } = await evaluate(parse(finding).targets, 'enforce');

    expect(changed).toEqual([INSTANCE]);
    const { json, attributes } = messageOf(outcomes);
    expect(attributes).toMatchObject({ trigger: ['start'], severity: 'MEDIUM', status: ['remediated'] });
    expect(json.groups).toMatchObject([
      { outcomes: [{ explanation: expect.stringMatching(/^IMDSv1 was enabled\. /) }] },
    ]);
  });

  test('is unknown to a deployment without it', async () => {
    const { findings } = await evaluate(parse(event).targets, 'enforce');
    expect(parseEvent(event).problems).toEqual(['no trigger reads this kind of event']);
    expect(parseEvent(findings[0]).problems).toEqual(['detail has no known trigger']);
  });
});
