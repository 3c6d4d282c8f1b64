import { BUS_RULES, TRIGGERS } from '../../lambda/triggers/index.ts';
import { ping } from '../../lambda/triggers/ping.ts';
import { resources, statements, templateOf, theOne } from './synth.ts';

interface Rule {
  readonly Description: string;
  readonly EventPattern: unknown;
  readonly State: string;
  readonly Targets: readonly {
    readonly Arn: unknown;
    readonly DeadLetterConfig?: unknown;
    readonly RetryPolicy?: { readonly MaximumEventAgeInSeconds: number; readonly MaximumRetryAttempts: number };
  }[];
}

const template = templateOf();
const rules = resources<Rule>(template, 'AWS::Events::Rule');
const arnOf = (type: string, prefix?: string) => ({ 'Fn::GetAtt': [theOne(template, type, prefix)[0], 'Arn'] });
const functionArn = arnOf('AWS::Lambda::Function', 'EnforcerFunction');
const workQueueArn = arnOf('AWS::SQS::Queue', 'EnforcerWorkQueue');
const givenUpQueueArn = arnOf('AWS::SQS::Queue', 'EnforcerGivenUpQueue');

test('there is one rule for each trigger, one for the ping, the schedules of scan and health checks, and those of the notifier', () => {
  const schedules = ['EnforcerScanSchedule', 'EnforcerScanHealth'].map(
    (id) => theOne<Rule>(template, 'AWS::Events::Rule', id)[1],
  );
  const notifier = Object.entries(rules).filter(([id]) => id.startsWith('EnforcerNotifier'));
  expect(notifier).toHaveLength(3);
  expect(new Set(Object.values(rules).map((rule) => rule.Description))).toEqual(
    new Set([
      ...BUS_RULES.map((rule) => rule.description),
      ...schedules.map((schedule) => schedule.Description),
      ...notifier.map(([, rule]) => rule.Description),
    ]),
  );
});

test('the rule of the ping matches the ARN of the function, and has no dead-letter queue', () => {
  const [id, rule] = theOne<Rule>(template, 'AWS::Events::Rule', 'EnforcerRulesPing');
  expect(rule).toMatchObject({
    EventPattern: { ...ping.pattern, account: [{ Ref: 'AWS::AccountId' }], resources: [functionArn] },
    State: 'ENABLED',
    Targets: [{ Arn: workQueueArn, RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 } }],
  });
  expect(rule.Targets.map(({ DeadLetterConfig }) => DeadLetterConfig)).toEqual([undefined]);
  expect(allowedTo(id)).toEqual([workQueueArn]);
});

/** The queues to which a rule may send. */
const allowedTo = (ruleId: string) => {
  const fromThisRule = JSON.stringify({ 'Fn::GetAtt': [ruleId, 'Arn'] });
  return statements(template.findResources('AWS::SQS::QueuePolicy'))
    .filter(({ Condition }) => JSON.stringify(Condition?.ArnEquals?.['aws:SourceArn']) === fromThisRule)
    .map(({ Resource }) => Resource);
};

describe.each(TRIGGERS)('$name', ({ ruleId, pattern }) => {
  const [id, rule] = theOne<Rule>(template, 'AWS::Events::Rule', `EnforcerRules${ruleId}`);

  test('has the pattern of its trigger, for events of this account only', () => {
    expect(rule.EventPattern).toEqual({ ...pattern, account: [{ Ref: 'AWS::AccountId' }] });
  });

  test('is enabled, with one target: the work queue', () => {
    expect(rule.State).toBe('ENABLED');
    expect(rule.Targets.map((target) => target.Arn)).toEqual([workQueueArn]);
  });

  test('has a retry limit, after which the event is given up', () => {
    const [target] = rule.Targets;
    expect(target?.DeadLetterConfig).toEqual({ Arn: givenUpQueueArn });
    expect(target?.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 185 });
  });

  test('may deliver to its target and to the queue of what is given up', () => {
    expect(allowedTo(id)).toEqual(expect.arrayContaining([givenUpQueueArn, workQueueArn]));
  });
});
