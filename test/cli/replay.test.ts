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

/** Replays one event as it comes from the bus. */
async function replayed(event: BusEvent, ...args: readonly string[]): Promise<Replayed> {
  const { document } = await replay(file('event.json', unique(event)), ...args);
  const [only] = document.events;
  if (only === undefined) throw new Error('nothing was replayed');
  return only;
}

describe('what would have happened', () => {
  test.each<readonly [string, BusEvent, readonly [trigger: string, decision: unknown, provided: readonly string[]]]>([
    ['a launch with IMDSv1', launchEvent(), ['launch', { kind: 'remediate' }, []]],
    [
      'a launch whose record is of the time before metadata options',
      launchEvent({ items: [{}] }),
      ['launch', { kind: 'remediate' }, ['tokens are optional', 'IMDS is on']],
    ],
    [
      'a launch with IMDS off',
      launchEvent({ items: [{ httpTokens: 'optional', httpEndpoint: 'disabled' }] }),
      ['launch', { kind: 'skip', reason: 'endpoint-disabled' }, []],
    ],
    [
      'a launch that brings its own exemption',
      launchEvent({ items: [{ httpTokens: 'optional', tags: { 'imdsv2:exempt-until': '2026-12-01' } }] }),
      ['launch', { kind: 'exempt', until: '2026-12-01', selfGranted: true }, []],
    ],
    [
      'a launch with an exemption that ended the day before, whatever day it is now',
      launchEvent({ items: [{ httpTokens: 'optional', tags: { 'imdsv2:exempt-until': '2026-11-21' } }] }),
      ['launch', { kind: 'remediate' }, []],
    ],
    ['a set-back', driftEvent(), ['drift', { kind: 'remediate' }, ['no exemption covers it']]],
    [
      'IMDS switched on, tokens not stated',
      driftEvent({ request: { HttpEndpoint: 'enabled' } }),
      ['drift', { kind: 'remediate' }, ['tokens are optional', 'no exemption covers it']],
    ],
    ['a grant', createTagsEvent(), ['grant', { kind: 'exempt', until: '2026-12-31', selfGranted: true }, []]],
    [
      'a grant that is no date',
      createTagsEvent({ tags: [{ key: 'imdsv2:exempt-until', value: 'soon' }] }),
      ['grant', { kind: 'needs-review', problem: 'exemption-malformed', value: 'soon' }, []],
    ],
    ['a revoke', deleteTagsEvent(), ['revoke', { kind: 'remediate' }, ['tokens are optional', 'IMDS is on']]],
    [
      'a start',
      runningEvent(),
      [
        'running',
        { kind: 'remediate' },
        ['tokens are optional', 'IMDS is on', 'no exemption covers it', 'it starts for the first time'],
      ],
    ],
  ])('%s', async (_, event, [trigger, decision, provided]) => {
    const { matched, instances, at, region, ...rest } = await replayed(event);
    expect(rest).toMatchObject({ trigger, toFind: 0, problems: [] });
    expect(matched).toBe(true);
    expect([at, region]).toEqual([LAUNCHED.toISOString(), REGION]);
    expect(instances).toEqual([expect.objectContaining({ instanceId: INSTANCE, decision, provided })]);
  });

  test.each<readonly [string, BusEvent]>([
    ['a launch with tokens required', launchEvent({ items: [{ httpTokens: 'required' }] })],
    ['a launch that failed', failedLaunchEvent()],
    ['a new hop limit', driftEvent({ request: { HttpPutResponseHopLimit: 2 } })],
    ['our own change', driftEvent({ request: { HttpTokens: 'required', HttpEndpoint: 'enabled' } })],
    ['another tag', createTagsEvent({ tags: [{ key: 'Name', value: 'web' }] })],
    ['another state', runningEvent({ state: 'stopped' })],
  ])('%s: no rule matches, and nothing is decided', async (_, event) => {
    const { matched, instances, problems } = await replayed(event);
    expect(matched).toBe(false);
    expect(instances.every(({ decision }) => decision === undefined)).toBe(true);
    expect(problems).toEqual([]);
  });

  test('a launch too large for CloudTrail: the function would have looked for the instances', async () => {
    expect(await replayed(largeLaunchEvent(60))).toMatchObject({ matched: true, instances: [], toFind: 60 });
  });

  test('the settings of the deployment are options', async () => {
    const [instance] = (await replayed(runningEvent(), '--existing', 'enforce')).instances;
    expect(instance?.provided).not.toContain('it starts for the first time');
    const held = await replayed(createTagsEvent(), '--max-exemption-days', '7');
    expect(held.instances[0]?.decision).toMatchObject({ kind: 'needs-review', problem: 'exemption-exceeds-maximum' });
  });
});

describe('what people see', () => {
  test('a row for each instance that would have been looked at, and the totals', async () => {
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
    expect(text).toMatch(/^when +region +trigger +instance +the record says +what would have happened$/m);
    expect(text).toMatch(
      /^2026-11-22T11:59:20Z +eu-west-1 +launch +i-0a1b2c3d4e5f60718 +tokens optional, IMDS enabled +require tokens$/m,
    );
    expect(text).toMatch(/tokens required, IMDS enabled +leave alone: compliant/);
    expect(text).toMatch(/at least 60 would be looked for, and closed if open/);
    expect(text).not.toContain('no rule matches');
    expect(text).toContain('  launch   3, of which 2 would have been looked at');
    expect(text).toContain('  require tokens: 1 instance');
  });

  test('--all shows the others too', async () => {
    const path = file('log.json', [
      record(launchEvent({ items: [{ httpTokens: 'required' }] })),
      record(failedLaunchEvent()),
    ]);
    const { out } = await imdsv2(['replay', path, '--all']);
    expect(out.filter((line) => line.endsWith('nothing: no rule matches'))).toHaveLength(2);
  });

  test('what strangers wrote stays on its line', async () => {
    const tags = [{ key: 'imdsv2:exempt-until', value: 'x\n\u001b[2Jy\u202e' }];
    const { out } = await imdsv2(['replay', file('log.json', record(createTagsEvent({ tags })))]);
    expect(out.join('\n')).toContain('exempt until "x [2Jy"');
    for (const hidden of ['\u001b', '\u202e']) expect(out.join('')).not.toContain(hidden);
  });

  test('no file: says what is missing', async () => {
    const { notes, exitCode } = await imdsv2(['replay']);
    expect(exitCode).toBe(1);
    expect(notes.join()).toMatch(/missing required argument/);
  });
});
