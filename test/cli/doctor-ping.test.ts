import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { INSTANCE, REGION } from '../support/builders.ts';
import { respondWith, awsError, doctor, findings, healthy, RESPONSE, services, setStack } from './doctor-aws.ts';
import { OUTPUTS } from './doctor-stack.ts';

const { events, logs, ec2 } = services;

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

describe('the ping', () => {
  it('reads the log until the timeout, and fails without a response', async () => {
    respondWith(undefined);

    const { exitCode, out, pauses } = await doctor('--timeout', '5');

    expect(exitCode).toBe(2);
    expect(pauses).toEqual([2000, 2000, 1000]);
    expect(out.join('\n')).toMatch(/FAIL {2}ping .*no response within 5 s/);
  });

  it('does not wait if EventBridge refuses the event', async () => {
    events.on(PutEventsCommand).resolves({ Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'slow' }] });

    const { exitCode, found } = await findings();

    expect(exitCode).toBe(1);
    expect(found).toMatchObject([{ check: 'ping', text: expect.stringContaining('ThrottlingException slow') }]);
    expect(logs.calls()).toEqual([]);
  });

  it.each<readonly [string, () => unknown, string]>([
    ['no instance', () => ec2.on(DescribeInstancesCommand).resolves({}), `no suitable instance in ${REGION}`],
    [
      'missing permission to list instances',
      () => ec2.on(DescribeInstancesCommand).rejects(awsError('UnauthorizedOperation')),
      'instances could not be listed: missing permission: no',
    ],
  ])('%s: reports that the role was not checked', async (_, arrange, reason) => {
    arrange();
    respondWith({ mode: 'enforce' });
    const { exitCode, found } = await findings();
    expect(exitCode).toBe(2);
    expect(found.at(-1)).toMatchObject({ check: 'role', level: 'warn', text: `not checked: ${reason}` });
  });

  const verdict = (name: string) => ({ verdict: name, message: 'a message of EC2' });
  it.each<readonly [string, string, string, string, string, readonly (readonly [string, string])[]]>([
    ['enforce', 'on', 'allowed', 'denied', 'no findings', []],
    ['enforce', 'on', 'denied', 'denied', 'EC2 denies the change', [['role', 'fail']]],
    ['enforce', 'on', 'allowed', 'allowed', 'the deny statements are missing', [['role guard', 'fail']]],
    ['enforce', 'off', 'allowed', 'allowed', 'a warning, as roleGuard is off', [['role guard', 'warn']]],
    ['enforce', 'off', 'allowed', 'denied', 'no findings, another policy denies', []],
    ['audit', 'on', 'denied', 'denied', 'no findings', []],
    ['audit', 'off', 'denied', 'denied', 'no findings', []],
    ['audit', 'on', 'allowed', 'denied', 'audit mode with the permission', [['role', 'fail']]],
    ['audit', 'off', 'denied', 'allowed', 'audit mode with the permission to enable IMDSv1', [['role guard', 'fail']]],
    [
      'enforce',
      'on',
      'unclear',
      'unclear',
      'unknown',
      [
        ['role', 'unchecked'],
        ['role guard', 'unchecked'],
      ],
    ],
  ])('mode %s, roleGuard %s, IMDSv2 %s, IMDSv1 %s: %s', async (mode, RoleGuard, required, optional, _, expected) => {
    setStack({ outputs: { ...OUTPUTS, RoleGuard } });
    respondWith({ ...RESPONSE, mode, required: verdict(required), optional: verdict(optional) });

    const { found } = await findings();

    expect(found.map(({ check, level }) => [check, level])).toEqual(expected);
  });

  it('reports unchecked permissions for a malformed response', async () => {
    respondWith({ instanceId: INSTANCE, required: 'allowed', optional: null });
    expect((await findings()).found.map(({ level }) => level)).toEqual(['unchecked', 'unchecked']);
  });
});
