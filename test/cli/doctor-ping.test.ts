import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { INSTANCE, REGION } from '../support/builders.ts';
import { answersWith, awsError, doctor, results, healthy, OUTPUTS, PONG, services, stackIs } from './doctor-aws.ts';

const { events, logs, ec2 } = services;

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

describe('the ping', () => {
  it('no answer → asked again until the time is up, and said', async () => {
    answersWith(undefined);

    const { exitCode, out, pauses } = await doctor('--timeout', '5');

    expect(exitCode).toBe(2);
    expect(pauses).toEqual([2000, 2000, 1000]);
    expect(out.join('\n')).toMatch(/FAIL {2}ping .*no answer within 5 s/);
  });

  it('EventBridge that refuses it → said, and not waited for', async () => {
    events.on(PutEventsCommand).resolves({ Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'slow' }] });

    const { exitCode, found } = await results();

    expect(exitCode).toBe(1);
    expect(found).toMatchObject([{ check: 'ping', text: expect.stringContaining('ThrottlingException slow') }]);
    expect(logs.calls()).toEqual([]);
  });

  it.each<readonly [string, () => unknown, string]>([
    ['no instance', () => ec2.on(DescribeInstancesCommand).resolves({}), `there is no instance in ${REGION} to try on`],
    [
      'no right to look for one',
      () => ec2.on(DescribeInstancesCommand).rejects(awsError('UnauthorizedOperation')),
      'no instance could be looked for: missing permission: no',
    ],
  ])('%s → alive, but the role is not tried', async (_, arrange, why) => {
    arrange();
    answersWith({ mode: 'enforce' });
    expect(await results()).toMatchObject({
      exitCode: 2,
      found: [{ check: 'role', level: 'warn', text: `not tried: ${why}` }],
    });
  });

  const verdict = (name: string) => ({ verdict: name, message: 'EC2 said so' });
  it.each<readonly [string, string, string, string, string, readonly (readonly [string, string])[]]>([
    ['enforce', 'on', 'allowed', 'denied', 'as it should be', []],
    ['enforce', 'on', 'denied', 'denied', 'EC2 refuses our change', [['role', 'fail']]],
    ['enforce', 'on', 'allowed', 'allowed', 'the denies are gone', [['role guard', 'fail']]],
    ['enforce', 'off', 'allowed', 'allowed', 'as chosen, and said', [['role guard', 'warn']]],
    ['enforce', 'off', 'allowed', 'denied', 'something else denies', []],
    ['audit', 'on', 'denied', 'denied', 'as it should be', []],
    ['audit', 'off', 'denied', 'denied', 'as it should be', []],
    ['audit', 'on', 'allowed', 'denied', 'audit that may change', [['role', 'fail']]],
    ['audit', 'off', 'denied', 'allowed', 'audit that may set back', [['role guard', 'fail']]],
    [
      'enforce',
      'on',
      'unclear',
      'unclear',
      'EC2 did not say',
      [
        ['role', 'unchecked'],
        ['role guard', 'unchecked'],
      ],
    ],
  ])(
    'mode %s, roleGuard %s: required %s, optional %s → %s',
    async (mode, RoleGuard, required, optional, _, expected) => {
      stackIs({ outputs: { ...OUTPUTS, RoleGuard } });
      answersWith({ ...PONG, mode, required: verdict(required), optional: verdict(optional) });

      const { found } = await results();

      expect(found.map(({ check, level }) => [check, level])).toEqual(expected);
    },
  );

  it('an answer that is no answer → said, nothing is believed', async () => {
    answersWith({ instanceId: INSTANCE, required: 'allowed', optional: null });
    expect((await results()).found.map(({ level }) => level)).toEqual(['unchecked', 'unchecked']);
  });
});
