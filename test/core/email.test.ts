import { section } from '../../lambda/core/email.ts';
import { toMessages } from '../../lambda/core/message.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { CALLER, existing, outcome, snapshot, target } from '../support/builders.ts';

const OPTIONS = { maxExemptionDays: 90 };
const DIRECT = 'launched directly (no Auto Scaling, CloudFormation, EKS or Beanstalk tag)';

const lines = (over: Partial<Outcome>, maxExemptionDays = 90): string[] =>
  section(outcome(over), { maxExemptionDays }).split('\n');

/** The labels of a section, in order. Commands have no label. */
const labels = (over: Partial<Outcome>): string[] => lines(over).flatMap((line) => /^ {2}(\w+) /.exec(line)?.[1] ?? []);

const line = (over: Partial<Outcome>, label: string): string | undefined =>
  lines(over)
    .find((text) => text.startsWith(`  ${label} `))
    ?.slice(11);

const CREATE_TAGS =
  "aws ec2 create-tags --region eu-west-1 --resources i-0a1b2c3d4e5f60718 --tags Key=imdsv2:exempt-until,Value=2026-12-06 Key=imdsv2:exempt-reason,Value='...'";
const RE_ENABLE =
  'aws ec2 modify-instance-metadata-options --region eu-west-1 --instance-id i-0a1b2c3d4e5f60718 --http-tokens optional --http-endpoint enabled';

test('the complete email about a launch by an Auto Scaling group', () => {
  const tags = {
    Name: 'web-1',
    'aws:autoscaling:groupName': 'web',
    'aws:ec2launchtemplate:id': 'lt-0a1b2c3d4e5f60718',
    'aws:ec2launchtemplate:version': '7',
  };
  const caller = {
    principal: 'arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling',
    sourceIp: 'autoscaling.amazonaws.com',
    userAgent: 'autoscaling.amazonaws.com',
    invokedBy: 'autoscaling.amazonaws.com',
  };
  const [message] = toMessages([outcome({ target: target({ caller }), snapshot: snapshot({ tags }) })], OPTIONS);
  expect(message?.email.split('\n')).toEqual([
    'IMDSv2 enforcer, account 111122223333, eu-west-1: 1 remediated.',
    '',
    'i-0a1b2c3d4e5f60718 "web-1": REMEDIATED (MEDIUM)',
    '  what     Launched with IMDSv1 enabled. Now requires IMDSv2.',
    '  options  HttpTokens optional -> required, HttpEndpoint enabled, HttpPutResponseHopLimit 1',
    '  who      arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling, from autoscaling.amazonaws.com, on its behalf: autoscaling.amazonaws.com, with autoscaling.amazonaws.com',
    '  when     launched 2026-11-22T11:59:20Z; IMDSv1 exposed for 40 s, until 2026-11-22T12:00:00Z',
    '  source   Auto Scaling group web, launch template lt-0a1b2c3d4e5f60718 version 7',
    '  prevent  Launch template lt-0a1b2c3d4e5f60718 version 7 allows IMDSv1: create a version that requires IMDSv2, and assign it to Auto Scaling group web.',
    `             aws ec2 create-launch-template-version --region eu-west-1 --launch-template-id 'lt-0a1b2c3d4e5f60718' --source-version '7' --launch-template-data '{"MetadataOptions":{"HttpTokens":"required","HttpEndpoint":"enabled","HttpPutResponseHopLimit":1}}'`,
    `             aws autoscaling update-auto-scaling-group --region eu-west-1 --auto-scaling-group-name 'web' --launch-template 'LaunchTemplateId=lt-0a1b2c3d4e5f60718,Version=$Latest'`,
    '  undo     Re-enables IMDSv1 and exempts the instance until 2026-12-06, so that it is not remediated again.',
    `             ${CREATE_TAGS}`,
    `             ${RE_ENABLE}`,
    '',
    'To exempt an instance, tag it with imdsv2:exempt-until=YYYY-MM-DD. Names and reasons are user-supplied and unverified.',
  ]);
});

describe('the section about drift', () => {
  const drift = {
    target: target({ trigger: 'drift', occurredAt: new Date('2026-11-22T11:59:50Z') }),
    snapshot: existing(),
    exposedSeconds: 10,
  };

  test('has the severity, the caller and the time of the call', () => {
    expect(lines(drift)[0]).toBe('i-0a1b2c3d4e5f60718: REMEDIATED (HIGH)');
    expect(line(drift, 'what')).toBe('IMDSv1 was re-enabled and has been reverted.');
    expect(line(drift, 'who')).toBe(
      'arn:aws:sts::111122223333:assumed-role/deployer/kim, from 198.51.100.23, with aws-cli/2.31.0',
    );
    expect(line(drift, 'when')).toBe(
      'launched 2026-11-22T11:59:20Z; IMDSv1 re-enabled 2026-11-22T11:59:50Z; IMDSv1 exposed for 10 s, until 2026-11-22T12:00:00Z',
    );
  });

  test('does not advise to change the launch source', () => {
    expect(labels(drift)).toEqual(['what', 'options', 'who', 'when', 'source', 'undo']);
  });
});

describe('the section about a running-state event', () => {
  const running = { target: target({ trigger: 'running' }) };

  test('shows how to find the unknown caller', () => {
    expect(line(running, 'who')).toBe('unknown');
    const at = lines(running).findIndex((text) => text.startsWith('  caller '));
    expect(lines(running)[at + 1]).toBe(
      "             aws cloudtrail lookup-events --region eu-west-1 --lookup-attributes AttributeKey=ResourceName,AttributeValue=i-0a1b2c3d4e5f60718 --query 'Events[].[EventTime,EventName,Username]' --output table",
    );
    expect(labels(running)).toEqual(['what', 'options', 'who', 'when', 'source', 'caller', 'prevent', 'undo']);
  });

  test('does not look up a known caller', () => {
    expect(labels({ target: target({ trigger: 'running', caller: CALLER }) })).not.toContain('caller');
  });
});

describe('the undo of an outcome', () => {
  const commands = (over: Partial<Outcome>, maxExemptionDays = 90) =>
    lines(over, maxExemptionDays).filter((text) => text.startsWith(' '.repeat(13)));

  test('sets the exemption before it re-enables IMDSv1', () => {
    expect(
      commands({})
        .slice(-2)
        .map((text) => text.trim()),
    ).toEqual([CREATE_TAGS, RE_ENABLE]);
  });

  test('keeps to the maximum exemption duration', () => {
    expect(commands({}, 3).at(-2)).toContain('Value=2026-11-25 ');
  });

  test.each([
    ['remediated', true],
    ['already-remediated', true],
    ['would-remediate', false],
    ['exempt', false],
    ['needs-review', false],
    ['failed', false],
  ] as const)('is shown for %s: %s', (status, undo) => {
    expect(labels({ status }).includes('undo')).toBe(undo);
  });
});

test('the section about a self-granted exemption has its date', () => {
  const exempt = { status: 'exempt', reason: 'exempt-self-granted', detail: '2026-12-31' } as const;
  expect(lines(exempt)[0]).toBe('i-0a1b2c3d4e5f60718: EXEMPT (HIGH)');
  expect(line(exempt, 'what')).toContain('the RunInstances call itself set its tag');
  expect(line(exempt, 'detail')).toBe('2026-12-31');
  expect(line(exempt, 'who')).toContain('assumed-role/deployer/kim');
  expect(labels(exempt)).toEqual(['what', 'detail', 'options', 'who', 'when', 'source']);
});

test('the section about a malformed exemption has its sanitized value', () => {
  const unchanged = {
    status: 'needs-review',
    reason: 'exemption-malformed',
    detail: 'see https://evil.example\n  undo  x',
  } as const;
  expect(lines(unchanged)[0]).toBe('i-0a1b2c3d4e5f60718: NEEDS-REVIEW (HIGH)');
  expect(line(unchanged, 'what')).toContain('is not a calendar date (YYYY-MM-DD)');
  expect(line(unchanged, 'detail')).toBe('see https[:]//evil[.]example undo x');
  expect(line(unchanged, 'when')).toBe('launched 2026-11-22T11:59:20Z; checked 2026-11-22T12:00:00Z');
  expect(labels(unchanged)).toEqual(['what', 'detail', 'options', 'who', 'when', 'source', 'prevent']);
});

test('the section about a failure has the message of EC2 and possible causes', () => {
  const failed = {
    status: 'failed',
    reason: 'unsupported',
    detail: 'The account setting HttpTokensEnforced is on.',
  } as const;
  expect(lines(failed)[0]).toBe('i-0a1b2c3d4e5f60718: FAILED (CRITICAL)');
  expect(line(failed, 'what')).toContain('declarative policy');
  expect(line(failed, 'detail')).toBe('The account setting HttpTokensEnforced is on.');
});

test.each(['remediated', 'would-remediate', 'needs-review', 'already-remediated'] as const)(
  'advises to change the launch source of an instance that was launched with IMDSv1: %s',
  (status) => {
    expect(labels({ status })).toContain('prevent');
  },
);

test('advises nothing about an instance that could not be read', () => {
  expect(labels({ status: 'needs-review', reason: 'unreadable', snapshot: undefined })).toEqual([
    'what',
    'options',
    'who',
    'when',
    'source',
  ]);
});

test('says that an instance could not be read', () => {
  const failed = { status: 'failed', reason: 'denied', snapshot: undefined } as const;
  expect(line(failed, 'options')).toBe('not read');
  expect(line(failed, 'source')).toBe(DIRECT);
  expect(line(failed, 'when')).toBe('checked 2026-11-22T12:00:00Z');
});

test('shows no change of an instance that was already remediated', () => {
  const unchanged = {
    status: 'already-remediated',
    snapshot: snapshot({ options: { HttpTokens: 'required' } }),
  } as const;
  expect(lines(unchanged)[0]).toBe('i-0a1b2c3d4e5f60718: ALREADY-REMEDIATED (INFORMATIONAL)');
  expect(line(unchanged, 'options')).toBe('HttpTokens required, HttpEndpoint enabled, HttpPutResponseHopLimit 1');
});

test('marks options that EC2 did not return', () => {
  const unchanged = {
    status: 'needs-review',
    reason: 'unreadable',
    snapshot: snapshot({ options: { HttpTokens: undefined } }),
  } as const;
  expect(line(unchanged, 'options')).toBe('HttpTokens not stated, HttpEndpoint enabled, HttpPutResponseHopLimit 1');
});

test('notes that containers lose access to IMDS with a hop limit of 1', () => {
  const tags = { 'kubernetes.io/cluster/prod': 'owned' };
  expect(labels({ snapshot: snapshot({ tags }) })).toEqual([
    'what',
    'options',
    'who',
    'when',
    'source',
    'note',
    'prevent',
    'undo',
  ]);
});
