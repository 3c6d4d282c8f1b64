import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { instanceId } from '../support/builders.ts';
import { type BusEvent, launchEvent } from '../support/events.ts';
import { record, replay, unique } from '../support/replay.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  return path;
}

const TIME = '2026-11-22T11:59:20.000Z';
const json = (event: BusEvent) => JSON.stringify(record(event));
const CONTROL = {
  messageType: 'CONTROL_MESSAGE',
  owner: 'CloudwatchLogs',
  logEvents: [{ id: '', timestamp: 1, message: 'CWL CONTROL MESSAGE: Checking health of destination Firehose.' }],
};

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html */
const subscription = (events: readonly BusEvent[]) => ({
  messageType: 'DATA_MESSAGE',
  owner: '111122223333',
  logGroup: 'CloudTrail/logs',
  logStream: '111122223333_CloudTrail_eu-west-1',
  subscriptionFilters: ['imdsv2'],
  logEvents: events.map((event, index) => ({ id: String(index), timestamp: 1_763_812_760_000, message: json(event) })),
});

describe('reads', () => {
  const one = () => launchEvent({ items: [{ httpTokens: 'optional' }] });
  const other = () => record({ ...launchEvent(), detail: { ...launchEvent().detail, eventName: 'DescribeInstances' } });
  test.each<readonly [string, () => unknown]>([
    ['a CloudTrail log file', () => ({ Records: [record(one()), other(), record(one())] })],
    ['a compressed log file', () => gzipSync(JSON.stringify({ Records: [record(one()), other(), record(one())] }))],
    ['one record per line', () => [one(), one()].map((event) => `${JSON.stringify(record(event))}\r\n`).join('\n')],
    [
      'one event per line, compressed',
      () => gzipSync([one(), one()].map((event) => JSON.stringify(unique(event))).join('\n')),
    ],
    ['a list of events', () => [unique(one()), unique(one())]],
    ['a list of log files', () => [{ Records: [record(one())] }, { Records: [record(one())] }]],
    [
      'the output of lookup-events',
      () => ({
        Events: [one(), one()].map((event) => ({ EventId: 'x', CloudTrailEvent: JSON.stringify(record(event)) })),
      }),
    ],
    ['a file with a byte order mark', () => `\uFEFF${JSON.stringify({ Records: [record(one()), record(one())] })}`],
    ['records without separators, as Firehose writes them', () => [one(), one()].map(json).join('')],
    [
      'records without separators, with blanks, braces and quotes in texts',
      () =>
        `\n ${[one(), one()].map((event) => JSON.stringify({ ...record(event), note: '}"{\\' }, null, 1)).join('\r\n')}\n`,
    ],
    [
      'records without separators in several gzip members',
      () => Buffer.concat([one(), one()].map((event) => gzipSync(json(event)))),
    ],
    ['an export of CloudWatch Logs', () => [one(), one()].map((event) => `${TIME} ${json(event)}\n`).join('')],
    [
      'a compressed export of CloudWatch Logs',
      () => gzipSync([one(), one()].map((event) => `${TIME} ${json(event)}\n`).join('')),
    ],
    ['an export of events', () => [one(), one()].map((event) => `${TIME} ${JSON.stringify(unique(event))}`).join('\n')],
    ['what a subscription filter sends', () => subscription([one(), one()])],
    [
      'what Firehose writes of a subscription filter, with a control message',
      () =>
        gzipSync([CONTROL, subscription([one()]), subscription([one()])].map((each) => JSON.stringify(each)).join('')),
    ],
    [
      'the output of aws logs filter-log-events',
      () => ({
        events: [one(), one()].map((event) => ({ timestamp: 1, message: json(event) })),
        searchedLogStreams: [],
      }),
    ],
    [
      'UTF-16, as Windows PowerShell writes it',
      () => Buffer.from(`\uFEFF${JSON.stringify([record(one()), record(one())])}`, 'utf16le'),
    ],
  ])('%s', async (_, content) => {
    const { document, notes, exitCode } = await replay(file('some.data', content()));
    expect(notes).toEqual([]);
    expect(exitCode).toBe(0);
    expect(document.triggers).toEqual({ launch: { events: 2, matched: 2 } });
    expect(document.decisions).toEqual({ remediate: 2 });
  });

  test('a single record', async () => {
    const { document } = await replay(file('one.json', record(one())));
    expect(document.decisions).toEqual({ remediate: 1 });
  });

  test('a repeated record once', async () => {
    const same = record(one());
    const { document } = await replay(file('a.json', { Records: [same, same] }), file('b.json', [same]));
    expect(document.decisions).toEqual({ remediate: 1 });
    expect(document).toMatchObject({ schema: 'imdsv2-enforcer.replay/v1', items: 3 });
  });

  test('an old record without recipient, as of the account of the caller', async () => {
    const before = { ...record(one()), recipientAccountId: undefined, eventType: undefined };
    const { document } = await replay(file('old.json', { Records: [before] }));
    expect(document.events[0]).toMatchObject({ matched: true, problems: [] });
  });

  test('an insight event, which is not a call', async () => {
    const { document } = await replay(
      file('insight.json', { Records: [{ ...record(one()), eventType: 'AwsCloudTrailInsight' }] }),
    );
    expect(document).toMatchObject({ items: 1, events: [] });
  });

  test('the output of describe-instances, as the scan would decide now', async () => {
    const described = (number: number, over: object = {}) => ({
      InstanceId: instanceId(number),
      State: { Code: 16, Name: 'running' },
      LaunchTime: '2026-03-01T08:00:00+00:00',
      Placement: { AvailabilityZone: 'us-west-2-lax-1a' },
      MetadataOptions: {
        State: 'applied',
        HttpTokens: 'optional',
        HttpEndpoint: 'enabled',
        HttpPutResponseHopLimit: 1,
      },
      ...over,
    });
    const output = {
      Reservations: [
        { OwnerId: '111122223333', Instances: [described(1)] },
        {
          Instances: [
            described(2, { MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled' } }),
            described(3, { Tags: [{ Key: 'imdsv2:exempt-until', Value: '2026-12-31' }] }),
            described(4, { Operator: { Managed: true } }),
            described(5, { MetadataOptions: 'none' }),
          ],
        },
      ],
    };
    const path = file('instances.json', output);
    const reported = await replay(path);
    expect(reported.document.decisions).toEqual({
      'needs-review: existing-instance': 1,
      'skip: compliant': 1,
      exempt: 1,
      'skip: aws-managed': 1,
      'needs-review: unreadable': 1,
    });
    expect(reported.document.events[0]).toMatchObject({ trigger: 'scan', region: 'us-west-2' });
    const { document } = await replay(path, '--existing', 'enforce');
    expect(document.decisions).toMatchObject({ remediate: 1 });
    const queried = await replay(file('query.json', [[described(6)], [described(7)]]));
    expect(queried.document.decisions).toEqual({ 'needs-review: existing-instance': 2 });
  });
});

const subscriptionOfText = () => ({ ...CONTROL, messageType: 'DATA_MESSAGE' });

describe('a directory', () => {
  const log = () => gzipSync(JSON.stringify({ Records: [record(launchEvent())] }));
  const root = 'AWSLogs/111122223333';

  test('is read recursively, without digests and other files', async () => {
    file(`${root}/CloudTrail/eu-west-1/2026/11/21/a.json.gz`, log());
    file(`${root}/CloudTrail/eu-west-1/2026/11/22/b.json.gz`, log());
    file(`${root}/CloudTrail/us-east-1/2026/11/22/c.json.gz`, log());
    file(`${root}/CloudTrail-Digest/eu-west-1/2026/11/22/d.json.gz`, gzipSync('{"logFiles":[]}'));
    file('README.md', 'notes');
    const { document, exitCode } = await replay(folder);
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ files: 3, decisions: { remediate: 3 }, problems: [] });
  });

  test('is read with the names of CloudWatch Logs and Firehose', async () => {
    file('exported/8b6a/eu-west-1/000000.gz', gzipSync(`${TIME} ${json(launchEvent())}\n`));
    file('exported/aws-logs-write-test', 'Permission Check Successful');
    const name = 'trail-1-2026-11-22-11-59-20-0a1b2c3d-1111-2222-3333-444455556666';
    file(`2026/11/22/11/${name}`, json(launchEvent()) + json(launchEvent()));
    file(`2026/11/22/12/${name}.gz`, gzipSync(json(launchEvent())));
    const { document, exitCode } = await replay(folder);
    expect([exitCode, document.files, document.decisions]).toEqual([0, 3, { remediate: 4 }]);
  });

  test('with unreadable files: prints their problems and reads the others', async () => {
    const unreadable = [
      [file('1.json', '{"Records":[{"eventName":"RunInst'), /is not JSON/],
      [file('2.json.gz', Buffer.from(log().subarray(0, 60))), /cannot be decompressed/],
      [file('3.json', ''), /is empty/],
      [file('4.json', ' \n'), /is empty/],
      [file('5.json', { Version: '2012-10-17' }), /1 of 1 record skipped: not a CloudTrail record/],
      [file('6.jsonl', `${JSON.stringify(unique(launchEvent()))}\n{"cut`), /line 2 is not JSON/],
      [file('9.json', `${json(launchEvent())}${json(launchEvent())}{"cut`), /line 1 is cut off after 2 records/],
      [file('10.json', subscriptionOfText()), /1 of 1 record skipped/],
      [file('7.json.gz', 'no gzip at all'), /is not JSON/],
      [file('8.json', { Records: [null, 7, 'x', [[[[[[[]]]]]]], record(launchEvent())] }), /4 of 5 records skipped/],
    ] as const;
    file('fine.json.gz', log());
    const { document, notes, exitCode } = await replay(folder, join(folder, 'missing.json'));

    expect(exitCode).toBe(1);
    expect(document.decisions).toEqual({ remediate: 5 });
    expect(document.files).toBe(12);
    const problemsByFile = new Map(document.problems.map(({ file: path, problems }) => [path, problems.join()]));
    for (const [path, problem] of unreadable) expect(problemsByFile.get(path)).toMatch(problem);
    expect(problemsByFile.get(join(folder, 'missing.json'))).toBe('does not exist');
    expect(problemsByFile.size).toBe(11);
    expect(notes.filter((note) => note.startsWith(`imdsv2: ${folder}`))).toHaveLength(11);
  });

  test('without files is a problem, an empty log file is not', async () => {
    expect(await replay(file('empty.json', { Records: [] }))).toMatchObject({ exitCode: 0, document: { items: 0 } });
    mkdirSync(join(folder, 'nothing'));
    const { exitCode, notes } = await replay(join(folder, 'nothing'));
    expect(exitCode).toBe(1);
    expect(notes.join()).toMatch(/has no file with a name of records: \.json/);
  });

  const asUser = process.getuid?.() === 0 ? test.skip : test;
  asUser('with a file without read permission', async () => {
    const path = file('secret.json', log());
    chmodSync(path, 0);
    expect((await replay(path)).notes).toEqual([`imdsv2: ${path}: cannot be read: permission denied`]);
  });
});
