import fc from 'fast-check';
import { type WorkloadImpact, judgeAfterChange, toWorkloadImpactMessages } from '../../lambda/core/workload-impact.ts';
import { toSnsText } from '../../lambda/core/message.ts';
import { ACCOUNT, instanceId, NOW, REGION, snapshot } from '../support/builders.ts';
import { hostileText, INVISIBLE } from '../support/hostile.ts';

const OPTIONS = { maxExemptionDays: 90 };
const applied = snapshot({ options: { HttpTokens: 'required' } });
const pending = snapshot({ options: { HttpTokens: 'required', State: 'pending' } });

describe('what to do about an instance that was closed', () => {
  test.each([
    ['calls are refused → told at once', applied, 1, 0, 'tell'],
    ['calls are refused at the last look → told', applied, 1, 3, 'tell'],
    ['nothing is refused → another look', applied, 0, 0, 'later'],
    ['nothing is refused at the third look → another', applied, 0, 2, 'later'],
    ['nothing is refused at the fourth → done, and never a fifth', applied, 0, 3, 'done'],
    ['nothing is refused at a fifth that should not be → done', applied, 0, 4, 'done'],
    ['the change is pending → another look', pending, 0, 2, 'later'],
    ['the change is pending at the fourth → told', pending, 0, 3, 'tell'],
    ['opened again → nobody’s break', snapshot(), 5, 0, 'done'],
    ['options that cannot be read → left', snapshot({ options: { HttpTokens: undefined } }), 5, 0, 'done'],
    ['terminated → nobody’s break', snapshot({ ...applied, tags: {}, state: 'terminated' }), 5, 0, 'done'],
    ['shutting down → nobody’s break', snapshot({ ...applied, tags: {}, state: 'shutting-down' }), 5, 0, 'done'],
  ] as const)('%s', (_, seen, rejected, checksDone, care) => {
    expect(judgeAfterChange(seen, rejected, checksDone)).toBe(care);
  });

  test('four looks, whatever is seen', () => {
    const looks = (seen: typeof applied) => {
      let checksDone = 0;
      while (judgeAfterChange(seen, 0, checksDone) === 'later') checksDone += 1;
      return checksDone + 1;
    };
    expect([looks(applied), looks(pending)]).toEqual([4, 4]);
  });
});

const [A, B] = [instanceId(1), instanceId(2)];
const impacts: readonly WorkloadImpact[] = [
  {
    snapshot: snapshot({
      instanceId: A,
      options: { HttpTokens: 'required' },
      tags: { Name: 'web', 'aws:autoscaling:groupName': 'web-asg' },
    }),
    remediatedAt: new Date('2026-11-22T11:30:00Z'),
    rejected: 12,
  },
  {
    snapshot: snapshot({ instanceId: B, options: { HttpTokens: 'required', State: 'pending' } }),
    remediatedAt: new Date('2026-11-22T11:00:00Z'),
    rejected: 0,
  },
];

test('a state that EC2 does not state is not made up', () => {
  const options = { HttpTokens: 'required', State: undefined };
  const silent = { snapshot: snapshot({ options }), remediatedAt: new Date('2026-11-22T11:30:00Z'), rejected: 0 };
  const [message] = toWorkloadImpactMessages(ACCOUNT, REGION, [silent], OPTIONS);
  expect(message?.email).toContain('  what     the change is still not stated\n');
  expect(JSON.parse(JSON.stringify(message?.json))).not.toHaveProperty('instances.0.state');
});

test('the message, whole', () => {
  const [message, ...others] = toWorkloadImpactMessages(ACCOUNT, REGION, impacts, OPTIONS);
  expect(others).toEqual([]);
  expect(message).toEqual({
    subject: '[IMDSv2 HIGH] eu-west-1: 2 closed and still in need of IMDSv1',
    json: {
      schema: 'imdsv2-enforcer.workload-impact/v1',
      account: '111122223333',
      region: 'eu-west-1',
      instances: [
        {
          instanceId: A,
          name: 'web',
          remediatedAt: '2026-11-22T11:30:00.000Z',
          rejectedCalls: 12,
          state: 'applied',
          rollback: `imdsv2 rollback ${A} --region eu-west-1 --for 14d --reason '...'`,
        },
        {
          instanceId: B,
          name: undefined,
          remediatedAt: '2026-11-22T11:00:00.000Z',
          rejectedCalls: 0,
          state: 'pending',
          rollback: `imdsv2 rollback ${B} --region eu-west-1 --for 14d --reason '...'`,
        },
      ],
    },
    email: [
      'IMDSv2 enforcer, account 111122223333, eu-west-1: IMDSv1 was switched off, and something there still needs it, or the change did not take.',
      [
        `${A} "web": closed 2026-11-22T11:30:00Z`,
        '  what     12 calls without a token were refused since then',
        '  launchSource   Auto Scaling group web-asg',
        `  undo     imdsv2 rollback ${A} --region eu-west-1 --for 14d --reason '...'`,
      ].join('\n'),
      [
        `${B}: closed 2026-11-22T11:00:00Z`,
        '  what     the change is still pending',
        '  launchSource   no tag of a launching service',
        `  undo     imdsv2 rollback ${B} --region eu-west-1 --for 14d --reason '...'`,
      ].join('\n'),
      'Names above are as others wrote them.',
    ].join('\n\n'),
    attributes: { severity: 'HIGH', status: ['workload-impact'], account: ACCOUNT, region: REGION, trigger: 'command' },
  });
});

test('the exemption of the undo is one that the account allows', () => {
  const [message] = toWorkloadImpactMessages(ACCOUNT, REGION, impacts, { maxExemptionDays: 3 });
  expect(message?.email).toContain(`imdsv2 rollback ${A} --region eu-west-1 --for 3d --reason '...'`);
});

const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');
const idsIn = (json: object): string[] =>
  (json as { instances: { instanceId: string }[] }).instances.map(({ instanceId: id }) => id);

test.each(['😀'.repeat(255), '"\\'.repeat(128), '重'.repeat(255)])(
  'names however heavy: each message fits SNS, and nobody is lost',
  (text) => {
    const keys = ['Name', 'aws:autoscaling:groupName', 'aws:cloudformation:stack-name', 'eks:cluster-name'];
    const tags = Object.fromEntries(keys.map((key) => [key, text]));
    const ids = Array.from({ length: 400 }, (_, index) => instanceId(index));
    const many = ids.map((id) => ({ snapshot: snapshot({ instanceId: id, tags }), remediatedAt: NOW, rejected: 1 }));

    const messages = toWorkloadImpactMessages(ACCOUNT, REGION, many, OPTIONS);

    expect(messages.length).toBeGreaterThan(1);
    for (const message of messages) expect(bytes(toSnsText(message))).toBeLessThanOrEqual(240 * 1024);
    expect(messages.flatMap(({ json }) => idsIn(json))).toEqual(ids);
  },
);

test('for any names: subject under 100 ASCII characters, mail without hidden characters, links or extra lines', () => {
  const anyImpact = fc
    .record({
      tags: fc.dictionary(fc.constantFrom('Name', 'aws:autoscaling:groupName', 'eks:nodegroup-name'), hostileText()),
      state: hostileText(),
      rejected: fc.nat(),
    })
    .map(({ tags, state, rejected }) => ({
      snapshot: snapshot({ tags, options: { HttpTokens: 'required', State: state } }),
      remediatedAt: NOW,
      rejected,
    }));
  fc.assert(
    fc.property(fc.array(anyImpact, { minLength: 1, maxLength: 10 }), (those) => {
      for (const { subject, email, json } of toWorkloadImpactMessages(ACCOUNT, REGION, those, OPTIONS)) {
        expect(subject).toMatch(/^\[IMDSv2 [ -~]{1,91}$/);
        const lines = email.split('\n');
        expect(lines.filter((line) => INVISIBLE.test(line))).toEqual([]);
        expect(email).not.toMatch(/:\/\/|www\.[a-z]{2}/i);
        const OURS = /^$|^IMDSv2 enforcer, |^i-\w+[: ]|^ {2}(what|launchSource|undo) |^Names above /;
        expect(lines.filter((line) => !OURS.test(line))).toEqual([]);
        expect(JSON.stringify(json)).not.toMatch(INVISIBLE);
      }
    }),
    { numRuns: 60 },
  );
});

test('exactly as heavy as allowed is one message, a byte more is two', () => {
  const LIMIT = 240 * 1024;
  const remediatedAt = new Date('2026-11-22T11:30:00Z');
  // Where calls are refused, the state is in the form for machines only, and there a letter is a byte.
  const messages = (count: number, bytesMore: number) =>
    toWorkloadImpactMessages(
      ACCOUNT,
      REGION,
      Array.from({ length: count }, (_, index) => {
        const State = 'x'.repeat(1 + Math.min(120, Math.max(0, bytesMore - index * 120)));
        return { snapshot: snapshot({ instanceId: instanceId(index), options: { State } }), remediatedAt, rejected: 1 };
      }),
      OPTIONS,
    );
  const weight = ([message]: ReturnType<typeof messages>) =>
    message === undefined ? 0 : Buffer.byteLength(toSnsText(message), 'utf8');
  const one = weight(messages(2, 0)) - weight(messages(1, 0));
  const count = Math.floor((LIMIT - 1_000) / one);
  const room = LIMIT - weight(messages(count, 0));
  expect(room).toBeGreaterThan(0);
  expect(messages(count, room).map((message) => weight([message]))).toEqual([LIMIT]);
  expect(messages(count, room + 1)).toHaveLength(2);
});
