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

const made = (over: Partial<HealthCheckOptions> = {}) =>
  healthChecks({
    ...clients,
    trail: true,
    ruleNames: ['Launch', 'Drift'],
    deadLetterQueueUrl: `${aws.url}/111122223333/dead`,
    forwarders: [],
    elsewhere: { events: () => clients.events, queues: () => clients.queues },
    ...over,
  });
const feel = (over: Partial<HealthCheckOptions> = {}) => made(over).problems();
const trails = (...names: readonly string[]) =>
  json({
    trailList: names.map((Name) => ({ Name, TrailARN: `arn:aws:cloudtrail:${REGION}:111122223333:trail/${Name}` })),
  });
const refusal = (type: string, message = 'no', status = 400) => json({ __type: type, message }, status);

it('all is well → nothing to tell', async () => {
  expect(await feel()).toEqual([]);

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
  const SILENT = 'no CloudTrail trail is logging here: set-backs to IMDSv1 are not seen';

  it('there is none → told', async () => {
    aws.prepare('DescribeTrails', trails());
    expect(await feel()).toEqual([SILENT]);
  });

  it('all are switched off → told; one that logs is enough', async () => {
    aws.prepare('DescribeTrails', trails('a', 'b'), trails('a', 'b'));
    aws.prepare('GetTrailStatus', json({ IsLogging: false }), json({ IsLogging: false }));
    expect(await feel()).toEqual([SILENT]);

    aws.prepare('GetTrailStatus', json({ IsLogging: false }));
    expect(await feel()).toEqual([]);
  });

  it('one of the organization is hidden: another one that logs is enough, and without one it is said', async () => {
    aws.prepare('DescribeTrails', trails('organization', 'ours'), trails('organization', 'ours'));
    const hidden = refusal('TrailNotFoundException', 'Unknown trail');
    aws.prepare('GetTrailStatus', hidden);
    expect(await feel()).toEqual([]);

    aws.prepare('GetTrailStatus', hidden, json({ IsLogging: false }));
    expect(await feel()).toEqual(['a check could not be made: TrailNotFoundException: Unknown trail']);
  });

  it('none is expected → nobody asks', async () => {
    expect(await feel({ trail: false })).toEqual([]);
    expect(aws.take('DescribeTrails')).toEqual([]);
  });
});

it('a rule that is disabled, or gone, is told by name', async () => {
  aws.prepare('DescribeRule', json({ Name: 'Launch', State: 'DISABLED' }));
  expect(await feel({ ruleNames: ['Launch'] })).toEqual(['the rule Launch is disabled']);

  aws.prepare('DescribeRule', refusal('ResourceNotFoundException', 'Rule Launch does not exist'));
  expect(await feel({ ruleNames: ['Launch'] })).toEqual([
    'a check could not be made: ResourceNotFoundException: Rule Launch does not exist',
  ]);
});

it('dead letters that wait are counted', async () => {
  aws.prepare('GetQueueAttributes', json({ Attributes: { ApproximateNumberOfMessages: '3' } }));
  expect(await feel()).toEqual(['3 dead letters are waiting']);
});

it('what cannot be checked hides nothing else, and nothing is ever thrown', async () => {
  aws.prepare('DescribeTrails', 'reset');
  aws.prepare('DescribeRule', refusal('AccessDeniedException', 'not you'), json({ State: 'DISABLED' }));
  aws.prepare('GetQueueAttributes', refusal('com.amazonaws.sqs#QueueDoesNotExist', 'none'));

  const problems = await feel();

  expect(problems).toHaveLength(4);
  expect(problems.filter((problem) => problem.startsWith('a check could not be made: '))).toHaveLength(3);
  expect(problems.some((problem) => /^the rule (Launch|Drift) is disabled$/.test(problem))).toBe(true);
});

it('a rule on a bus of our own is asked for there', async () => {
  await feel({ ruleNames: ['ours/Launch'], trail: false });
  expect(aws.take('DescribeRule').map(({ parameters }) => parameters)).toEqual([
    { Name: 'Launch', EventBusName: 'ours' },
  ]);
});

describe('another region', () => {
  const rule = (pattern: object, State = 'ENABLED') => ({ Name: 'any', EventPattern: JSON.stringify(pattern), State });
  const all = TRIGGERS.map(({ pattern }) => rule(pattern));
  const elsewhere = (forwarders: readonly string[] = []) => made({ forwarders }).problemsIn('eu-south-1');

  it('every pattern has a rule, on whatever page and in whatever order of keys → nothing to tell', async () => {
    const [first = rule({}), ...others] = all;
    const { source, detail, ...rest } = JSON.parse(first.EventPattern) as Record<string, unknown>;
    aws.prepare(
      'ListRules',
      json({ Rules: [{ Name: 'schedule', State: 'ENABLED' }, ...others], NextToken: 'more' }),
      json({ Rules: [rule({ detail, ...rest, source })] }),
    );
    expect(await elsewhere()).toEqual([]);
    expect(aws.take().map(({ action, parameters }) => [action, parameters])).toEqual([
      ['ListRules', {}],
      ['ListRules', { NextToken: 'more' }],
    ]);
  });

  it('no rule, or only some → told, and for what', async () => {
    aws.prepare(
      'ListRules',
      json({ Rules: [rule({ source: ['aws.ec2'] })] }),
      json({ Rules: all.map((one, index) => (index === 1 ? { ...one, State: 'DISABLED' } : one)) }),
    );
    expect(await elsewhere()).toEqual([
      'no rule listens in eu-south-1: what happens to instances there waits for the scan',
    ]);
    expect(await elsewhere()).toEqual([
      'no rule listens for drift in eu-south-1: what happens to instances there waits for the scan',
    ]);
  });

  it('may not be read → that is said, not guessed', async () => {
    aws.prepare('ListRules', refusal('AccessDeniedException', 'not you'));
    expect(await elsewhere()).toEqual(['a check could not be made: AccessDeniedException: not you']);
  });

  it('sends here → what did not arrive is counted; a queue that is gone is told', async () => {
    aws.prepare('ListRules', json({ Rules: all }), json({ Rules: all }));
    aws.prepare('GetQueueUrl', json({ QueueUrl: `${aws.url}/111122223333/undelivered` }));
    aws.prepare('GetQueueAttributes', json({ Attributes: { ApproximateNumberOfMessages: '2' } }));
    expect(await elsewhere(['eu-south-1'])).toEqual(['2 events of eu-south-1 did not reach the home region']);
    expect(aws.take('GetQueueUrl').map(({ parameters }) => parameters)).toEqual([
      { QueueName: 'imdsv2-enforcer-forwarder-dead-letter-queue' },
    ]);

    aws.prepare('GetQueueUrl', refusal('com.amazonaws.sqs#QueueDoesNotExist', 'none'));
    expect(await elsewhere(['eu-south-1'])).toEqual(['a check could not be made: QueueDoesNotExist: none']);
  });
});
