import fc from 'fast-check';
import { toSnsText } from '../../../lambda/core/message.ts';
import type { PreventionEvent, RequestedLaunch } from '../../../lambda/core/prevention/event.ts';
import {
  type Findings,
  mergePrevention,
  type PreventionDetail,
  toPreventionDetail,
} from '../../../lambda/core/prevention/event-detail.ts';
import { renderPrevention } from '../../../lambda/core/prevention/event-message.ts';
import { ACCOUNT, REGION } from '../../support/builders.ts';
import { hostileText, INVISIBLE } from '../../support/hostile.ts';
import { after } from '../../support/ports.ts';

const ROLE = `arn:aws:sts::${ACCOUNT}:assumed-role`;
const KIM = { principal: `${ROLE}/deployer/kim`, sourceIp: '198.51.100.23', cloudTrailEventId: 'f2a1c3d4' };
const AUTO_SCALING = {
  principal: `${ROLE}/AWSServiceRoleForAutoScaling/AutoScaling`,
  invokedBy: 'autoscaling.amazonaws.com',
};
const MESSAGE = "You can't launch instances with IMDSv1 because httpTokensEnforced is enabled for this account.";

const happened = (eventId: string, minutes: number) => ({
  account: ACCOUNT,
  region: REGION,
  eventId,
  occurredAt: after(60 * minutes),
});

function refused(launch: RequestedLaunch, eventId = 'e-1', minutes = 0, caller: object = KIM): PreventionEvent {
  const base = { ...happened(eventId, minutes), trigger: 'refused-launch', caller: { ...KIM, ...caller } };
  return { ...base, kind: 'launch-refused', launch, errorMessage: MESSAGE };
}

function weakened(requested: object, eventId = 'e-2'): PreventionEvent {
  return { ...happened(eventId, 0), trigger: 'weakened-defaults', caller: KIM, kind: 'defaults-weakened', requested };
}

const message = (...details: readonly PreventionDetail[]) => {
  const [first, ...others] = mergePrevention(details).map(renderPrevention);
  expect(others).toEqual([]);
  if (first === undefined) throw new Error('there is no message');
  return first;
};
const about = (event: PreventionEvent, findings: Findings = {}) => message(toPreventionDetail(event, findings));

describe('a refused launch', () => {
  test('is MEDIUM, names the launch template and the caller, and advises to change the template', () => {
    const { subject, attributes, email } = about(refused({ launchTemplateId: 'lt-0aa', launchTemplateVersion: '7' }));

    expect(subject).toBe(`[IMDSv2 MEDIUM] ${ACCOUNT} ${REGION}: 1 launch with IMDSv1 refused`);
    expect(attributes).toMatchObject({ severity: 'MEDIUM', status: ['prevention'], trigger: ['refused-launch'] });
    expect(email).toContain('Why: refused-launch; launch template lt-0aa version 7\n');
    expect(email).toContain(`CloudTrail names ${KIM.principal}`);
    expect(email).toContain(`\nimdsv2 prevent templates --region ${REGION} --template 'lt-0aa'\n`);
    expect(email).toContain(`modify-instance-metadata-defaults --region ${REGION} --http-tokens-enforced disabled`);
  });

  test('from a launch template that is known by its name leads to its id', () => {
    const { email } = about(refused({ launchTemplateName: 'web' }));
    expect(email).toContain('launch template web version $Default');
    expect(email).toContain(`\nimdsv2 readiness --regions ${REGION}\n`);
  });

  test('of a call that asks for optional tokens is for the caller to change', () => {
    const { email } = about(refused({ imageId: 'ami-0aa', instanceType: 't3.micro', httpTokens: 'optional' }));
    expect(email).toContain('AMI ami-0aa, instance type t3.micro, the call itself asked for HttpTokens=optional');
    expect(email).toContain('The caller must launch with --metadata-options HttpTokens=required.');
  });

  test.each([
    [['web'], 'Auto Scaling group web, instance type m5.large, subnet-0aa', false],
    [['api', 'web'], 'one of the Auto Scaling groups api web,', false],
    [[], 'an Auto Scaling group: which is not visible from here,', true],
    [{ notVisible: 'missing permission x' }, 'not visible from here (missing permission x),', true],
  ] as const)('of Auto Scaling names the groups %j', (groups, text, mustBeFound) => {
    const event = refused({ instanceType: 'm5.large', subnetId: 'subnet-0aa' }, 'e-1', 0, AUTO_SCALING);
    const { email } = about(event, { groups });
    expect(email).toContain(text);
    expect(email).toContain(`\nimdsv2 readiness --regions ${REGION}\n`);
    expect(email.includes('describe-scaling-activities')).toBe(mustBeFound);
  });

  test('that is tried again is one block with a count, and one delivered twice counts once', () => {
    const tries = Array.from({ length: 31 }, (_, minute) =>
      toPreventionDetail(refused({ launchTemplateId: 'lt-0aa' }, `e-${minute}`, minute), {}),
    );
    const { subject, email, json } = message(...tries.toReversed(), ...tries.slice(0, 3));

    expect(subject).toBe(`[IMDSv2 MEDIUM] ${ACCOUNT} ${REGION}: 31 launches with IMDSv1 refused`);
    expect(email.match(/LAUNCH REFUSED/g)).toHaveLength(1);
    expect(email).toContain('What happened: EC2 refused 31 launches with IMDSv1 enabled');
    expect(email).toMatch(/\nWhen: first 2\S+Z, last 2\S+Z, 31 events\n/);
    expect(json).toMatchObject({ events: [{ count: 31, eventId: 'e-30' }] });
  });

  test('of groups is one block for the same groups, whatever subnet they used', () => {
    const tries = ['subnet-0aa', 'subnet-0bb'].map((subnetId, index) =>
      toPreventionDetail(refused({ subnetId }, `e-${index}`, index, AUTO_SCALING), { groups: ['web'] }),
    );
    expect(message(...tries).json).toMatchObject({ events: [{ count: 2 }] });
  });
});

describe('weakened defaults', () => {
  test('are HIGH with the defaults as they are now, the caller, and the command that sets them again', () => {
    const event = weakened({ HttpTokens: 'optional', HttpTokensEnforced: 'disabled' });
    const { subject, email } = about(event, { defaults: { HttpTokens: 'optional' } });

    expect(subject).toBe(`[IMDSv2 HIGH] ${ACCOUNT} ${REGION}: metadata defaults weakened`);
    expect(email).toContain('METADATA DEFAULTS WEAKENED (HIGH)');
    expect(email).toContain(
      'set to HttpTokens=optional, HttpTokensEnforced=disabled. They are now HttpTokens=optional, HttpTokensEnforced=disabled.',
    );
    expect(email).toContain('launches that do not state HttpTokens can have IMDSv1 enabled; EC2 refuses neither');
    expect(email).toContain(`CloudTrail names ${KIM.principal}, from 198.51.100.23`);
    expect(email).toContain(
      `aws ec2 modify-instance-metadata-defaults --region ${REGION} --http-tokens required --http-tokens-enforced enabled`,
    );
  });

  test.each([
    [{ HttpTokens: 'optional' }, { HttpTokens: 'required' }, 'MEDIUM'],
    [{ HttpTokensEnforced: 'disabled' }, { HttpTokensEnforced: 'enabled' }, 'MEDIUM'],
    [{ HttpTokensEnforced: 'disabled' }, { HttpTokens: 'required' }, 'HIGH'],
    [{ HttpTokens: 'optional', HttpTokensEnforced: 'disabled' }, { HttpTokens: 'required' }, 'HIGH'],
    [{ HttpTokens: 'no-preference' }, {}, 'HIGH'],
  ])('%j with now %j are %s', (requested, defaults, severity) => {
    const { attributes, email } = about(weakened(requested), { defaults });
    expect(attributes.severity).toBe(severity);
    expect(email.includes('They are strong again')).toBe(severity === 'MEDIUM');
    expect(email.includes('What now:')).toBe(severity === 'HIGH');
  });

  test('that cannot be read are HIGH, and the alert says so', () => {
    const defaults = { notVisible: 'missing permission ec2:GetInstanceMetadataDefaults' };
    const { attributes, email } = about(weakened({ HttpTokens: 'optional' }), { defaults });
    expect(attributes.severity).toBe('HIGH');
    expect(email).toContain('Whether they still are is not visible from here: missing permission ec2:GetInstance');
  });

  test('come before refused launches, and say who manages them', () => {
    const defaults = { HttpTokens: 'required', ManagedBy: 'declarative-policy' };
    const { subject, email } = message(
      toPreventionDetail(refused({ launchTemplateId: 'lt-0aa' }), {}),
      toPreventionDetail(weakened({ HttpTokens: 'optional' }), { defaults }),
    );
    expect(subject).toContain('metadata defaults weakened, 1 launch with IMDSv1 refused');
    expect(email.indexOf('DEFAULTS WEAKENED')).toBeLessThan(email.indexOf('LAUNCH REFUSED'));
    expect(email).toContain('by a declarative policy of the organization');
  });
});

test('many launch sources are several messages that SNS accepts', () => {
  const details = Array.from({ length: 45 }, (_, index) =>
    toPreventionDetail(refused({ launchTemplateName: `${'x'.repeat(250)}${index}` }, `e-${index}`), {}),
  );
  const messages = mergePrevention(details).map(renderPrevention);
  expect(messages.map(({ json }) => (json as PreventionDetail).events.length)).toEqual([20, 20, 5]);
  for (const one of messages) expect(Buffer.byteLength(toSnsText(one))).toBeLessThan(240 * 1024);
});

test('hostile texts make no line, no link and no longer subject', () => {
  fc.assert(
    fc.property(hostileText(), hostileText(), hostileText(), (name, principal, errorMessage) => {
      const launch = { launchTemplateName: name, launchTemplateVersion: name, imageId: name, httpTokens: name };
      const event = { ...refused(launch, 'e-1', 0, { principal, userAgent: name }), errorMessage };
      const { subject, email } = about(event, { groups: [name] });
      const plain = about(refused({ launchTemplateName: 'a', httpTokens: 'b' }));
      expect(subject).toBe(plain.subject);
      expect(email.split('\n')).toHaveLength(plain.email.split('\n').length);
      expect(email.replaceAll('\n', ' ')).not.toMatch(INVISIBLE);
      expect(email).not.toMatch(/https?:\/\//);
    }),
  );
});
