import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INSTANCE, instanceId, LAUNCHED, REGION } from '../support/builders.ts';
import { imdsv2 } from '../support/cli.ts';
import {
  type BusEvent,
  createTagsEvent,
  deleteTagsEvent,
  driftEvent,
  failedLaunchEvent,
  largeLaunchEvent,
  launchEvent,
  runningEvent,
} from '../support/events.ts';
import { record, replay, type Replayed, unique } from '../support/replay.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** Replays one EventBridge event. */
async function replayed(event: BusEvent, ...args: readonly string[]): Promise<Replayed> {
  const { document } = await replay(file('event.json', unique(event)), ...args);
  const [first] = document.events;
  if (first === undefined) throw new Error('the event was not replayed');
  return first;
}

describe('decides on', () => {
  test.each<readonly [string, BusEvent, readonly [trigger: string, decision: unknown, assumptions: readonly string[]]]>(
    [
      ['a launch with IMDSv1', launchEvent(), ['launch', { kind: 'remediate' }, []]],
      [
        'a launch without metadata options in the record',
        launchEvent({ items: [{}] }),
        ['launch', { kind: 'remediate' }, ['HttpTokens is optional', 'IMDS is enabled']],
      ],
      [
        'a launch with IMDS disabled',
        launchEvent({ items: [{ httpTokens: 'optional', httpEndpoint: 'disabled' }] }),
        ['launch', { kind: 'skip', reason: 'endpoint-disabled' }, []],
      ],
      [
        'a launch with an exemption tag',
        launchEvent({ items: [{ httpTokens: 'optional', tags: { 'imdsv2:exempt-until': '2026-12-01' } }] }),
        ['launch', { kind: 'exempt', until: '2026-12-01', selfGranted: true }, []],
      ],
      [
        'a launch with an exemption that had expired at the time of the event',
        launchEvent({ items: [{ httpTokens: 'optional', tags: { 'imdsv2:exempt-until': '2026-11-21' } }] }),
        ['launch', { kind: 'remediate' }, []],
      ],
      ['drift', driftEvent(), ['drift', { kind: 'remediate' }, ['it is not exempt']]],
      [
        'IMDS enabled without HttpTokens in the request',
        driftEvent({ request: { HttpEndpoint: 'enabled' } }),
        ['drift', { kind: 'remediate' }, ['HttpTokens is optional', 'it is not exempt']],
      ],
      ['a grant', createTagsEvent(), ['grant', { kind: 'exempt', until: '2026-12-31', selfGranted: true }, []]],
      [
        'a grant that is not a date',
        createTagsEvent({ tags: [{ key: 'imdsv2:exempt-until', value: 'soon' }] }),
        ['grant', { kind: 'needs-review', problem: 'exemption-malformed', value: 'soon' }, []],
      ],
      ['a revoke', deleteTagsEvent(), ['revoke', { kind: 'remediate' }, ['HttpTokens is optional', 'IMDS is enabled']]],
      [
        'a start',
        runningEvent(),
        [
          'running',
          { kind: 'remediate' },
          ['HttpTokens is optional', 'IMDS is enabled', 'it is not exempt', 'this is its first start'],
        ],
      ],
    ],
  )('%s', async (_, event, [trigger, decision, assumptions]) => {
    const { matched, instances, at, region, ...rest } = await replayed(event);
    expect(rest).toMatchObject({ trigger, instancesToFind: 0, problems: [] });
    expect(matched).toBe(true);
    expect([at, region]).toEqual([LAUNCHED.toISOString(), REGION]);
    expect(instances).toEqual([expect.objectContaining({ instanceId: INSTANCE, decision, assumptions })]);
  });

  test.each<readonly [string, BusEvent]>([
    ['a launch with IMDSv2 required', launchEvent({ items: [{ httpTokens: 'required' }] })],
    ['a launch that failed', failedLaunchEvent()],
    ['a change of the hop limit', driftEvent({ request: { HttpPutResponseHopLimit: 2 } })],
    ['the change of this product', driftEvent({ request: { HttpTokens: 'required', HttpEndpoint: 'enabled' } })],
    ['another tag', createTagsEvent({ tags: [{ key: 'Name', value: 'web' }] })],
    ['another state', runningEvent({ state: 'stopped' })],
  ])('nothing for %s, because no rule matches', async (_, event) => {
    const { matched, instances, problems } = await replayed(event);
    expect(matched).toBe(false);
    expect(instances.every(({ decision }) => decision === undefined)).toBe(true);
    expect(problems).toEqual([]);
  });

  test('a launch without instance ids: counts the instances that the function searches for', async () => {
    expect(await replayed(largeLaunchEvent(60))).toMatchObject({ matched: true, instances: [], instancesToFind: 60 });
  });

  test('the settings of the options', async () => {
    const [instance] = (await replayed(runningEvent(), '--existing', 'enforce')).instances;
    expect(instance?.assumptions).not.toContain('this is its first start');
    const grant = await replayed(createTagsEvent(), '--max-exemption-days', '7');
    expect(grant.instances[0]?.decision).toMatchObject({ kind: 'needs-review', problem: 'exemption-exceeds-maximum' });
  });
});

describe('prints', () => {
  test('a row for each instance of an event that a rule matches, and totals', async () => {
    const path = file('log.json', {
      Records: [
        record(
          launchEvent({ items: [{ httpTokens: 'optional' }, { instanceId: instanceId(2), httpTokens: 'required' }] }),
        ),
        record(launchEvent({ items: [{ httpTokens: 'required' }] })),
        record(largeLaunchEvent(60)),
      ],
    });
    const { out } = await imdsv2(['replay', path]);
    const text = out.join('\n');
    expect(text).toMatch(/^when +region +trigger +instance +recorded +decision$/m);
    expect(text).toMatch(
      /^2026-11-22T11:59:20Z +eu-west-1 +launch +i-0a1b2c3d4e5f60718 +HttpTokens optional, HttpEndpoint enabled +remediate$/m,
    );
    expect(text).toMatch(/HttpTokens required, HttpEndpoint enabled +skip: compliant/);
    expect(text).toMatch(/ids omitted: record too large +searches for at least 60 instances, then decides/);
    expect(text).not.toContain('none, no rule matches');
    expect(text).toContain('  launch   3 events, 2 matched by a rule');
    expect(text).toContain('  remediate: 1 instance');
  });

  test('all events with --all', async () => {
    const path = file('log.json', [
      record(launchEvent({ items: [{ httpTokens: 'required' }] })),
      record(failedLaunchEvent()),
    ]);
    const { out } = await imdsv2(['replay', path, '--all']);
    expect(out.slice(1, 3).map((line) => line.split(/ {2,}/).at(-1))).toEqual([
      'none, no rule matches: every instance was launched with IMDSv2 required',
      'none, no rule matches: the call failed',
    ]);
  });

  test('why nothing would have been decided, by counted reasons', async () => {
    const other = (eventName: string) => ({ ...record(launchEvent()), eventName });
    const records = [
      record(launchEvent({ items: [{ httpTokens: 'required' }] })),
      record(launchEvent({ items: [{ httpTokens: 'required' }] })),
      record(failedLaunchEvent()),
      record(driftEvent({ request: { HttpTokens: 'required', HttpEndpoint: 'enabled' } })),
      record(createTagsEvent({ tags: [{ key: 'Name', value: 'web' }] })),
      record(deleteTagsEvent({ tags: [{ key: 'Name', value: 'web' }] })),
      ...['DescribeInstances', 'AssumeRole', 'DescribeInstances', 'A', 'B', 'C', 'D'].map(other),
    ];
    const path = file('log.json', [...records, unique(runningEvent({ state: 'stopped' }))]);
    const { out, exitCode } = await imdsv2(['replay', path]);
    expect(exitCode).toBe(0);
    expect(
      out.slice(out.indexOf('Nothing would have been decided, because no rule matches any of the events:')),
    ).toEqual([
      'Nothing would have been decided, because no rule matches any of the events:',
      '  no rule matches: 2 events (launch: every instance was launched with IMDSv2 required)',
      '  no rule matches: 1 event (launch: the call failed)',
      '  no rule matches: 1 event (drift: the call did not enable IMDSv1)',
      '  no rule matches: 1 event (grant: another tag than imdsv2:exempt-until was set)',
      '  no rule matches: 1 event (revoke: another tag than imdsv2:exempt-until was removed)',
      '  no rule matches: 1 event (running: another state than running)',
      '  other events, which no rule is about: 7 (DescribeInstances 2, AssumeRole 1, A 1, B 1, C 1, and 1 more kind)',
    ]);
    expect((await replay(path)).document).toMatchObject({
      unmatched: { 'launch: the call failed': 1 },
      otherEvents: { DescribeInstances: 2, AssumeRole: 1 },
    });
  });

  test.each([
    ['the files have no event and no instance', { Records: [] }],
    ['no rule matches any of the events', [{ ...record(launchEvent()), eventName: 'DescribeInstances' }]],
  ])('that nothing would have been decided: %s', async (why, content) => {
    expect((await imdsv2(['replay', file('log.json', content)])).out.join('\n')).toMatch(
      new RegExp(`^Nothing would have been decided.*${why}`, 'm'),
    );
  });

  test('nothing of the kind if something is decided', async () => {
    const { out } = await imdsv2(['replay', file('log.json', [record(launchEvent()), record(failedLaunchEvent())])]);
    expect(out.join('\n')).not.toContain('Nothing would');
    expect(out.join('\n')).toContain('no rule matches: 1 event (launch: the call failed)');
  });

  test('untrusted text on its line', async () => {
    const tags = [{ key: 'imdsv2:exempt-until', value: 'x\n\u001b[2Jy\u202e' }];
    const { out } = await imdsv2(['replay', file('log.json', record(createTagsEvent({ tags })))]);
    expect(out.join('\n')).toContain('exempt until "x [2Jy"');
    for (const hidden of ['\u001b', '\u202e']) expect(out.join('')).not.toContain(hidden);
  });

  test('an error without files', async () => {
    const { notes, exitCode } = await imdsv2(['replay']);
    expect(exitCode).toBe(1);
    expect(notes.join()).toMatch(/missing required argument/);
  });
});
