import fc from 'fast-check';
import {
  type Config,
  parseConfig,
  parseScanConfig,
  rulesOf,
  type ScanConfig,
  scansMayChange,
} from '../lambda/config.ts';
import { CONFIG as ENTRIES, SCAN_CONFIG as SCAN_ENTRIES, toEnvironment, toScanEnvironment } from '../lambda/config.ts';
import { ConfigError, problem } from '../lambda/parsers.ts';
import { CONFIG, SCAN_CONFIG } from './support/config.ts';

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

const anyQueueUrl = fc.stringMatching(
  /^https?:\/\/[a-z]\w{0,20}(\.[a-z]{2,10}){1,3}(:\d{2,4})?\/\d{12}\/[\w-]{1,75}(\.fifo)?$/,
);

describe('toEnvironment and toScanEnvironment', () => {
  it('derive the names of the variables from the keys', () => {
    expect(toEnvironment(CONFIG)).toMatchObject({
      IMDSV2_MODE: 'enforce',
      IMDSV2_TRAIL: 'true',
      IMDSV2_MAX_EXEMPTION_DAYS: '90',
      IMDSV2_OUTCOME_BUS_ARN: 'arn:aws:events:eu-west-1:111122223333:event-bus/default',
    });
    expect(toScanEnvironment({ ...SCAN_CONFIG, forwarders: ['eu-central-1', 'us-gov-west-1'] })).toMatchObject({
      ...toEnvironment(CONFIG),
      IMDSV2_STACK_NAME: 'Imdsv2Enforcer',
      IMDSV2_FORWARDERS: 'eu-central-1,us-gov-west-1',
    });
  });

  it('write what parseConfig and parseScanConfig read', () => {
    const parts: { readonly [Key in keyof Config]?: fc.Arbitrary<Config[Key]> } = {
      mode: fc.constantFrom('enforce', 'audit'),
      existing: fc.constantFrom('audit', 'enforce-when-unused', 'enforce'),
      enforceSince: fc.constantFrom('none', '2026-11-01'),
      trail: fc.boolean(),
      maxExemptionDays: fc.integer({ min: 1, max: 3650 }),
      usageLookBackDays: fc.integer({ min: 1, max: 63 }),
      usageMinimumAgeDays: fc.integer({ min: 1, max: 63 }),
      outcomeBusArn: fc.stringMatching(
        /^arn:(aws|aws-cn|aws-us-gov):events:[a-z]{2}-[a-z]{4}-\d:\d{12}:event-bus\/[\w.-]{1,80}$/,
      ),
      ownerTag: fc.constantFrom('none', 'Owner', 'cost center', 'team:owner'),
      workQueueUrl: anyQueueUrl,
    };
    const anyConfig = fc.record(parts).map((over): Config => ({ ...CONFIG, ...over }));
    fc.assert(fc.property(anyConfig, (config) => expect(parseConfig(toEnvironment(config))).toEqual(config)));

    const scanParts: { readonly [Key in keyof ScanConfig]?: fc.Arbitrary<ScanConfig[Key]> } = {
      ...parts,
      scanQueueUrl: anyQueueUrl,
      stackName: fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,127}$/),
      alertSummaryMinutes: fc.nat({ max: 15 }),
      scanEveryHours: fc.constantFrom(1, 2, 3, 4, 6, 8, 12, 24),
      forwarders: fc.uniqueArray(fc.stringMatching(/^[a-z]{2}(-[a-z]{2,6}){1,2}-\d$/), { maxLength: 5 }),
    };
    const anyScan = fc.record(scanParts).map((over): ScanConfig => ({ ...SCAN_CONFIG, ...over }));
    fc.assert(fc.property(anyScan, (config) => expect(parseScanConfig(toScanEnvironment(config))).toEqual(config)));
  });
});

describe('parseConfig and parseScanConfig', () => {
  it('report all missing variables at once', () => {
    const missing = problemsOf({});
    expect(missing).toHaveLength(Object.keys(ENTRIES).length);
    expect(missing).toContain('IMDSV2_MODE is missing; accepted: enforce | audit');
    expect(missing).toContain('IMDSV2_MAX_EXEMPTION_DAYS is missing; accepted: a whole number from 1 to 3650');

    const missingOfScan = problemsOf(toEnvironment(CONFIG), parseScanConfig);
    expect(missingOfScan).toHaveLength(Object.keys(SCAN_ENTRIES).length - Object.keys(ENTRIES).length);
    expect(missingOfScan).toContain('IMDSV2_SCAN_QUEUE_URL is missing; accepted: an SQS queue URL');
    expect(missingOfScan).toContain('IMDSV2_STACK_NAME is missing; accepted: a stack name');
    expect(missingOfScan).toContain(
      'IMDSV2_FORWARDERS is missing; accepted: names of regions, separated by commas | none',
    );
  });

  it('report each value that is not accepted with the accepted values', () => {
    const env = { ...toEnvironment(CONFIG), IMDSV2_MODE: 'enfroce', IMDSV2_EXISTING: 'maybe' };
    expect(() => parseConfig(env)).toThrow(
      new ConfigError([
        problem('IMDSV2_MODE', 'enfroce', 'enforce | audit'),
        problem('IMDSV2_EXISTING', 'maybe', 'audit | enforce-when-unused | enforce'),
      ]),
    );
    expect(new ConfigError(['a', 'b']).message).toBe('invalid configuration:\n  - a\n  - b');
  });

  it.each([
    ['IMDSV2_MODE', ['', 'Enforce', 'enforce ', 'constructor']],
    ['IMDSV2_EXISTING', ['', 'when-unused', 'AUDIT']],
    ['IMDSV2_ENFORCE_SINCE', ['', 'None', '2026-02-31', '2026-1-1', '14d', 'today']],
    ['IMDSV2_TRAIL', ['', 'yes', 'True', '1', 'existing', 'constructor', 'toString', '__proto__']],
    ['IMDSV2_MAX_EXEMPTION_DAYS', ['', '0', '3651', '-1', '1.5', '1e3', '90 ', '٩٠', 'Infinity', '99999999999']],
    ['IMDSV2_USAGE_LOOK_BACK_DAYS', ['', '0', '64', '1.5']],
    ['IMDSV2_USAGE_MINIMUM_AGE_DAYS', ['', '0', '64', '-1']],
    [
      'IMDSV2_OUTCOME_BUS_ARN',
      [
        '',
        'default',
        'arn:aws:sns:eu-west-1:111122223333:x',
        'arn:aws:events:eu-west-1:111122223333:event-bus/x\n',
        'arn:aws:events:eu-west-1:1111:event-bus/x',
      ],
    ],
    ['IMDSV2_OWNER_TAG', ['', 'aws:owner', 'x'.repeat(129), 'a\nb']],
    ['IMDSV2_WORK_QUEUE_URL', ['', 'arn:aws:sqs:eu-west-1:111122223333:x', 'ftp://x', 'https://', 'https://a b']],
    ['IMDSV2_SCAN_QUEUE_URL', ['', 'arn:aws:sqs:eu-west-1:111122223333:x']],
    ['IMDSV2_STACK_NAME', ['', 'a b', '1x']],
    ['IMDSV2_SCAN_EVERY_HOURS', ['', '0', '5', '48', '06', '6.0']],
    ['IMDSV2_FORWARDERS', ['', 'None', 'eu-west-1,', 'Ireland']],
  ] as const)('do not accept other values of %s', (name, values) => {
    for (const value of values) {
      const problems = problemsOf({ ...toScanEnvironment(SCAN_CONFIG), [name]: value }, parseScanConfig);
      expect({ value, problems }).toEqual({
        value,
        problems: [expect.stringContaining(`${name} is ${JSON.stringify(value)};`)],
      });
    }
  });

  it.each([
    ['IMDSV2_MAX_EXEMPTION_DAYS', '1', { maxExemptionDays: 1 }],
    ['IMDSV2_MAX_EXEMPTION_DAYS', '3650', { maxExemptionDays: 3650 }],
    ['IMDSV2_TRAIL', 'false', { trail: false }],
    ['IMDSV2_ENFORCE_SINCE', '2026-11-01', { enforceSince: '2026-11-01' }],
    [
      'IMDSV2_WORK_QUEUE_URL',
      'http://127.0.0.1:4599/111122223333/work',
      { workQueueUrl: 'http://127.0.0.1:4599/111122223333/work' },
    ],
  ] as const)('read %s=%s', (name, value, expected) => {
    expect(parseConfig({ ...toEnvironment(CONFIG), [name]: value })).toEqual({ ...CONFIG, ...expected });
  });
});

describe('rulesOf', () => {
  it('has no enforceSince where the configuration has none', () => {
    expect(rulesOf(CONFIG).enforceSince).toBeUndefined();
    expect(rulesOf({ ...CONFIG, enforceSince: '2026-11-01' }).enforceSince).toBe('2026-11-01');
  });
});

describe('scansMayChange', () => {
  it.each([
    ['enforce', 'audit', 'none', false],
    ['enforce', 'audit', '2026-11-01', true],
    ['enforce', 'enforce-when-unused', 'none', true],
    ['enforce', 'enforce', 'none', true],
    ['audit', 'enforce', '2026-11-01', false],
  ] as const)('with mode=%s, existing=%s and enforceSince=%s is %s', (mode, existing, enforceSince, may) => {
    expect(scansMayChange({ mode, existing, enforceSince })).toBe(may);
  });
});
