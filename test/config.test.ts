import fc from 'fast-check';
import { type Config, ConfigError, parseConfig, problem, toEnvironment } from '../lambda/config.ts';

const CONFIG: Config = {
  mode: 'enforce',
  existing: 'audit',
  trail: true,
  exemptionHorizonDays: 90,
  outcomesTopicArn: 'arn:aws:sns:eu-west-1:111122223333:imdsv2-outcomes',
  workQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-work',
};

const problemsOf = (env: Record<string, string | undefined>): readonly string[] => {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

test('the names of the environment variables', () => {
  expect(toEnvironment(CONFIG)).toEqual({
    IMDSV2_MODE: 'enforce',
    IMDSV2_EXISTING: 'audit',
    IMDSV2_TRAIL: 'true',
    IMDSV2_EXEMPTION_HORIZON_DAYS: '90',
    IMDSV2_OUTCOMES_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:imdsv2-outcomes',
    IMDSV2_WORK_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-work',
  });
});

test('what the construct writes is what the function reads', () => {
  const anyConfig: fc.Arbitrary<Config> = fc.record({
    mode: fc.constantFrom('enforce', 'audit'),
    existing: fc.constantFrom('audit', 'enforce'),
    trail: fc.boolean(),
    exemptionHorizonDays: fc.integer({ min: 1, max: 3650 }),
    outcomesTopicArn: fc.stringMatching(/^arn:(aws|aws-cn|aws-us-gov):sns:[a-z]{2}-[a-z]{4}-\d:\d{12}:[\w-]{1,80}$/),
    workQueueUrl: fc.webUrl({ validSchemes: ['http', 'https'] }),
  });
  fc.assert(fc.property(anyConfig, (config) => expect(parseConfig(toEnvironment(config))).toEqual(config)));
});

test('everything that is missing is said at once', () => {
  expect(problemsOf({})).toEqual([
    'IMDSV2_MODE is missing; accepted: enforce | audit',
    'IMDSV2_EXISTING is missing; accepted: audit | enforce',
    'IMDSV2_TRAIL is missing; accepted: true | false',
    'IMDSV2_EXEMPTION_HORIZON_DAYS is missing; accepted: a whole number from 1 to 3650',
    'IMDSV2_OUTCOMES_TOPIC_ARN is missing; accepted: an SNS topic ARN',
    'IMDSV2_WORK_QUEUE_URL is missing; accepted: an SQS queue URL',
  ]);
});

test('the error shows every problem with the value and what is accepted', () => {
  const env = { ...toEnvironment(CONFIG), IMDSV2_MODE: 'enfroce', IMDSV2_EXISTING: 'maybe' };
  expect(() => parseConfig(env)).toThrow(
    new ConfigError([
      problem('IMDSV2_MODE', 'enfroce', 'enforce | audit'),
      problem('IMDSV2_EXISTING', 'maybe', 'audit | enforce'),
    ]),
  );
  expect(new ConfigError(['a', 'b']).message).toBe('invalid configuration:\n  - a\n  - b');
});

test.each([
  ['IMDSV2_MODE', ['', 'Enforce', 'enforce ', 'constructor']],
  ['IMDSV2_EXISTING', ['', 'enforce-when-quiet', 'AUDIT']],
  ['IMDSV2_TRAIL', ['', 'yes', 'True', '1', 'existing', 'constructor', 'toString', '__proto__']],
  ['IMDSV2_EXEMPTION_HORIZON_DAYS', ['', '0', '3651', '-1', '1.5', '1e3', '90 ', '٩٠', 'Infinity', '99999999999']],
  [
    'IMDSV2_OUTCOMES_TOPIC_ARN',
    [
      '',
      'imdsv2-outcomes',
      'arn:aws:sqs:eu-west-1:111122223333:x',
      'arn:aws:sns:eu-west-1:111122223333:x\n',
      'arn:aws:sns:eu-west-1:1111:x',
    ],
  ],
  ['IMDSV2_WORK_QUEUE_URL', ['', 'arn:aws:sqs:eu-west-1:111122223333:x', 'ftp://x', 'https://', 'https://a b']],
] as const)('%s accepts nothing but what it says', (name, values) => {
  for (const value of values) {
    const problems = problemsOf({ ...toEnvironment(CONFIG), [name]: value });
    expect({ value, problems }).toEqual({
      value,
      problems: [expect.stringContaining(`${name} is ${JSON.stringify(value)};`)],
    });
  }
});

test.each([
  ['IMDSV2_EXEMPTION_HORIZON_DAYS', '1', { exemptionHorizonDays: 1 }],
  ['IMDSV2_EXEMPTION_HORIZON_DAYS', '3650', { exemptionHorizonDays: 3650 }],
  ['IMDSV2_TRAIL', 'false', { trail: false }],
  [
    'IMDSV2_WORK_QUEUE_URL',
    'http://127.0.0.1:4599/111122223333/work',
    { workQueueUrl: 'http://127.0.0.1:4599/111122223333/work' },
  ],
] as const)('%s=%s', (name, value, read) => {
  expect(parseConfig({ ...toEnvironment(CONFIG), [name]: value })).toEqual({ ...CONFIG, ...read });
});
