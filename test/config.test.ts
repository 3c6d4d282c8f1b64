import fc from 'fast-check';
import {
  type Config,
  ConfigError,
  parseConfig,
  parseScanConfig,
  problem,
  type ScanConfig,
  toEnvironment,
  toScanEnvironment,
} from '../lambda/config.ts';

const CONFIG: Config = {
  mode: 'enforce',
  existing: 'audit',
  trail: true,
  maxExemptionDays: 90,
  usageLookBackDays: 14,
  usageMinimumAgeDays: 1,
  outcomesTopicArn: 'arn:aws:sns:eu-west-1:111122223333:imdsv2-outcomes',
  workQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-work',
};

const SCAN: ScanConfig = {
  ...CONFIG,
  scanQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-scan.fifo',
  deadLetterQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-dead',
  ruleNames: ['Imdsv2Enforcer-Launch-1', 'Imdsv2Enforcer-Drift-2'],
  scanEveryHours: 6,
  forwarders: ['eu-central-1', 'us-gov-west-1'],
};

const problemsOf = (
  env: Record<string, string | undefined>,
  parse: (env: Record<string, string | undefined>) => object = parseConfig,
): readonly string[] => {
  try {
    parse(env);
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
    IMDSV2_MAX_EXEMPTION_DAYS: '90',
    IMDSV2_USAGE_LOOK_BACK_DAYS: '14',
    IMDSV2_USAGE_MINIMUM_AGE_DAYS: '1',
    IMDSV2_OUTCOMES_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:imdsv2-outcomes',
    IMDSV2_WORK_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-work',
  });
  expect(toScanEnvironment(SCAN)).toEqual({
    ...toEnvironment(CONFIG),
    IMDSV2_FORWARDERS: 'eu-central-1,us-gov-west-1',
    IMDSV2_SCAN_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-scan.fifo',
    IMDSV2_DEAD_LETTER_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/imdsv2-dead',
    IMDSV2_RULE_NAMES: 'Imdsv2Enforcer-Launch-1,Imdsv2Enforcer-Drift-2',
    IMDSV2_SCAN_EVERY_HOURS: '6',
  });
});

const anyQueueUrl = fc.stringMatching(
  /^https?:\/\/[a-z]\w{0,20}(\.[a-z]{2,10}){1,3}(:\d{2,4})?\/\d{12}\/[\w-]{1,75}(\.fifo)?$/,
);

test('what the construct writes is what the function reads', () => {
  const parts: { readonly [Key in keyof Config]: fc.Arbitrary<Config[Key]> } = {
    mode: fc.constantFrom('enforce', 'audit'),
    existing: fc.constantFrom('audit', 'enforce-when-unused', 'enforce'),
    trail: fc.boolean(),
    maxExemptionDays: fc.integer({ min: 1, max: 3650 }),
    usageLookBackDays: fc.integer({ min: 1, max: 63 }),
    usageMinimumAgeDays: fc.integer({ min: 1, max: 63 }),
    outcomesTopicArn: fc.stringMatching(/^arn:(aws|aws-cn|aws-us-gov):sns:[a-z]{2}-[a-z]{4}-\d:\d{12}:[\w-]{1,80}$/),
    workQueueUrl: anyQueueUrl,
  };
  const anyConfig: fc.Arbitrary<Config> = fc.record(parts);
  fc.assert(fc.property(anyConfig, (config) => expect(parseConfig(toEnvironment(config))).toEqual(config)));

  const anyScan: fc.Arbitrary<ScanConfig> = fc.record({
    ...parts,
    scanQueueUrl: anyQueueUrl,
    deadLetterQueueUrl: anyQueueUrl,
    ruleNames: fc.array(fc.stringMatching(/^[\w.-]{1,64}$/), { minLength: 1, maxLength: 8 }),
    scanEveryHours: fc.constantFrom(1, 2, 3, 4, 6, 8, 12, 24),
    forwarders: fc.array(fc.stringMatching(/^[a-z]{2}(-[a-z]{2,6}){1,2}-\d$/), { maxLength: 5 }),
  });
  fc.assert(fc.property(anyScan, (config) => expect(parseScanConfig(toScanEnvironment(config))).toEqual(config)));
});

test('everything that is missing is said at once', () => {
  expect(problemsOf({})).toEqual([
    'IMDSV2_MODE is missing; accepted: enforce | audit',
    'IMDSV2_EXISTING is missing; accepted: audit | enforce-when-unused | enforce',
    'IMDSV2_TRAIL is missing; accepted: true | false',
    'IMDSV2_MAX_EXEMPTION_DAYS is missing; accepted: a whole number from 1 to 3650',
    'IMDSV2_USAGE_LOOK_BACK_DAYS is missing; accepted: a whole number from 1 to 63',
    'IMDSV2_USAGE_MINIMUM_AGE_DAYS is missing; accepted: a whole number from 1 to 63',
    'IMDSV2_OUTCOMES_TOPIC_ARN is missing; accepted: an SNS topic ARN',
    'IMDSV2_WORK_QUEUE_URL is missing; accepted: an SQS queue URL',
  ]);
  expect(problemsOf(toEnvironment(CONFIG), parseScanConfig)).toEqual([
    'IMDSV2_SCAN_QUEUE_URL is missing; accepted: an SQS queue URL',
    'IMDSV2_DEAD_LETTER_QUEUE_URL is missing; accepted: an SQS queue URL',
    'IMDSV2_RULE_NAMES is missing; accepted: rule names, separated by commas',
    'IMDSV2_SCAN_EVERY_HOURS is missing; accepted: 1 | 2 | 3 | 4 | 6 | 8 | 12 | 24',
    'IMDSV2_FORWARDERS is missing; accepted: names of regions, separated by commas | none',
  ]);
});

test('the error shows every problem with the value and what is accepted', () => {
  const env = { ...toEnvironment(CONFIG), IMDSV2_MODE: 'enfroce', IMDSV2_EXISTING: 'maybe' };
  expect(() => parseConfig(env)).toThrow(
    new ConfigError([
      problem('IMDSV2_MODE', 'enfroce', 'enforce | audit'),
      problem('IMDSV2_EXISTING', 'maybe', 'audit | enforce-when-unused | enforce'),
    ]),
  );
  expect(new ConfigError(['a', 'b']).message).toBe('invalid configuration:\n  - a\n  - b');
});

test.each([
  ['IMDSV2_MODE', ['', 'Enforce', 'enforce ', 'constructor']],
  ['IMDSV2_EXISTING', ['', 'when-unused', 'AUDIT']],
  ['IMDSV2_TRAIL', ['', 'yes', 'True', '1', 'existing', 'constructor', 'toString', '__proto__']],
  ['IMDSV2_MAX_EXEMPTION_DAYS', ['', '0', '3651', '-1', '1.5', '1e3', '90 ', '٩٠', 'Infinity', '99999999999']],
  ['IMDSV2_USAGE_LOOK_BACK_DAYS', ['', '0', '64', '1.5']],
  ['IMDSV2_USAGE_MINIMUM_AGE_DAYS', ['', '0', '64', '-1']],
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
  ['IMDSV2_SCAN_QUEUE_URL', ['', 'arn:aws:sqs:eu-west-1:111122223333:x']],
  ['IMDSV2_DEAD_LETTER_QUEUE_URL', ['', 'dead']],
  ['IMDSV2_RULE_NAMES', ['', ',', 'a,', 'a b', 'arn:aws:events:eu-west-1:111122223333:rule/x']],
  ['IMDSV2_SCAN_EVERY_HOURS', ['', '0', '5', '48', '06', '6.0']],
] as const)('%s accepts nothing but what it says', (name, values) => {
  for (const value of values) {
    const problems = problemsOf({ ...toScanEnvironment(SCAN), [name]: value }, parseScanConfig);
    expect({ value, problems }).toEqual({
      value,
      problems: [expect.stringContaining(`${name} is ${JSON.stringify(value)};`)],
    });
  }
});

test.each([
  ['IMDSV2_MAX_EXEMPTION_DAYS', '1', { maxExemptionDays: 1 }],
  ['IMDSV2_MAX_EXEMPTION_DAYS', '3650', { maxExemptionDays: 3650 }],
  ['IMDSV2_TRAIL', 'false', { trail: false }],
  [
    'IMDSV2_WORK_QUEUE_URL',
    'http://127.0.0.1:4599/111122223333/work',
    { workQueueUrl: 'http://127.0.0.1:4599/111122223333/work' },
  ],
] as const)('%s=%s', (name, value, read) => {
  expect(parseConfig({ ...toEnvironment(CONFIG), [name]: value })).toEqual({ ...CONFIG, ...read });
});
