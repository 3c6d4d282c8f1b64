import fc from 'fast-check';
import { STATUSES } from '../../lambda/contract.ts';
import { FAILURE_KINDS } from '../../lambda/core/failure.ts';
import { type AlertMessage, toMessages, toSnsText } from '../../lambda/core/message.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';
import { instanceId, outcome, snapshot, target } from '../support/builders.ts';
import { hostileText, INVISIBLE } from '../support/hostile.ts';

const OPTIONS = { maxExemptionDays: 90 };
const LIMIT = 240 * 1024;

const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

const idsIn = ({ json }: AlertMessage): string[] => [
  ...json.outcomes.map((detailed) => detailed.instanceId),
  ...Object.values(json.more).flat(),
];

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
    const messages = toMessages(outcomes, OPTIONS);
    for (const message of messages) expect(bytes(toSnsText(message))).toBeLessThanOrEqual(LIMIT);
    expect(messages.flatMap(idsIn).toSorted()).toEqual(outcomes.map((each) => each.target.instanceId));
  });
});

test('15,000 instances: each message fits SNS, and no instance is missing', () => {
  const outcomes = withNames(15_000, LONG_NAMES.emoji);
  const messages = toMessages(outcomes, OPTIONS);
  // Half of them is still too large for one message.
  expect(messages.length).toBeGreaterThan(2);
  for (const message of messages) expect(bytes(toSnsText(message))).toBeLessThanOrEqual(LIMIT);
  expect(messages.flatMap(idsIn).toSorted()).toEqual(outcomes.map((each) => each.target.instanceId));
});

test('reduces the details rather than split an alert because of long names', () => {
  const [message, ...more] = toMessages(withNames(1_000, LONG_NAMES.emoji), OPTIONS);
  expect(more).toEqual([]);
  expect(message?.json.outcomes.length).toBeGreaterThan(0);
  expect(message?.json.outcomes.every(({ severity }) => severity === 'CRITICAL')).toBe(true);
});

test('a message of the maximum size has full details, one byte more has not', () => {
  // An event id is in the JSON form only, where a letter is a byte.
  const padded = (bytesMore: number): Outcome[] =>
    withNames(4_250, 'web').map((each, index) => {
      const eventId = 'x'.repeat(Math.min(128, Math.max(0, bytesMore - index * 128)));
      return outcome({
        ...each,
        status: 'needs-review',
        reason: 'unreadable',
        target: { ...each.target, context: { ...each.target.context, eventId } },
      });
    });
  const messagesWith = (bytesMore: number) => toMessages(padded(bytesMore), OPTIONS);
  const size = ([message]: readonly AlertMessage[]) => bytes(message === undefined ? '' : toSnsText(message));
  const free = LIMIT - size(messagesWith(0));
  expect(free).toBeGreaterThan(0);
  expect(free).toBeLessThan(25 * 128);
  expect([size(messagesWith(free)), messagesWith(free)[0]?.json.outcomes.length]).toEqual([LIMIT, 25]);
  expect(messagesWith(free + 1)[0]?.json.outcomes.length).toBe(12);
});

test('lists every id in the email exactly once, as a title or after the details', () => {
  const messages = toMessages(withNames(5_000, 'web'), OPTIONS);
  const named = messages.flatMap(({ email }) => [
    ...[...email.matchAll(/^(i-\w+)[: ]/gm)].map(([, id]) => id),
    ...[...email.matchAll(/^\d+ more \S+: (.*)$/gm)].flatMap(([, ids = '']) => ids.split(' ')),
  ]);
  expect(named).toHaveLength(5_000);
  expect(new Set(named).size).toBe(5_000);
});

test('sends one message about a launch of 1,000 instances', () => {
  const plain = Array.from({ length: 1_000 }, (_, index) =>
    outcome({ target: target({ instanceId: instanceId(index) }) }),
  );
  expect(toMessages(plain, OPTIONS)).toHaveLength(1);
});

test('toSnsText() has both forms, the default one as JSON', () => {
  const [message] = toMessages([outcome()], OPTIONS);
  if (message === undefined) throw new Error('no message');
  const forms = JSON.parse(toSnsText(message)) as Record<string, string>;
  expect(Object.keys(forms)).toEqual(['default', 'email']);
  expect(JSON.parse(forms.default ?? '')).toEqual(JSON.parse(JSON.stringify(message.json)));
  expect(forms.email).toBe(message.email);
});

const REGIONS = ['eu-west-1', 'us-gov-northwest-1', 'ap-southeast-5', 'us-isob-east-1'];

const anyTarget = fc
  .record({
    account: fc.constantFrom('111122223333', '444455556666'),
    region: fc.constantFrom(...REGIONS),
    instanceId: fc.stringMatching(/^i-[0-9a-f]{8,32}$/),
    trigger: fc.constantFrom(...ALL_TRIGGERS),
    eventId: hostileText(),
    caller: fc.option(
      fc.record({
        principal: hostileText(),
        sourceIp: hostileText(),
        userAgent: hostileText(),
        invokedBy: hostileText(),
      }),
      { nil: undefined },
    ),
  })
  .map(target);

const anySnapshot = fc
  .record({
    tags: fc.dictionary(fc.constantFrom('Name', 'aws:autoscaling:groupName', 'eks:nodegroup-name'), hostileText()),
    options: fc.record({ HttpTokens: hostileText(), HttpEndpoint: hostileText() }, { requiredKeys: [] }),
  })
  .map(snapshot);

const anyOutcome = fc
  .record({
    target: anyTarget,
    status: fc.constantFrom(...STATUSES),
    snapshot: fc.option(anySnapshot, { nil: undefined }),
    detail: fc.option(hostileText(), { nil: undefined }),
    failure: fc.constantFrom(...FAILURE_KINDS),
  })
  .map(({ failure, ...over }) => outcome({ ...over, ...(over.status === 'failed' ? { reason: failure } : {}) }));

/** Whether a line of an email is a command, whose quoted words must not be changed. */
const isCommand = (line: string): boolean => line.startsWith(' '.repeat(13));

test('any outcomes: a subject of ASCII under 100 characters, an email without invisible characters, links or injected lines', () => {
  fc.assert(
    fc.property(fc.array(anyOutcome, { minLength: 1, maxLength: 30 }), (outcomes) => {
      for (const { subject, email, json } of toMessages(outcomes, OPTIONS)) {
        expect(subject).toMatch(/^\[IMDSv2 [ -~]{1,91}$/);
        const lines = email.split('\n');
        expect(lines.filter((line) => INVISIBLE.test(line))).toEqual([]);
        expect(lines.filter((line) => !isCommand(line)).join('\n')).not.toMatch(/:\/\/|www\.[a-z]{2}/i);
        // Untrusted text never starts a line: every line is a title, a label, or fixed text.
        const FIXED =
          /^$|^IMDSv2 enforcer, |^i-\w+[: ]|^ {2}(what|detail|options|who|when|source|caller|note|prevent|revoke|undo) |^ {13}aws |^\d+ more |^To exempt an instance/;
        expect(lines.filter((line) => !FIXED.test(line))).toEqual([]);
        expect(JSON.stringify(json)).not.toMatch(INVISIBLE);
      }
    }),
    { numRuns: 60 },
  );
});
