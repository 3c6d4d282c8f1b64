import { STATUSES } from '../../lambda/contract.ts';
import { type OutcomesMessage, toAlerts } from '../../lambda/core/alert/message.ts';
import { toSnsText } from '../../lambda/core/message.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { toOutcomeDetail } from '../../lambda/core/outcome-detail.ts';
import { instanceId, NOW, outcome, snapshot, target } from '../support/builders.ts';

const OPTIONS = { maxExemptionDays: 90, now: NOW };
const LIMIT = 240 * 1024;

const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

const messagesOf = (outcomes: readonly Outcome[]): OutcomesMessage[] =>
  toAlerts(
    outcomes.map((each) => toOutcomeDetail(each)),
    OPTIONS,
  );

const idsIn = ({ json }: OutcomesMessage): readonly string[] => json.groups.flatMap(({ instanceIds }) => instanceIds);

/** The longest names that users can set, of the characters that take most bytes as JSON in JSON. */
const LONG_NAMES = {
  quotes: '"\\'.repeat(128).slice(0, 255),
  emoji: '😀'.repeat(255),
  han: '重'.repeat(255),
  apostrophes: "'".repeat(255),
};

function withNames(count: number, text: string): Outcome[] {
  const tags = Object.fromEntries(
    [
      'Name',
      'aws:autoscaling:groupName',
      'aws:ec2launchtemplate:id',
      'aws:ec2launchtemplate:version',
      'aws:ec2:fleet-id',
      'aws:cloudformation:stack-name',
      'aws:cloudformation:logical-id',
      'eks:cluster-name',
      'elasticbeanstalk:environment-name',
    ].map((key) => [key, text]),
  );
  const caller = { principal: text, sourceIp: text, userAgent: text, invokedBy: text };
  const like = snapshot({ tags });
  return Array.from({ length: count }, (_, index) =>
    outcome({
      target: target({ instanceId: instanceId(index), caller, eventId: text }),
      snapshot: { ...like, instanceId: instanceId(index) },
      status: STATUSES[index % STATUSES.length],
      detail: text,
    }),
  );
}

describe.each(Object.entries(LONG_NAMES))('with %s in every name', (_, text) => {
  test.each([1, 2, 26, 1_000])('%i instances: each message fits SNS, and no instance is missing', (count) => {
    const outcomes = withNames(count, text);
    const messages = messagesOf(outcomes);
    for (const message of messages) expect(bytes(toSnsText(message))).toBeLessThanOrEqual(LIMIT);
    expect(messages.flatMap(idsIn).toSorted()).toEqual(outcomes.map((each) => each.target.instanceId));
  });
});

test('25,000 instances: each message fits SNS, and no instance is missing', () => {
  const outcomes = withNames(25_000, '😀');
  const messages = messagesOf(outcomes);
  // Half of them is still too large for one message.
  expect(messages.length).toBeGreaterThan(2);
  for (const message of messages) expect(bytes(toSnsText(message))).toBeLessThanOrEqual(LIMIT);
  expect(messages.flatMap(idsIn).toSorted()).toEqual(outcomes.map((each) => each.target.instanceId));
});

test('one message about a launch of 1,000 instances', () => {
  const plain = Array.from({ length: 1_000 }, (_, index) =>
    outcome({ target: target({ instanceId: instanceId(index) }) }),
  );
  expect(messagesOf(plain)).toHaveLength(1);
});

test('toSnsText() has both forms, the default one as JSON', () => {
  const [message] = messagesOf([outcome()]);
  if (message === undefined) throw new Error('no message');
  const forms = JSON.parse(toSnsText(message)) as Record<string, string>;
  expect(Object.keys(forms)).toEqual(['default', 'email']);
  expect(JSON.parse(forms.default ?? '')).toEqual(JSON.parse(JSON.stringify(message.json)));
  expect(forms.email).toBe(message.email);
});
