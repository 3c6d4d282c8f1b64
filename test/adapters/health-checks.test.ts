import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { healthChecks, type HealthCheckOptions } from '../../lambda/adapters/health-checks.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import { REGION } from '../support/builders.ts';
import { json, type Loopback, startLoopback } from '../support/loopback.ts';

let aws: Loopback;
let clients: Pick<HealthCheckOptions, 'trails' | 'events' | 'queues'>;

beforeAll(async () => {
  aws = await startLoopback();
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  const config = { region: REGION, endpoint: aws.url, credentials, maxAttempts: 1 };
  clients = {
    trails: new CloudTrailClient(config),
    events: new EventBridgeClient(config),
    queues: new SQSClient(config),
  };
});
beforeEach(() => aws.reset());
afterAll(async () => {
  Object.values(clients).forEach((client) => client.destroy());
  await aws.close();
});

const checksWith = (over: Partial<HealthCheckOptions> = {}) =>
  healthChecks({
    ...clients,
    trail: true,
    ruleNames: ['Launch', 'Drift'],
    deadLetterQueueUrl: `${aws.url}/111122223333/dead`,
    forwarders: [],
    inRegion: { events: () => clients.events, queues: () => clients.queues },
    ...over,
  });
const problemsOf = (over: Partial<HealthCheckOptions> = {}) => checksWith(over).problems();
const trails = (...names: readonly string[]) =>
  json({
    trailList: names.map((Name) => ({ Name, TrailARN: `arn:aws:cloudtrail:${REGION}:111122223333:trail/${Name}` })),
  });
const refusal = (type: string, message = 'no', status = 400) => json({ __type: type, message }, status);

it('finds no problem in a healthy deployment', async () => {
  expect(await problemsOf()).toEqual([]);

  const calls = aws.take().map(({ action, parameters }) => [action, parameters]);
  expect(calls).toEqual(
    expect.arrayContaining([
      ['DescribeTrails', { includeShadowTrails: true }],
      ['GetTrailStatus', { Name: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/all' }],
      ['DescribeRule', { Name: 'Launch' }],
      ['DescribeRule', { Name: 'Drift' }],
      [
        'GetQueueAttributes',
        { QueueUrl: `${aws.url}/111122223333/dead`, AttributeNames: ['ApproximateNumberOfMessages'] },
      ],
    ]),
  );
  expect(calls).toHaveLength(5);
});

describe('the trail', () => {
  const NOT_LOGGING = 'no CloudTrail trail is logging in this region: drift is not detected';

  it('is a problem if there is none', async () => {
    aws.prepare('DescribeTrails', trails());
    expect(await problemsOf()).toEqual([NOT_LOGGING]);
  });

  it('is a problem if none is logging; one is enough', async () => {
    aws.prepare('DescribeTrails', trails('a', 'b'), trails('a', 'b'));
    aws.prepare('GetTrailStatus', json({ IsLogging: false }), json({ IsLogging: false }));
    expect(await problemsOf()).toEqual([NOT_LOGGING]);

    aws.prepare('GetTrailStatus', json({ IsLogging: false }));
    expect(await problemsOf()).toEqual([]);
  });

  it('may be an organization trail whose status is hidden, if another one is logging', async () => {
    aws.prepare('DescribeTrails', trails('organization', 'account'), trails('organization', 'account'));
    const hidden = refusal('TrailNotFoundException', 'Unknown trail');
    aws.prepare('GetTrailStatus', hidden);
    expect(await problemsOf()).toEqual([]);

    aws.prepare('GetTrailStatus', hidden, json({ IsLogging: false }));
    expect(await problemsOf()).toEqual(['a health check failed: TrailNotFoundException: Unknown trail']);
  });

  it('is not checked if none is expected', async () => {
    expect(await problemsOf({ trail: false })).toEqual([]);
    expect(aws.take('DescribeTrails')).toEqual([]);
  });
});

it('names a rule that is disabled or deleted', async () => {
  aws.prepare('DescribeRule', json({ Name: 'Launch', State: 'DISABLED' }));
  expect(await problemsOf({ ruleNames: ['Launch'] })).toEqual(['the rule Launch is disabled']);

  aws.prepare('DescribeRule', refusal('ResourceNotFoundException', 'Rule Launch does not exist'));
  expect(await problemsOf({ ruleNames: ['Launch'] })).toEqual([
    'a health check failed: ResourceNotFoundException: Rule Launch does not exist',
  ]);
});

it('counts the messages of the dead-letter queue', async () => {
  for (const [depth, text] of [
    ['1', '1 message'],
    ['3', '3 messages'],
  ] as const) {
    aws.prepare('GetQueueAttributes', json({ Attributes: { ApproximateNumberOfMessages: depth } }));
    expect(await problemsOf()).toEqual([`the dead-letter queue has ${text}`]);
  }
});

it('reports a check that fails beside the others, and never throws', async () => {
  aws.prepare('DescribeTrails', 'reset');
  aws.prepare('DescribeRule', refusal('AccessDeniedException', 'not you'), json({ State: 'DISABLED' }));
  aws.prepare('GetQueueAttributes', refusal('com.amazonaws.sqs#QueueDoesNotExist', 'none'));

  const problems = await problemsOf();

  expect(problems).toHaveLength(4);
  expect(problems.filter((problem) => problem.startsWith('a health check failed: '))).toHaveLength(3);
  expect(problems.some((problem) => /^the rule (Launch|Drift) is disabled$/.test(problem))).toBe(true);
});

it('reads a rule on a custom event bus', async () => {
  await problemsOf({ ruleNames: ['custom/Launch'], trail: false });
  expect(aws.take('DescribeRule').map(({ parameters }) => parameters)).toEqual([
    { Name: 'Launch', EventBusName: 'custom' },
  ]);
});

describe('another region', () => {
  const rule = (pattern: object, State = 'ENABLED') => ({ Name: 'any', EventPattern: JSON.stringify(pattern), State });
  const all = TRIGGERS.map(({ pattern }) => rule(pattern));
  const problemsInRegion = (forwarders: readonly string[] = []) => checksWith({ forwarders }).problemsIn('eu-south-1');

  it('has no problem if the rules match events of one account only, as deployed rules do (7)', async () => {
    aws.prepare(
      'ListRules',
      json({ Rules: TRIGGERS.map(({ pattern }) => rule({ ...pattern, account: ['111122223333'] })) }),
    );
    expect(await problemsInRegion()).toEqual([]);
  });

  it('has no problem if every pattern has a rule, on any page and with any order of keys', async () => {
    const [first = rule({}), ...others] = all;
    const { source, detail, ...rest } = JSON.parse(first.EventPattern) as Record<string, unknown>;
    aws.prepare(
      'ListRules',
      json({ Rules: [{ Name: 'schedule', State: 'ENABLED' }, ...others], NextToken: 'more' }),
      json({ Rules: [rule({ detail, ...rest, source })] }),
    );
    expect(await problemsInRegion()).toEqual([]);
    expect(aws.take().map(({ action, parameters }) => [action, parameters])).toEqual([
      ['ListRules', {}],
      ['ListRules', { NextToken: 'more' }],
    ]);
  });

  it('is reported with the triggers that have no rule', async () => {
    aws.prepare(
      'ListRules',
      json({ Rules: [rule({ source: ['aws.ec2'] })] }),
      json({ Rules: all.map((enabled, index) => (index === 1 ? { ...enabled, State: 'DISABLED' } : enabled)) }),
    );
    expect(await problemsInRegion()).toEqual([
      'eu-south-1 has no EventBridge rule: changes there are found by the scheduled scan only',
    ]);
    expect(await problemsInRegion()).toEqual([
      'eu-south-1 has no EventBridge rule for drift: changes there are found by the scheduled scan only',
    ]);
  });

  it('is reported if its rules may not be read', async () => {
    aws.prepare('ListRules', refusal('AccessDeniedException', 'not you'));
    expect(await problemsInRegion()).toEqual(['a health check failed: AccessDeniedException: not you']);
  });

  it('is reported if its events did not reach the home region, or if its queue was deleted', async () => {
    aws.prepare('ListRules', json({ Rules: all }), json({ Rules: all }));
    aws.prepare('GetQueueUrl', json({ QueueUrl: `${aws.url}/111122223333/undelivered` }));
    aws.prepare('GetQueueAttributes', json({ Attributes: { ApproximateNumberOfMessages: '2' } }));
    expect(await problemsInRegion(['eu-south-1'])).toEqual(['2 events of eu-south-1 did not reach the home region']);
    expect(aws.take('GetQueueUrl').map(({ parameters }) => parameters)).toEqual([
      { QueueName: 'imdsv2-enforcer-forwarder-dead-letter-queue' },
    ]);

    aws.prepare('GetQueueUrl', refusal('com.amazonaws.sqs#QueueDoesNotExist', 'none'));
    expect(await problemsInRegion(['eu-south-1'])).toEqual(['a health check failed: QueueDoesNotExist: none']);
  });
});
