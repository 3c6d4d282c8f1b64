import { section } from '../../lambda/core/email.ts';
import { toMessages } from '../../lambda/core/message.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { CALLER, existing, outcome, snapshot, target } from '../support/builders.ts';

const OPTIONS = { maxExemptionDays: 90 };

const lines = (over: Partial<Outcome>, horizon = 90): string[] =>
  section(outcome(over), { maxExemptionDays: horizon }).split('\n');

/** The labels of a section, in order; commands have none. */
const labels = (over: Partial<Outcome>): string[] => lines(over).flatMap((line) => /^ {2}(\w+) /.exec(line)?.[1] ?? []);

const line = (over: Partial<Outcome>, label: string): string | undefined =>
  lines(over)
    .find((text) => text.startsWith(`  ${label} `))
    ?.slice(11);

const CREATE_TAGS =
  "aws ec2 create-tags --region eu-west-1 --resources i-0a1b2c3d4e5f60718 --tags Key=imdsv2:exempt-until,Value=2026-12-06 Key=imdsv2:exempt-reason,Value='...'";
const PUT_BACK =
  'aws ec2 modify-instance-metadata-options --region eu-west-1 --instance-id i-0a1b2c3d4e5f60718 --http-tokens optional --http-endpoint enabled';

test('the mail of a launch by an Auto Scaling group, whole', () => {
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
    'i-0a1b2c3d4e5f60718 "web-1": REMEDIATED (warning)',
    '  what     It was launched with IMDSv1 reachable; it is closed now.',
    '  options  HttpTokens optional -> required, HttpEndpoint enabled, HttpPutResponseHopLimit 1',
    '  who      arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling, from autoscaling.amazonaws.com, on its behalf: autoscaling.amazonaws.com, with autoscaling.amazonaws.com',
    '  when     launched 2026-11-22T11:59:20Z; IMDSv1 reachable for 40 s, until 2026-11-22T12:00:00Z',
    '  launchSource   Auto Scaling group web, launch template lt-0a1b2c3d4e5f60718 version 7',
    '  prevent  Launch template lt-0a1b2c3d4e5f60718 version 7 allows IMDSv1: make a version that does not, and give it to Auto Scaling group web.',
    `             aws ec2 create-launch-template-version --region eu-west-1 --launch-template-id 'lt-0a1b2c3d4e5f60718' --source-version '7' --launch-template-data '{"MetadataOptions":{"HttpTokens":"required","HttpEndpoint":"enabled","HttpPutResponseHopLimit":1}}'`,
    `             aws autoscaling update-auto-scaling-group --region eu-west-1 --auto-scaling-group-name 'web' --launch-template 'LaunchTemplateId=lt-0a1b2c3d4e5f60718,Version=$Latest'`,
    '  undo     Allows IMDSv1 again and exempts the instance until 2026-12-06, so that it is left alone.',
    `             ${CREATE_TAGS}`,
    `             ${PUT_BACK}`,
    '',
    'Instances stay exempt with the tag imdsv2:exempt-until=YYYY-MM-DD; names and reasons above are as others wrote them.',
  ]);
});

describe('drift', () => {
  const drift = {
    target: target({ trigger: 'drift', occurredAt: new Date('2026-11-22T11:59:50Z') }),
    snapshot: existing(),
    exposedSeconds: 10,
  };

  test('names who set it back and when, and how bad that is', () => {
    expect(lines(drift)[0]).toBe('i-0a1b2c3d4e5f60718: REMEDIATED (high)');
    expect(line(drift, 'what')).toBe('Somebody made IMDSv1 reachable again; it is closed now.');
    expect(line(drift, 'who')).toBe(
      'arn:aws:sts::111122223333:assumed-role/deployer/kim, from 198.51.100.23, with aws-cli/2.31.0',
    );
    expect(line(drift, 'when')).toBe(
      'launched 2026-11-22T11:59:20Z; set back 2026-11-22T11:59:50Z; IMDSv1 reachable for 10 s, until 2026-11-22T12:00:00Z',
    );
  });

  test('no template is to blame for it', () => {
    expect(labels(drift)).toEqual(['what', 'options', 'who', 'when', 'launchSource', 'undo']);
  });
});

describe('running', () => {
  const running = { target: target({ trigger: 'running' }) };

  test('the caller is unknown, and the mail says how to find out', () => {
    expect(line(running, 'who')).toBe('unknown');
    const at = lines(running).findIndex((text) => text.startsWith('  caller '));
    expect(lines(running)[at + 1]).toBe(
      "             aws cloudtrail lookup-events --region eu-west-1 --lookup-attributes AttributeKey=ResourceName,AttributeValue=i-0a1b2c3d4e5f60718 --query 'Events[].[EventTime,EventName,Username]' --output table",
    );
    expect(labels(running)).toEqual(['what', 'options', 'who', 'when', 'launchSource', 'caller', 'prevent', 'undo']);
  });

  test('a caller that is known is not to be found out', () => {
    expect(labels({ target: target({ trigger: 'running', caller: CALLER }) })).not.toContain('caller');
  });
});

describe('grant', () => {
  const granted = {
    status: 'exempt',
    reason: 'exempt-self-granted',
    target: target({ trigger: 'grant', occurredAt: new Date('2026-11-22T11:59:50Z') }),
    snapshot: existing({ options: { HttpTokens: 'required' }, tags: { 'imdsv2:exempt-until': '2026-12-31' } }),
    detail: '2026-12-31: agent X',
  } as const;

  test('says who exempted it, until when and why, and how to take that back', () => {
    expect(lines(granted)).toEqual([
      'i-0a1b2c3d4e5f60718: EXEMPT (warning)',
      '  what     Somebody set its exemption tag: until that day ends IMDSv1 may be reachable on it, and we leave it alone. Check that somebody approved it.',
      '  detail   2026-12-31: agent X',
      '  options  HttpTokens required, HttpEndpoint enabled, HttpPutResponseHopLimit 1',
      '  who      arn:aws:sts::111122223333:assumed-role/deployer/kim, from 198.51.100.23, with aws-cli/2.31.0',
      '  when     launched 2026-11-22T11:59:20Z; exemption set 2026-11-22T11:59:50Z; seen 2026-11-22T12:00:00Z',
      '  launchSource   no tag of a launching service',
      '  withdraw Takes the exemption back; unless in audit mode, IMDSv1 is closed within minutes where it is reachable then.',
      '             aws ec2 delete-tags --region eu-west-1 --resources i-0a1b2c3d4e5f60718 --tags Key=imdsv2:exempt-until',
    ]);
  });

  test('of a day that is over: held, no template is to blame, and the tag can go', () => {
    const held = { ...granted, status: 'needs-review', reason: 'exemption-expired', detail: '2026-11-21' } as const;
    expect(lines(held)[0]).toBe('i-0a1b2c3d4e5f60718: HELD (warning)');
    expect(labels(held)).toEqual(['what', 'detail', 'options', 'who', 'when', 'launchSource', 'withdraw']);
  });

  test('whose tag is gone again: there is nothing to take back', () => {
    const held = { ...granted, status: 'needs-review', reason: 'existing-instance', snapshot: snapshot() } as const;
    expect(labels({ ...held, detail: undefined })).toEqual(['what', 'options', 'who', 'when', 'launchSource']);
  });

  test('of an instance that could not be read: nobody knows whether there is something to take back', () => {
    const failed = { ...granted, status: 'failed', reason: 'denied', snapshot: undefined, detail: undefined } as const;
    expect(labels(failed)).toEqual(['what', 'options', 'who', 'when', 'launchSource']);
  });

  test('an exemption that nobody set just now is not to be taken back in the alert', () => {
    expect(labels({ ...granted, target: target() })).not.toContain('withdraw');
  });
});

describe('revoke', () => {
  const revoked = {
    target: target({ trigger: 'revoke', occurredAt: new Date('2026-11-22T11:59:50Z') }),
    snapshot: existing(),
    exposedSeconds: 10,
  };

  test('says who removed the exemption, what came of it, and how to exempt it again', () => {
    expect(lines(revoked)[0]).toBe('i-0a1b2c3d4e5f60718: REMEDIATED (warning)');
    expect(line(revoked, 'who')).toContain('assumed-role/deployer/kim');
    expect(line(revoked, 'when')).toBe(
      'launched 2026-11-22T11:59:20Z; exemption removed 2026-11-22T11:59:50Z; closed 10 s later, 2026-11-22T12:00:00Z',
    );
    expect(labels(revoked)).toEqual(['what', 'options', 'who', 'when', 'launchSource', 'prevent', 'undo']);
  });

  test('that took all tags is not said to have removed an exemption', () => {
    const target_ = target({ ...revoked.target.context, recorded: { allTags: true } });
    const held = { ...revoked, target: target_, status: 'needs-review', reason: 'existing-instance' } as const;
    expect(line({ ...held, exposedSeconds: undefined }, 'when')).toMatch(
      /; all tags removed 2026-11-22T11:59:50Z; seen /,
    );
  });

  test('in audit mode: seen, not closed', () => {
    expect(line({ ...revoked, status: 'would-remediate', exposedSeconds: undefined }, 'when')).toMatch(
      /exemption removed 2026-11-22T11:59:50Z; seen 2026-11-22T12:00:00Z$/,
    );
  });
});

describe('undo', () => {
  const commands = (over: Partial<Outcome>, horizon = 90) =>
    lines(over, horizon).filter((text) => text.startsWith(' '.repeat(13)));

  test('writes the exemption before it puts the option back', () => {
    expect(
      commands({})
        .slice(-2)
        .map((text) => text.trim()),
    ).toEqual([CREATE_TAGS, PUT_BACK]);
  });

  test('asks for no more days than the account allows', () => {
    expect(commands({}, 3).at(-2)).toContain('Value=2026-11-25 ');
  });

  test.each([
    ['remediated', true],
    ['already-remediated', true],
    ['would-remediate', false],
    ['exempt', false],
    ['needs-review', false],
    ['failed', false],
  ] as const)('%s → there is something to undo: %s', (status, undo) => {
    expect(labels({ status }).includes('undo')).toBe(undo);
  });
});

test('exempt: until when, and that the launch granted it to itself', () => {
  const exempt = { status: 'exempt', reason: 'exempt-self-granted', detail: '2026-12-31' } as const;
  expect(lines(exempt)[0]).toBe('i-0a1b2c3d4e5f60718: EXEMPT (warning)');
  expect(line(exempt, 'what')).toContain('the very call that launched it set the tag');
  expect(line(exempt, 'detail')).toBe('2026-12-31');
  expect(line(exempt, 'who')).toContain('assumed-role/deployer/kim');
  expect(labels(exempt)).toEqual(['what', 'detail', 'options', 'who', 'when', 'launchSource']);
});

test('held: the value that could not be read, made harmless', () => {
  const held = {
    status: 'needs-review',
    reason: 'exemption-malformed',
    detail: 'see https://evil.example\n  undo  x',
  } as const;
  expect(lines(held)[0]).toBe('i-0a1b2c3d4e5f60718: HELD (warning)');
  expect(line(held, 'what')).toContain('is not a calendar date (YYYY-MM-DD)');
  expect(line(held, 'detail')).toBe('see https[:]//evil[.]example   undo  x');
  expect(line(held, 'when')).toBe('launched 2026-11-22T11:59:20Z; seen 2026-11-22T12:00:00Z');
  expect(labels(held)).toEqual(['what', 'detail', 'options', 'who', 'when', 'launchSource', 'prevent']);
});

test('failed: what EC2 said, and what may be behind it', () => {
  const failed = {
    status: 'failed',
    reason: 'unsupported',
    detail: 'The account setting HttpTokensEnforced is on.',
  } as const;
  expect(lines(failed)[0]).toBe('i-0a1b2c3d4e5f60718: FAILED (critical)');
  expect(line(failed, 'what')).toContain('declarative policy');
  expect(line(failed, 'detail')).toBe('The account setting HttpTokensEnforced is on.');
});

test.each(['remediated', 'would-remediate', 'needs-review', 'already-remediated'] as const)(
  '%s by its launch: what to change so that the next one does not come up like it',
  (status) => {
    expect(labels({ status })).toContain('prevent');
  },
);

test('held without having been read: nothing is known of its launchSource, so nothing is advised', () => {
  expect(labels({ status: 'needs-review', reason: 'unreadable', snapshot: undefined })).toEqual([
    'what',
    'options',
    'who',
    'when',
    'launchSource',
  ]);
});

test('failed before it was read: no options, no launchSource, and it says so', () => {
  const failed = { status: 'failed', reason: 'denied', snapshot: undefined } as const;
  expect(line(failed, 'options')).toBe('not read');
  expect(line(failed, 'launchSource')).toBe('no tag of a launching service');
  expect(line(failed, 'when')).toBe('seen 2026-11-22T12:00:00Z');
});

test('closed: nothing is said to have changed', () => {
  const closed = { status: 'already-remediated', snapshot: snapshot({ options: { HttpTokens: 'required' } }) } as const;
  expect(lines(closed)[0]).toBe('i-0a1b2c3d4e5f60718: CLOSED (info)');
  expect(line(closed, 'options')).toBe('HttpTokens required, HttpEndpoint enabled, HttpPutResponseHopLimit 1');
});

test('options that EC2 did not state are not made up', () => {
  const held = {
    status: 'needs-review',
    reason: 'unreadable',
    snapshot: snapshot({ options: { HttpTokens: undefined } }),
  } as const;
  expect(line(held, 'options')).toBe('HttpTokens not stated, HttpEndpoint enabled, HttpPutResponseHopLimit 1');
});

test('a container host with hop limit 1 is told what stops working', () => {
  const tags = { 'kubernetes.io/cluster/prod': 'owned' };
  expect(labels({ snapshot: snapshot({ tags }) })).toEqual([
    'what',
    'options',
    'who',
    'when',
    'launchSource',
    'note',
    'prevent',
    'undo',
  ]);
});
