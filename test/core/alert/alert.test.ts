import fc from 'fast-check';
import { STATUSES } from '../../../lambda/contract.ts';
import { toAlerts } from '../../../lambda/core/alert/message.ts';
import { MAX_BYTES, toSnsText } from '../../../lambda/core/message.ts';
import type { Outcome } from '../../../lambda/core/outcome.ts';
import { type OutcomeDetail, toOutcomeDetail } from '../../../lambda/core/outcome-detail.ts';
import { ALL_TRIGGERS } from '../../../lambda/triggers/index.ts';
import { CALLER, existing, instanceId, NOW, outcome, snapshot, target } from '../../support/builders.ts';
import { hostileText, INVISIBLE } from '../../support/hostile.ts';

const OPTIONS = { maxExemptionDays: 90, now: NOW };
const CONSOLE = 'https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#InstanceDetails:instanceId=';

const details = (...outcomes: readonly Outcome[]): OutcomeDetail[] =>
  outcomes.map((one) => toOutcomeDetail(one, 'Owner'));

const one = (...outcomes: readonly Outcome[]) => {
  const [message, ...more] = toAlerts(details(...outcomes), OPTIONS);
  expect(more).toEqual([]);
  if (message === undefined) throw new RangeError('no message');
  return message;
};

/** The value of a label in the email of one outcome, and the commands below it. */
const under = (label: string, ...outcomes: readonly Outcome[]): string[] => {
  const lines = one(...outcomes).email.split('\n');
  return lines.flatMap((text, index) => {
    if (!text.startsWith(`${label}: `)) return [];
    const after = lines.slice(index + 1);
    const end = after.findIndex((next) => !/^(aws|imdsv2) /.test(next));
    return [text.slice(label.length + 2), ...after.slice(0, end)];
  });
};

const WEB = {
  Name: 'web-1',
  Owner: 'team-web',
  'aws:autoscaling:groupName': 'web',
  'aws:ec2launchtemplate:id': 'lt-0a1b2c3d4e5f60718',
  'aws:ec2launchtemplate:version': '7',
};

test('the complete email about a launch by an Auto Scaling group', () => {
  const exposes = {
    instanceProfile: 'arn:aws:iam::111122223333:instance-profile/web',
    publicAddresses: ['203.0.113.7'],
    vpcId: 'vpc-1',
  };
  const message = one(outcome({ snapshot: snapshot({ tags: WEB, ...exposes }) }));
  expect(message.subject).toBe('[IMDSv2 MEDIUM] 111122223333 eu-west-1: 1 remediated i-0a1b2c3d4e5f60718');
  expect(message.email.split('\n')).toEqual([
    'IMDSv2 enforcer, account 111122223333, eu-west-1: 1 remediated.',
    '',
    'i-0a1b2c3d4e5f60718: REMEDIATED (MEDIUM)',
    'What happened: Launched with IMDSv1 enabled. IMDSv2 was requested; EC2 has not confirmed it yet.',
    'So what: IMDSv1 was enabled for 40 s; instance profile arn:aws:iam::111122223333:instance-profile/web; public or IPv6 address 203.0.113.7; VPC vpc-1; owner team-web',
    'Who: CloudTrail names arn:aws:sts::111122223333:assumed-role/deployer/kim, session kim, from 198.51.100.23, with aws-cli/2.31.0',
    'CloudTrail event: f2a1c3d4-9b8e-4c7d-a6f5-0e1d2c3b4a59',
    'Instance: i-0a1b2c3d4e5f60718',
    'Name: web-1',
    `Where: account 111122223333, eu-west-1, ${CONSOLE}i-0a1b2c3d4e5f60718`,
    'When: launched 2026-11-22T11:59:20Z; event 2026-11-22T11:59:20Z; evaluated 2026-11-22T12:00:00Z',
    'Why: launch; Auto Scaling group web, launch template lt-0a1b2c3d4e5f60718 version 7',
    'Options: HttpTokens optional -> required, HttpEndpoint enabled, HttpPutResponseHopLimit 1',
    'What now: Launch template lt-0a1b2c3d4e5f60718 version 7 allows IMDSv1: create a version that requires IMDSv2, and move Auto Scaling group web to it, as this command does after a question.',
    "imdsv2 prevent templates --region eu-west-1 --template 'lt-0a1b2c3d4e5f60718'",
    'In CloudFormation: AWS::EC2::LaunchTemplate, LaunchTemplateData: MetadataOptions: { HttpTokens: required }',
    'In Terraform: aws_launch_template: metadata_options { http_tokens = "required" }',
    'In CDK: LaunchTemplate: { requireImdsv2: true }',
    'Undo: Re-enables IMDSv1 on the instance and exempts it, so that it is not remediated again.',
    `imdsv2 rollback i-0a1b2c3d4e5f60718 --region eu-west-1 --for 14d --reason '...'`,
    'Controls: Security Hub EC2.8; CIS AWS Foundations Benchmark v5.0.0 5.7 and v3.0.0 5.6',
    '',
    'Names, tags, reasons and user agents are user-supplied and unverified.',
  ]);
});

const LABELS = ['What happened', 'So what', 'Who', 'Where', 'When', 'Why', 'What now', 'Undo', 'Controls'];

describe.each(STATUSES)('an alert about %s', (status) => {
  test.each(ALL_TRIGGERS.map(({ name }) => name))('on %s answers every question, without padding', (trigger) => {
    const { email } = one(outcome({ status, target: target({ trigger }) }));
    const lines = email.split('\n');
    for (const label of LABELS) {
      expect([label, lines.some((text) => text.startsWith(`${label}: `) && text.length > label.length + 3)]).toEqual([
        label,
        true,
      ]);
    }
    expect(lines.filter((text) => / {2}|^\s|\s$/.test(text))).toEqual([]);
    expect(lines.filter((text) => /^(aws|imdsv2) /.test(text)).length).toBeLessThanOrEqual(3);
  });
});

describe('what happened', () => {
  const change = (state: string, State: string) =>
    under('What happened', outcome({ snapshot: snapshot({ state }), after: { HttpTokens: 'required', State } }));

  test.each([
    ['running', 'pending', 'IMDSv2 was requested; EC2 has not confirmed it yet.'],
    ['running', 'applied', 'Now requires IMDSv2.'],
    ['stopped', 'pending', 'IMDSv2 was requested; EC2 applies it when the instance starts.'],
  ])('of a %s instance with state %s', (state, applied, note) => {
    expect(change(state, applied)).toEqual([`Launched with IMDSv1 enabled. ${note}`]);
  });
});

describe('so what', () => {
  test('has the exposure as a time span with its date, and says what is absent', () => {
    const old = { launchTime: new Date('2025-10-18T08:00:00Z'), firstLaunch: new Date('2025-10-18T08:00:00Z') };
    expect(under('So what', outcome({ status: 'would-remediate', snapshot: snapshot(old) }))).toEqual([
      'IMDSv1 has been enabled for 400 days (since 2025-10-18); no instance profile; no public address',
    ]);
  });
});

describe('who', () => {
  test('has session and MFA, as CloudTrail names them', () => {
    const caller = { ...CALLER, mfa: true, invokedBy: 'autoscaling.amazonaws.com' };
    expect(under('Who', outcome({ target: target({ caller }) }))).toEqual([
      'CloudTrail names arn:aws:sts::111122223333:assumed-role/deployer/kim, session kim, from 198.51.100.23, MFA yes, with aws-cli/2.31.0, on its behalf: autoscaling.amazonaws.com',
    ]);
  });
});

describe('what now', () => {
  const HISTORY = 'aws cloudtrail lookup-events --region eu-west-1';
  const drift = (over: Partial<Outcome> = {}) =>
    outcome({ target: target({ trigger: 'drift' }), snapshot: existing(), ...over });

  test('begins after drift with the other calls of the principal', () => {
    expect(under('What now', drift())).toEqual([
      'Check what else this principal did, from an hour before the call:',
      `${HISTORY} --start-time 2026-11-22T10:59:20.000Z --lookup-attributes AttributeKey=Username,AttributeValue='kim' --query 'Events[].[EventTime,EventName,EventId]' --output table`,
    ]);
  });

  test('has the user name of a caller without a session', () => {
    const caller = { principal: 'arn:aws:iam::111122223333:user/team/ana' };
    expect(under('What now', drift({ target: target({ trigger: 'drift', caller }) })).join()).toContain("Value='ana'");
  });

  test.each([
    [89, true],
    [91, false],
  ])('reads the event history %i days after the call: %s', (days, shown) => {
    const now = new Date(NOW.getTime() + days * 86_400_000);
    const [message] = toAlerts(details(drift()), { ...OPTIONS, now });
    expect(message?.email.includes(HISTORY)).toBe(shown);
  });

  test('does not search for the launch of an instance that is older than the event history', () => {
    const launchTime = new Date('2025-10-18T08:00:00Z');
    const running = target({ trigger: 'running' });
    expect(under('What now', outcome({ target: running })).join()).toContain(HISTORY);
    const old = outcome({ target: running, snapshot: snapshot({ launchTime }) });
    expect(under('What now', old).join()).not.toContain(HISTORY);
  });

  test.each([
    ['exemption-malformed', 'aws ec2 create-tags'],
    ['exemption-exceeds-maximum', 'aws ec2 create-tags'],
    ['exemption-expired', 'aws ec2 create-tags'],
    ['unreadable', 'aws ec2 describe-instances'],
    ['existing-instance', 'imdsv2 enforce --regions eu-west-1 --instance-ids i-0a1b2c3d4e5f60718'],
    ['in-use', 'imdsv2 enforce'],
  ] as const)('has the line that corrects %s first', (reason, command) => {
    expect(under('What now', outcome({ status: 'needs-review', reason }))[1]).toContain(command);
  });

  test.each([
    ['denied', 'EC2 denies the change'],
    ['invalid', 'An instance could not be remediated'],
  ] as const)('has the runbook heading of a failure (%s) and the line that retries', (reason, heading) => {
    const lines = under('What now', outcome({ status: 'failed', reason }));
    expect(lines[0]).toContain(`"${heading}"`);
    expect(lines[1]).toContain('imdsv2 enforce');
  });

  test('revokes an exemption that the launch itself set', () => {
    const exempt = outcome({ status: 'exempt', reason: 'exempt-self-granted' });
    expect(under('What now', exempt)[1]).toContain('aws ec2 delete-tags');
  });

  test('gives containers access to IMDS before it changes the launch source', () => {
    const tags = { 'eks:cluster-name': 'prod', 'eks:nodegroup-name': 'blue' };
    const lines = under('What now', outcome({ snapshot: snapshot({ tags }) }));
    expect(lines[1]).toContain('--http-put-response-hop-limit 2');
    expect(lines[2]).toContain('EKS node group prod/blue');
  });
});

test('an exemption has date, owner and reason', () => {
  const tags = {
    'imdsv2:exempt-until': '2026-12-01',
    'imdsv2:exempt-owner': 'kim',
    'imdsv2:exempt-reason': 'agent X',
  };
  expect(under('Exemption', outcome({ status: 'exempt', snapshot: snapshot({ tags }) }))).toEqual([
    'until 2026-12-01, owner kim, reason agent X',
  ]);
});

describe('any text of users', () => {
  const KEYS = ['Name', 'Owner', 'imdsv2:exempt-until', 'imdsv2:exempt-reason', 'aws:autoscaling:groupName'];
  const anyOutcome = fc
    .record({
      number: fc.nat(5),
      status: fc.constantFrom(...STATUSES),
      trigger: fc.constantFrom(...ALL_TRIGGERS.map(({ name }) => name)),
      tags: fc.dictionary(fc.constantFrom(...KEYS), hostileText()),
      caller: fc.record({ principal: hostileText(), session: hostileText(), userAgent: hostileText() }),
      detail: hostileText(),
      eventId: hostileText(),
    })
    .map(({ number, status, trigger, tags, caller, detail, eventId }) => {
      const of = target({ instanceId: instanceId(number), trigger, caller, eventId });
      return outcome({ status, target: of, detail, snapshot: snapshot({ instanceId: of.instanceId, tags }) });
    });
  const LINE =
    /^$|^IMDSv2 enforcer, account \d|^(i-\w+|\d+ instances): [A-Z-]+ \([A-Z]+\)$|^(What happened|Detail|So what|Who|CloudTrail event|Instances?|Name|Where|When|Why|Options|Exemption|What now|In CloudFormation|In Terraform|In CDK|Undo|Controls): |^(aws|imdsv2) |^Names, tags/;

  test('forges no line, no link and no invisible character, in email, chat and subject', () => {
    fc.assert(
      fc.property(fc.array(anyOutcome, { minLength: 1, maxLength: 8 }), (outcomes) => {
        for (const { subject, email, json, chat } of toAlerts(details(...outcomes), OPTIONS)) {
          expect(subject).toMatch(/^\[IMDSv2 [ -~]{1,91}$/);
          const lines = email.split('\n');
          expect(lines.filter((text) => !LINE.test(text))).toEqual([]);
          const unlabelled = lines.filter((text) => !/^(aws|imdsv2) /.test(text));
          // Two, where a name is empty.
          expect(unlabelled.filter((text) => / {3}/.test(text))).toEqual([]);
          expect(unlabelled.filter((text) => INVISIBLE.test(text))).toEqual([]);
          expect(email.replaceAll(CONSOLE, '')).not.toMatch(/:\/\/|www\.[a-z]{2}/i);
          expect(JSON.stringify(json)).not.toMatch(INVISIBLE);
          expect(JSON.stringify(chat).replaceAll(CONSOLE, '')).not.toMatch(/:\/\/|<@|<!/);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test.each(['😀'.repeat(255), '"\\'.repeat(128), '重'.repeat(255)])(
  'long names: each message fits SNS, and no id is missing',
  (text) => {
    const keys = Object.keys(WEB);
    const ids = Array.from({ length: 300 }, (_, index) => instanceId(index));
    const many = ids.map((id, index) => {
      const tags = Object.fromEntries(keys.map((key) => [key, `${index % 150}${text}`.slice(0, 255)]));
      return outcome({ target: target({ instanceId: id }), snapshot: snapshot({ instanceId: id, tags }) });
    });
    const messages = toAlerts(details(...many), OPTIONS);
    for (const message of messages) {
      expect(Buffer.byteLength(toSnsText(message), 'utf8')).toBeLessThanOrEqual(MAX_BYTES);
    }
    const found = messages.flatMap(({ json }) => json.groups.flatMap(({ instanceIds }) => instanceIds));
    expect(found.sort()).toEqual(ids);
  },
);
