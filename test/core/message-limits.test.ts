import fc from 'fast-check';
import { STATUSES, TRIGGERS } from '../../lambda/contract.ts';
import { FAILURE_KINDS } from '../../lambda/core/failure.ts';
import { type AlertMessage, toMessages, toSnsText } from '../../lambda/core/message.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { instanceId, outcome, snapshot, target } from '../support/builders.ts';
import { hostileText, INVISIBLE } from '../support/hostile.ts';

const OPTIONS = { maxExemptionDays: 90 };
const LIMIT = 240 * 1024;

const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

const idsIn = ({ json }: AlertMessage): string[] => [
  ...json.outcomes.map((told) => told.instanceId),
  ...Object.values(json.more).flat(),
];

/** As heavy as a stranger can make it: 255 characters everywhere, of the sort that weighs most once it is JSON in JSON. */
const HEAVY = {
  quotes: '"\\'.repeat(128).slice(0, 255),
  emoji: '😀'.repeat(255),
  han: '重'.repeat(255),
  apostrophes: "'".repeat(255),
};

function heavy(count: number, text: string): Outcome[] {
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

describe.each(Object.entries(HEAVY))('with %s in every name', (_, text) => {
  test.each([1, 2, 26, 1_000])('%i instances: each message fits SNS, and nobody is lost', (count) => {
    const outcomes = heavy(count, text);
    const messages = toMessages(outcomes, OPTIONS);
    for (const message of messages) expect(bytes(toSnsText(message))).toBeLessThanOrEqual(LIMIT);
    const told = messages.flatMap(idsIn);
    expect(told.toSorted()).toEqual(outcomes.map((each) => each.target.instanceId));
  });
});

test('15,000 instances: each message fits SNS, and nobody is lost', () => {
  const outcomes = heavy(15_000, HEAVY.emoji);
  const messages = toMessages(outcomes, OPTIONS);
  // Half of them is still too much for one message.
  expect(messages.length).toBeGreaterThan(2);
  for (const message of messages) expect(bytes(toSnsText(message))).toBeLessThanOrEqual(LIMIT);
  const told = messages.flatMap(idsIn);
  expect(told.toSorted()).toEqual(outcomes.map((each) => each.target.instanceId));
});

test('names however heavy do not turn one alert into many: fewer are told in detail', () => {
  const [message, ...more] = toMessages(heavy(1_000, HEAVY.emoji), OPTIONS);
  expect(more).toEqual([]);
  expect(message?.json.outcomes.length).toBeGreaterThan(0);
  expect(message?.json.outcomes.every(({ severity }) => severity === 'CRITICAL')).toBe(true);
});

test('exactly as heavy as allowed is told in full, a byte more is not', () => {
  // An event id is in the form for machines only, where a letter is a byte.
  const padded = (bytesMore: number): Outcome[] =>
    heavy(4_250, 'web').map((each, index) => {
      const eventId = 'x'.repeat(Math.min(128, Math.max(0, bytesMore - index * 128)));
      return outcome({
        ...each,
        status: 'needs-review',
        target: { ...each.target, context: { ...each.target.context, eventId } },
      });
    });
  const told = (bytesMore: number) => toMessages(padded(bytesMore), OPTIONS);
  const weight = ([message]: readonly AlertMessage[]) => bytes(message === undefined ? '' : toSnsText(message));
  const room = LIMIT - weight(told(0));
  expect(room).toBeGreaterThan(0);
  expect(room).toBeLessThan(25 * 128);
  expect([weight(told(room)), told(room)[0]?.json.outcomes.length]).toEqual([LIMIT, 25]);
  expect(told(room + 1)[0]?.json.outcomes.length).toBe(12);
});

test('every id is in the mail as well, exactly once as a title or in the rest', () => {
  const messages = toMessages(heavy(5_000, 'web'), OPTIONS);
  const named = messages.flatMap(({ email }) => [
    ...[...email.matchAll(/^(i-\w+)[: ]/gm)].map(([, id]) => id),
    ...[...email.matchAll(/^\d+ more \S+: (.*)$/gm)].flatMap(([, ids = '']) => ids.split(' ')),
  ]);
  expect(named).toHaveLength(5_000);
  expect(new Set(named).size).toBe(5_000);
});

test('a plain launch of 1,000 is one message', () => {
  const plain = Array.from({ length: 1_000 }, (_, index) =>
    outcome({ target: target({ instanceId: instanceId(index) }) }),
  );
  expect(toMessages(plain, OPTIONS)).toHaveLength(1);
});

test('what SNS is given is both forms, the one for machines being JSON', () => {
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
    trigger: fc.constantFrom(...TRIGGERS),
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

/** The lines of a mail that are commands: what is quoted in them must stay as it is. */
const isCommand = (line: string): boolean => line.startsWith(' '.repeat(13));

test('for any outcomes: subject under 100 ASCII characters, mail without hidden characters, links or extra lines', () => {
  fc.assert(
    fc.property(fc.array(anyOutcome, { minLength: 1, maxLength: 30 }), (outcomes) => {
      for (const { subject, email, json } of toMessages(outcomes, OPTIONS)) {
        expect(subject).toMatch(/^\[IMDSv2 [ -~]{1,91}$/);
        const lines = email.split('\n');
        expect(lines.filter((line) => INVISIBLE.test(line))).toEqual([]);
        expect(lines.filter((line) => !isCommand(line)).join('\n')).not.toMatch(/:\/\/|www\.[a-z]{2}/i);
        // Nothing that a stranger wrote starts a line: only our own titles, labels and closing words do.
        const OURS =
          /^$|^IMDSv2 enforcer, |^i-\w+[: ]|^ {2}(what|detail|options|who|when|launchSource|caller|note|prevent|undo) |^ {13}aws |^\d+ more |^Instances stay exempt /;
        expect(lines.filter((line) => !OURS.test(line))).toEqual([]);
        expect(JSON.stringify(json)).not.toMatch(INVISIBLE);
      }
    }),
    { numRuns: 60 },
  );
});
